package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/config"
)

// NotDone is all that a full Prometheus does and this monitor does not. A configuration that needs some of it is refused
// with its line; the rest are flags and paths that do not exist here.
var NotDone = []string{
	"discovery other than static, file, http and dns (no cloud, Kubernetes, Consul, ... *_sd_configs)",
	"tracing of itself (tracing)",
	"receiving OTLP (otlp, /api/v1/otlp)",
	"agent mode, feature flags, CORS, the search API and openapi.yaml",
}

const (
	noDiscovery = 0
	noTracing   = 1
	noOTLP      = 2
)

// ConfigError is a configuration that cannot be used: a line for each thing wrong, beginning with file:line where the
// place is known.
type ConfigError struct{ Lines []string }

func (e *ConfigError) Error() string { return strings.Join(e.Lines, "\n") }

var (
	lineOf  = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
	noField = regexp.MustCompile(`^field (\S+) not found in type .*$`)
	quoted  = regexp.MustCompile(`"([^"]+)"`)
)

// explain turns the errors of the YAML library and of upstream's checks into lines with places.
func explain(file string, text []byte, err error) *ConfigError {
	wrong := &ConfigError{}
	var list interface{ Unwrap() []error }
	if errors.As(err, &list) {
		for _, e := range list.Unwrap() {
			wrong.Lines = append(wrong.Lines, explain(file, text, e).Lines...)
		}
		return wrong
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line == "yaml: unmarshal errors:" {
			continue
		}
		wrong.Lines = append(wrong.Lines, placed(file, text, line))
	}
	return wrong
}

// placed puts file:line before a message.
func placed(file string, text []byte, message string) string {
	if m := lineOf.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%s:%s: %s", file, m[1], plain(m[2]))
	}
	message = strings.TrimPrefix(message, "yaml: ")
	if n := mention(text, message); n > 0 {
		return fmt.Sprintf("%s:%d: %s", file, n, message)
	}
	return file + ": " + message
}

// mention is the last line that holds what the message quotes, 0 when none does. Upstream's own checks (a job name twice,
// a bad label name) know no lines; the offender is usually the later one.
func mention(text []byte, message string) int {
	for _, m := range quoted.FindAllStringSubmatch(message, -1) {
		if i := bytes.LastIndex(text, []byte(m[1])); i >= 0 {
			return 1 + bytes.Count(text[:i], []byte("\n"))
		}
	}
	return 0
}

// plain drops the Go type from a message on an unknown field, and says when the field is one that is not done.
func plain(message string) string {
	m := noField.FindStringSubmatch(message)
	if m == nil {
		return message
	}
	if strings.HasSuffix(m[1], "_sd_configs") {
		return m[1] + ": the bundled monitor does not do this: " + NotDone[noDiscovery]
	}
	return "there is no field " + strconv.Quote(m[1]) + " here"
}

// refuse finds what a valid configuration asks for and this monitor does not do.
func refuse(file string, text []byte, c *config.Config) error {
	wrong := &ConfigError{}
	top := func(field string) {
		what := map[string]int{"tracing": noTracing, "otlp": noOTLP}[field]
		line := 1
		if at := regexp.MustCompile(`(?m)^` + field + `:`).FindIndex(text); at != nil {
			line += bytes.Count(text[:at[0]], []byte("\n"))
		}
		wrong.Lines = append(wrong.Lines, fmt.Sprintf("%s:%d: %s: the bundled monitor does not do this: %s", file, line, field, NotDone[what]))
	}
	if c.TracingConfig.Endpoint != "" {
		top("tracing")
	}
	if regexp.MustCompile(`(?m)^otlp:`).Match(text) {
		top("otlp")
	}
	if len(wrong.Lines) > 0 {
		return wrong
	}
	return nil
}
