package ui

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
)

// HostError is an error of one host. Address helps to see that two hosts have the same error.
type HostError struct {
	Host, Address string
	Err           error
	Journal       string // the last words of the failing unit; "" when there are none
}

// errorRecord is an error as --json gives it.
type errorRecord struct {
	Hosts   []string `json:"hosts,omitempty"`
	Kind    string   `json:"kind"` // failed, usage, refused
	Message string   `json:"message"`
	Remedy  string   `json:"remedy,omitempty"`
}

// Error prints an error that concerns no host in particular; joined errors one by one.
func (u *UI) Error(err error) {
	for _, e := range split(err) {
		u.printError(&cause{err: e, message: e.Error()})
	}
}

// Errors prints the errors of hosts, grouped by cause.
func (u *UI) Errors(errs []HostError) {
	for _, g := range group(errs) {
		u.printError(g)
	}
}

func (u *UI) printError(c *cause) {
	remedy := fault.Remedy(c.err)
	u.Emit("error", errorRecord{Hosts: c.hosts, Kind: kindWord(c.err), Message: c.message, Remedy: remedy})
	first, rest, _ := strings.Cut(strings.TrimRight(c.message, "\n"), "\n")
	var b strings.Builder
	b.WriteString(u.errPaint.bold(u.errPaint.red("error:")) + " " + u.wrap(first, "  "))
	if rest != "" {
		b.WriteString("\n" + indent(rest, "  "))
	}
	if len(c.hosts) > 1 {
		b.WriteString("\n  the same on " + Names(c.hosts[1:]))
	}
	if c.journal != "" {
		b.WriteString("\n" + u.errPaint.dim(indent(lastWords(c.journal, u.Verbose), "  │ ")))
	}
	if remedy != "" {
		b.WriteString("\n  " + u.errPaint.cyan("→") + " " + u.wrap(remedy, "    "))
	}
	u.Say("%s", b.String())
}

func kindWord(err error) string {
	switch fault.KindOf(err) {
	case fault.Usage:
		return "usage"
	case fault.Refused:
		return "refused"
	}
	return "failed"
}

// split takes joined errors apart, so that each is printed with its own remedy. A remedy around the whole stays with
// every part that has none.
func split(err error) []error {
	outer := err
	for {
		if joined, ok := err.(interface{ Unwrap() []error }); ok && isJoin(err) {
			var parts []error
			for _, e := range joined.Unwrap() {
				for _, part := range split(e) {
					parts = append(parts, inherit(outer, part))
				}
			}
			return parts
		}
		f, ok := err.(*fault.Error)
		if !ok {
			return []error{outer}
		}
		err = f.Cause
	}
}

// isJoin tells errors.Join from fmt.Errorf with several %w, which is one sentence.
func isJoin(err error) bool { return fmt.Sprintf("%T", err) == "*errors.joinError" }

func inherit(outer, part error) error {
	f, ok := outer.(*fault.Error)
	if !ok {
		return part
	}
	if remedy := fault.Remedy(part); remedy != "" {
		return &fault.Error{Cause: part, Kind: f.Kind, Remedy: remedy}
	}
	return &fault.Error{Cause: part, Kind: f.Kind, Remedy: f.Remedy}
}

// cause is the same error of some hosts.
type cause struct {
	key     string
	err     error
	message string // of the first host
	journal string // of the first host that has one
	hosts   []string
}

// group joins errors that differ only in the host's name and address.
func group(errs []HostError) []*cause {
	var causes []*cause
	index := map[string]*cause{}
	for _, he := range errs {
		for _, err := range split(he.Err) {
			message := err.Error()
			key := message + "\x00" + fault.Remedy(err)
			for _, word := range []string{he.Address, he.Host} {
				if word != "" {
					key = regexp.MustCompile(`\b`+regexp.QuoteMeta(word)+`\b`).ReplaceAllLiteralString(key, "\x01")
				}
			}
			c := index[key]
			if c == nil {
				c = &cause{key: key, err: err, message: message}
				index[key] = c
				causes = append(causes, c)
			}
			if c.journal == "" {
				c.journal = he.Journal
			}
			c.hosts = append(c.hosts, he.Host)
		}
	}
	return causes
}

// Names joins host names for a sentence: all of up to eight, else the first six and a count.
func Names(hosts []string) string {
	if len(hosts) <= 8 {
		return strings.Join(hosts, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(hosts[:6], ", "), len(hosts)-6)
}

func indent(s, by string) string {
	return by + strings.ReplaceAll(s, "\n", "\n"+by)
}
