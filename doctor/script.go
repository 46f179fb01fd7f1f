package doctor

import (
	"crypto/rand"
	_ "embed" // the shared parts of the script
	"fmt"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/facts"
)

//go:embed prelude.sh
var preludeScript string

//go:embed look.sh
var lookScript string

//go:embed journal.sh
var journalScript string

// unitProperties are those that Unit.Properties has. Environment is left out: it may hold secrets.
var unitProperties = []string{
	"Id", "LoadState", "ActiveState", "SubState", "UnitFileState", "FragmentPath", "DropInPaths", "MainPID", "NRestarts",
	"Result", "ExecMainStatus", "ExecMainCode", "ExecStart", "User", "Group", "After", "Wants", "Requires", "LimitNOFILE", "MemoryMax",
	"ProtectHome", "ProtectSystem", "ReadWritePaths", "NeedDaemonReload", "ActiveEnterTimestampMonotonic",
	"ExecMainStartTimestampMonotonic", "InactiveEnterTimestampMonotonic", "ConditionResult", "EnvironmentFiles", "WorkingDirectory",
}

// The sections of the script besides the probes, which are named by their check.
const (
	factsSection    = "facts"
	lookSection     = "look"
	manifestSection = "manifests"
	journalSection  = "journal"
)

// section is one fenced part of the script.
type section struct {
	name   string
	script string
	limit  int // seconds; 0 is none
	// when lists words of which one must be in what was seen of the host; nil runs it always.
	when []string
}

// sections of the script for some checks. A probe that several checks read is there once.
func sections(checks []Check, all []Check) []section {
	parts := []section{
		{name: factsSection, script: facts.Script(facts.Options{Listeners: true})},
		{name: lookSection, script: "properties=" + strings.Join(unitProperties, ",") + "\n" + lookScript},
		{name: manifestSection, script: manifestScript()},
	}
	if needs(checks, Journal) {
		parts = append(parts, section{name: journalSection, script: journalScript, limit: 8})
	}
	for _, c := range probing(checks, all) {
		parts = append(parts, section{c.ID, c.Probe, c.Limit, stems(c.On)})
	}
	return parts
}

// stems are words that a process or a unit of these kinds of component has in its name or among its flags, so that a host
// without such a component does not run its probes. They may let too much through, never too little.
func stems(kinds []string) []string {
	var list []string
	for _, k := range kinds {
		switch k {
		case "*_exporter":
			list = append(list, "exporter", "--web.listen-address")
		case "prometheus":
			list = append(list, "prometheus", "storage.tsdb", "storage.agent", "monctl-monitor", "monctl-serve")
		case "alertmanager":
			list = append(list, "alertmanager", "cluster.listen-address")
		case "mysqld_exporter":
			list = append(list, "mysqld", "config.my-cnf")
		case "node_exporter":
			list = append(list, "node", "collector.", "path.procfs")
		default:
			list = append(list, strings.TrimSuffix(k, "_exporter"))
		}
	}
	return list
}

// notSeen is the exit status of a probe that was not run, because the host has nothing that it is about.
const notSeen = 99

// probing gives the checks whose probes are wanted: those selected and those they read.
func probing(checks, all []Check) []Check {
	var list []Check
	for _, c := range all {
		if c.Probe == "" {
			continue
		}
		if slices.ContainsFunc(checks, func(s Check) bool { return s.ID == c.ID || slices.Contains(s.Reads, c.ID) }) {
			list = append(list, c)
		}
	}
	return list
}

func needs(checks []Check, part Shared) bool {
	return slices.ContainsFunc(checks, func(c Check) bool { return slices.Contains(c.Needs, part) || slices.Contains(c.Uses, part) })
}

// script is one sh program: each section runs in a subshell of its own, through eval, so that neither an exit nor a
// syntax error in one spoils another, and is fenced by lines that hold a word never seen before.
func script(parts []section, fence string) string {
	var b strings.Builder
	b.WriteString("export LC_ALL=C\nlimit() { shift; \"$@\"; }\nif command -v timeout >/dev/null; then limit() { timeout -k 1 \"$@\"; }; fi\n")
	b.WriteString("{\n" + preludeScript + "} 2>/dev/null\n")
	for _, p := range parts {
		run := "(eval " + fleet.Quote(p.script) + ")"
		if p.limit > 0 {
			run = fmt.Sprintf("limit %d sh -c %s", p.limit, fleet.Quote(p.script))
		}
		if p.when != nil {
			run = fmt.Sprintf("{ case $seen in *%s*) %s ;; *) (exit %d) ;; esac; }", strings.Join(quoted(p.when), "*|*"), run, notSeen)
		}
		fmt.Fprintf(&b, "echo '%[1]s begin %[2]s'\n%[3]s </dev/null 2>/dev/null\nprintf '\\n%[1]s end %[2]s %%s\\n' $?\n", fence, p.name, run)
	}
	return b.String()
}

func quoted(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fleet.Quote(w)
	}
	return out
}

// newFence is a word that no host can guess before it is told.
func newFence() string { return "monctl-" + rand.Text() }

// maxLooked bounds what is kept of the output of the script of one host.
const maxLooked = 8 << 20

// output collects the lines of a script, section by section. What a probe printed before it was cut is kept apart from
// an answer that is whole.
type output struct {
	fence   string
	name    string // of the open section; "" between two
	text    strings.Builder
	size    int
	done    map[string]done
	tooLong bool
}

// done is a section that ended.
type done struct {
	text string
	exit int
}

// line takes one line; it is the OnLine of the Run.
func (o *output) line(line string) {
	rest, fenced := strings.CutPrefix(line, o.fence+" ")
	if !fenced {
		if o.size += len(line) + 1; o.size > maxLooked {
			o.tooLong = true
			return
		}
		if o.name != "" {
			o.text.WriteString(line + "\n")
		}
		return
	}
	var name string
	var exit int
	if _, err := fmt.Sscanf(rest, "begin %s", &name); err == nil {
		o.name = name
		o.text.Reset()
	} else if _, err := fmt.Sscanf(rest, "end %s %d", &name, &exit); err == nil && name == o.name {
		o.done[name] = done{strings.TrimSuffix(o.text.String(), "\n"), exit}
		o.name = ""
	}
}

// answer is what a probe printed.
func (o *output) answer(p section, lost string) Answer {
	d, ok := o.done[p.name]
	if !ok {
		return Answer{Exit: -1, Err: lost}
	}
	return Answer{Values: values(d.text), Exit: d.exit, Err: exitSays(d.exit, p.limit)}
}

// exitSays explains an exit status; "" for 0. timeout(1) gives 124 when it ended the command, 137 when it had to kill it.
func exitSays(exit, limit int) string {
	switch {
	case exit == 0:
		return ""
	case exit == notSeen:
		return "its probe was not run: no process or unit of its kind was seen"
	case limit > 0 && (exit == 124 || exit == 137 || exit == 143):
		return fmt.Sprintf("the probe was killed after %d s", limit)
	case exit > 128:
		return fmt.Sprintf("the probe was killed by signal %d", exit-128)
	}
	return fmt.Sprintf("the probe ended with exit status %d", exit)
}

func values(text string) []Value {
	var list []Value
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "=")
		if ok && key != "" {
			list = append(list, Value{key, strings.ToValidUTF8(value, "�")})
		}
	}
	return list
}
