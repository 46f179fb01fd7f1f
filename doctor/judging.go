package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// perHost makes a Judge of one that looks at a single host, and puts check and host into what it finds.
func perHost(id string, judge func(Host) []Finding) func(Fleet) []Finding {
	return func(f Fleet) []Finding {
		var all []Finding
		for _, h := range f.Hosts {
			for _, found := range judge(h) {
				found.Check, found.Host = id, h.Name
				all = append(all, found)
			}
		}
		return all
	}
}

// perComponent makes a Judge of one that looks at a single running component of some kinds. One that does not run is the
// business of the family install.
func perComponent(id string, kinds []string, judge func(Host, Component) []Finding) func(Fleet) []Finding {
	return perHost(id, func(h Host) []Finding {
		var all []Finding
		for _, c := range h.Of(kinds...) {
			if !c.Running {
				continue
			}
			for _, found := range judge(h, c) {
				found.Component = c.Name
				all = append(all, found)
			}
		}
		return all
	})
}

// one is a list of one finding.
func one(level Level, title, cause, fix string, evidence ...Evidence) []Finding {
	return []Finding{{Level: level, Title: title, Cause: cause, Fix: fix, Evidence: evidence}}
}

// unsure is a list of one unknown.
func unsure(title, why string) []Finding {
	return []Finding{{Level: Unknown, Title: title, Cause: why}}
}

// said is what a unit wrote into the journal that matches a pattern.
type said struct {
	times int
	last  Entry
	first Entry
}

// runSince is when the present run of a unit began, since boot; 0 when that is not known. While a unit that falls over again
// and again has just been started, the run before counts, too: this one has not come to its error yet.
func (h Host) runSince(unit string) time.Duration {
	u, _ := h.Unit(unit)
	us, err := strconv.ParseInt(u.Get("ExecMainStartTimestampMonotonic"), 10, 64)
	if err != nil {
		return 0
	}
	start := time.Duration(us) * time.Microsecond
	const young, before = time.Minute, 20 * time.Second
	waits := u.Get("SubState") == "auto-restart" || u.Get("ActiveState") == "failed"
	if n := u.Get("NRestarts"); n != "" && n != "0" && !waits && h.Facts.Clock.Uptime-start < young {
		start -= before
	}
	return start
}

// heard gives what a unit said of something since its last start and within the last while, by the clock since boot,
// which no step touches. Units without a start time are searched in the last while alone.
func (h Host) heard(unit string, within time.Duration, what *regexp.Regexp) said {
	var s said
	start := h.runSince(unit)
	for _, e := range h.Journal {
		recent := h.Facts.Clock.Uptime == 0 || h.Facts.Clock.Uptime-e.Monotonic <= within
		if e.Unit != unit || unit == "" || e.Monotonic < start || !recent || !what.MatchString(e.Text) {
			continue
		}
		if s.times == 0 {
			s.first = e
		}
		s.last = e
		s.times++
	}
	return s
}

// evidence shows what was said last, cut to a line, and how often.
func (s said) evidence(unit string) []Evidence {
	return []Evidence{Says("journal of "+unit, masked(s.last.Text)), Number("times", float64(s.times), "1")}
}

// webhook finds addresses, and longWord what may be a token in one.
var (
	webhook  = regexp.MustCompile(`(https?://[^\s/"\\]+/)([^\s"\\]+)`)
	longWord = regexp.MustCompile(`[A-Za-z0-9_-]{16,}`)
)

// masked makes a line of a journal fit to be shown: no longer than a few lines, without passwords in addresses and without the
// path of a webhook, which is its password.
func masked(text string) string {
	text = webhook.ReplaceAllStringFunc(secretURL.ReplaceAllString(text, "$1***$3"), func(address string) string {
		m := webhook.FindStringSubmatch(address)
		if strings.Contains(m[1], "//hooks.") || strings.Contains(m[2], "webhook") || strings.Contains(m[2], "token") || longWord.MatchString(m[2]) {
			return m[1] + "***"
		}
		return address
	})
	return shortened(text, 300)
}

// deaf says why the journal tells nothing about a component; nil when it does. A journal that cannot be read at all is the runner's business.
func deaf(c Component) []Finding {
	if c.Unit == "" {
		return unsure("its log could not be read", "it was not started by systemd, so its log is not in the journal")
	}
	return nil
}

// hearing makes a Judge of a pattern that a component's journal holds when something is wrong. The message counts when it
// came within the last while and since the last start.
func hearing(id string, kinds []string, within time.Duration, what *regexp.Regexp, found Finding) func(Fleet) []Finding {
	return perHost(id, func(h Host) []Finding {
		var all []Finding
		for _, c := range h.Of(kinds...) {
			list := deaf(c)
			if !c.Running && c.Unit == "" {
				continue
			}
			if s := h.heard(c.Unit, within, what); list == nil && s.times > 0 {
				f := found
				f.Evidence, f.Since = s.evidence(c.Unit), s.first.At
				list = []Finding{f}
			}
			for _, f := range list {
				f.Component = c.Name
				all = append(all, f)
			}
		}
		return all
	})
}

// shortened cuts a text to so many bytes, at the start of a character.
func shortened(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// by sums the samples of a metric over each value of one label.
func (s Samples) by(name, label string) map[string]float64 {
	sums := map[string]float64{}
	for series, v := range s {
		if rest, ok := strings.CutPrefix(series, name+"{"); ok {
			sums[labelOf(rest, label)] += v
		}
	}
	return sums
}

// labelOf finds the value of a label in `a="x",b="y"}`.
func labelOf(labels, name string) string {
	for i := 0; ; {
		at := strings.Index(labels[i:], name+`="`)
		if at < 0 {
			return ""
		}
		at += i
		if at == 0 || labels[at-1] == ',' || labels[at-1] == '{' || labels[at-1] == ' ' {
			value, _, _ := strings.Cut(labels[at+len(name)+2:], `"`)
			return value
		}
		i = at + 1
	}
}

// versionOf gives the version label of KIND_build_info, "" when the page has none.
func (c Component) versionOf() string {
	for series := range c.Metrics {
		if labels, ok := strings.CutPrefix(series, c.Kind+"_build_info{"); ok {
			return labelOf(labels, "version")
		}
	}
	return ""
}

// olderThan compares dotted versions, number by number; an empty or odd one is not older.
func olderThan(version string, limit ...int) bool {
	parts := strings.FieldsFunc(strings.TrimPrefix(version, "v"), func(r rune) bool { return r == '.' || r == '-' || r == '+' })
	for i, want := range limit {
		if i >= len(parts) {
			return false
		}
		got, err := strconv.Atoi(parts[i])
		if err != nil {
			return false
		}
		if got != want {
			return got < want
		}
	}
	return false
}

// restart is the command a person types to restart a component.
func (c Component) restart() string {
	if c.Unit == "" {
		return "stop process " + strconv.Itoa(c.Process.PID) + " and start it again"
	}
	return "systemctl restart " + c.Unit
}

// sortedKeys gives the keys of a map in order, so that a finding does not change from run to run.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// percent is a share in words.
func percent(part, whole float64) string {
	if whole == 0 {
		return "0 %"
	}
	return fmt.Sprintf("%.1f %%", 100*part/whole)
}

// perMetered is perComponent for judges of a component's metrics: one whose page could not be read is an unknown.
func perMetered(id string, kinds []string, judge func(Host, Component) []Finding) func(Fleet) []Finding {
	return perComponent(id, kinds, func(h Host, c Component) []Finding {
		if len(c.Metrics) == 0 {
			return unsure("cannot tell: its metrics could not be read", c.whyNoMetrics())
		}
		return judge(h, c)
	})
}

// whyNoMetrics explains a page that gave no sample.
func (c Component) whyNoMetrics() string {
	r, asked := c.Replies["/metrics"]
	switch {
	case !asked:
		return "its page /metrics was not asked for, or it listens nowhere that is known"
	case r.Err != "":
		return r.Err
	case r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden:
		return "it asks for a login (status " + strconv.Itoa(r.Status) + ")"
	}
	return fmt.Sprintf("status %d, %s, no metrics on the page", r.Status, orNone(r.Type))
}

// unitOfFinding gives the unit that a finding is about, when the host has it.
func unitOfFinding(f Fleet, found Finding) (string, bool) {
	h, _ := f.Host(found.Host)
	unit := found.Component + ".service"
	_, ok := h.Unit(unit)
	return unit, ok
}

// askAll makes an Ask that puts some questions to every running component of some kinds.
func askAll(kinds []string, paths ...string) func(context.Context, *Questions) {
	return func(ctx context.Context, q *Questions) {
		for _, c := range q.Host().Of(kinds...) {
			for _, path := range paths {
				if c.Base != "" {
					q.Get(ctx, c, path)
				}
			}
		}
	}
}

// reply gives the answer of a component to a question, or why there is none.
func (c Component) reply(path string) (Reply, []Finding) {
	r, asked := c.Replies[path]
	switch {
	case c.Base == "":
		return r, unsure("cannot tell: it listens nowhere that is known", "no listening socket of its process was found")
	case !asked:
		return r, unsure("cannot tell: it was not asked", "the look ended before "+where(path)+" was asked")
	case r.Err != "":
		return r, unsure("cannot tell: "+where(path)+" gave no answer", r.Err)
	}
	return r, nil
}

// decode reads the JSON of a component's answer; an answer that is something else is an unknown.
func decode[T any](c Component, path string) (T, []Finding) {
	var v T
	r, unknown := c.reply(path)
	if unknown != nil {
		return v, unknown
	}
	if err := json.Unmarshal([]byte(r.Body), &v); err != nil || r.Status != http.StatusOK {
		return v, unsure("cannot tell: "+where(path)+" did not answer as expected", fmt.Sprintf("status %d, %s", r.Status, orNone(r.Type)))
	}
	return v, nil
}
