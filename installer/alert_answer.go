package installer

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/installer/desired"
)

// refusal is what Alertmanager logged about a failure of a receiver since the alert was sent.
func (x *tester) refusal(ctx context.Context, receiver, integration string) (string, error) {
	ctx, cancel := brief(ctx)
	defer cancel()
	res, err := x.conn.Run(ctx, fleet.Cmd{Script: "journalctl " + fleet.QuoteAll("--no-pager", "-q", "-o", "cat", "-u", x.unit, x.since)})
	if err != nil {
		return "", err
	}
	return refusalIn(res.Stdout, receiver, integration, x.alert.Labels["instance"]), nil
}

var logError = regexp.MustCompile(`\berr="((?:[^"\\]|\\.)*)"`)

// refusalIn finds the first failure of an integration of a receiver in Alertmanager's log, in the forms of 0.25 (go-kit) and
// since 0.28 (slog). Later versions name the group of the alerts, in which the instance is; a failure of another group
// is not of this alert.
func refusalIn(log, receiver, integration, instance string) string {
	for line := range strings.Lines(log) {
		m := logError.FindStringSubmatch(line)
		if m == nil || !strings.Contains(line, "Notify") || strings.Contains(line, "aggrGroup=") && !strings.Contains(line, instance) {
			continue
		}
		text, err := strconv.Unquote(`"` + m[1] + `"`)
		if err != nil {
			text = m[1]
		}
		mine := strings.HasPrefix(text, receiver+"/"+integration+"[") ||
			(strings.Contains(line, "receiver="+receiver+" ") || strings.Contains(line, "receiver="+strconv.Quote(receiver)+" ")) && strings.Contains(line, "integration="+integration+"[")
		if mine {
			return text
		}
	}
	return ""
}

var statusCode = regexp.MustCompile(`unexpected status code (\d{3})(?:: ?)?`)

func statusIn(refusal string) int {
	if m := statusCode.FindStringSubmatch(refusal); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return 0
}

var secretURL = regexp.MustCompile(`https?://[^\s"]+`)

// saidIn is the receiver's answer alone, or the reason why there is none; an address in it may be a secret.
func saidIn(refusal string) string {
	if at := statusCode.FindStringIndex(refusal); at != nil {
		return strings.TrimSpace(refusal[at[1]:])
	}
	if _, after, ok := strings.Cut(refusal, "attempts: "); ok {
		refusal = after
	}
	return secretURL.ReplaceAllString(strings.TrimSpace(refusal), "<address>")
}

// proof is the result as a part of a verification.
func (r AlertResult) proof(i desired.Instance) Proof {
	p := Proof{Kind: ProofAlert, What: fmt.Sprintf("a test alert through Alertmanager on %s arrives", r.Host), Unit: i.Unit(), Err: r.Err}
	if errors.Is(r.Err, ErrNotAccepted) && len(r.Answers) > 0 {
		var said []string
		for _, a := range r.Answers {
			if !a.Accepted {
				said = append(said, a.String())
			}
		}
		p.Err = fmt.Errorf("%w: %s", ErrNotAccepted, strings.Join(said, "; "))
	}
	return p
}

// String is the answer in a few words: "slack (slack): 404 no_service".
func (a Answer) String() string {
	name := a.Receiver
	if a.Integration != "" {
		name += " (" + a.Integration + ")"
	}
	if a.Status != 0 {
		return fmt.Sprintf("%s: %d %s", name, a.Status, a.Said)
	}
	return name + ": " + a.Said
}
