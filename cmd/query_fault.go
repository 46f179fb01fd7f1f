package cmd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/monctl/monctl/fleet/fault"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

// fault tells what the person can do about an answer, or about none.
func (a source) fault(expr string, err error) error {
	var refused *promv1.Error
	if errors.As(err, &refused) {
		return a.refused(expr, refused)
	}
	var request *url.Error
	if errors.As(err, &request) { // whose text repeats the address of the API
		err = request.Err
	}
	at := fmt.Errorf("%s: %w", a.place, err)
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fault.With(fmt.Errorf("%s: no answer in time", a.place), "Ask for less: fewer series, a shorter range, a larger --step; or wait longer with --timeout.")
	case errors.As(err, &certificate):
		return fault.With(at, "Name it as its certificate does, and let SSL_CERT_FILE name the file of the authority that signed it.")
	case errors.Is(err, http.ErrSchemeMismatch):
		return fault.With(at, "It does not speak TLS: try http:// instead of https://.")
	}
	return fault.With(at, "%s", a.remedy)
}

// refused is an answer that is an error, or none that a Prometheus gives.
func (a source) refused(expr string, err *promv1.Error) error {
	failure := errors.New(err.Msg)
	switch err.Type {
	case promv1.ErrBadData:
		return fault.Misuse(mistake(expr, err.Msg), "")
	case promv1.ErrTimeout, promv1.ErrCanceled:
		return fault.With(failure, "Ask for less: fewer series, a shorter range, a larger --step.")
	case promv1.ErrBadResponse:
		return fault.With(fmt.Errorf("%s: this is no answer of a Prometheus%s", a.place, excerpt(err.Msg)),
			"Another program may listen there, or it may be https://, or below a path: --url http://HOST:PORT/PATH.")
	case promv1.ErrClient:
		return fault.With(fmt.Errorf("%s: %w", a.place, failure), "401 and 403 want a user: --url https://USER:PASSWORD@HOST; with 404 there is no Prometheus at this address.")
	case promv1.ErrServer:
		return fault.With(fmt.Errorf("%s: %w%s", a.place, failure, ownWords(err.Detail)), "A Prometheus that just started reads its data first, and a proxy has no Prometheus behind it: %s", a.remedy)
	}
	return failure
}

// answered is how the client's JSON library quotes what it could not read.
var answered = regexp.MustCompile(`bigger context \.\.\.\|(.*)\|\.\.\.`)

// excerpt is the beginning of what was answered, in parentheses.
func excerpt(message string) string {
	m := answered.FindStringSubmatch(message)
	if m == nil || strings.TrimSpace(m[1]) == "" {
		return ""
	}
	return " (" + strings.TrimSpace(m[1]) + ")"
}

// ownWords is what a server says of its failure, if it is short and no page.
func ownWords(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if line == "" || len(line) > 200 || strings.HasPrefix(line, "<") {
		return ""
	}
	return ": " + line
}

// position is how Prometheus names the place of a mistake: line and column, in bytes, from 1.
var position = regexp.MustCompile(`^(?:invalid parameter "query": )?(\d+):(\d+): (parse error: (?s:.*))$`)

// mistake shows the place of a mistake in an expression, below its line.
func mistake(expr, message string) error {
	m := position.FindStringSubmatch(message)
	if m == nil {
		return errors.New(message)
	}
	line, _ := strconv.Atoi(m[1]) // the pattern has digits only; what is too large is no line
	column, _ := strconv.Atoi(m[2])
	lines := strings.Split(expr, "\n")
	if line < 1 || line > len(lines) || column < 1 || column > len(lines[line-1])+1 {
		return errors.New(message)
	}
	text, before := around(lines[line-1], column-1)
	return fmt.Errorf("%s:%s: %s\n%s\n%s^", m[1], m[2], m[3], text, strings.Repeat(" ", before))
}

// around is the part of a line that a narrow terminal shows, with the place at some byte in it, and the number of characters before that.
func around(line string, at int) (text string, before int) {
	const margin = 30
	head, tail := []rune(line[:at]), []rune(line[at:])
	if len(head) > margin {
		head = append([]rune("…"), head[len(head)-margin:]...)
	}
	if len(tail) > margin {
		tail = append(tail[:margin:margin], '…')
	}
	clean := func(r rune) rune {
		if r == utf8.RuneError || r < ' ' {
			return ' '
		}
		return r
	}
	return strings.Map(clean, string(head)+string(tail)), len(head)
}
