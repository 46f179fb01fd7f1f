package clocks

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
)

// outcome is what a command did.
type outcome struct {
	code           int
	stdout, stderr string
}

// stack is the inventory of the machine with Prometheus. Hosts named as USER@HOST need none.
const stack = "stack.yaml"

// run is one command of monctl in the folder of the inventory.
func (s *shared) run(ctx context.Context, args ...string) outcome {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Minute)
	defer cancel()
	args = append(args, "--ssh-config="+s.SSHConfig(), "--cache-dir="+filepath.Join(s.dir, "cache"),
		"--catalog="+filepath.Join(s.dir, "catalog"), "--mirror="+s.mirror)
	cmd := exec.CommandContext(ctx, s.monctl, args...)
	cmd.Dir, cmd.Env = s.dir, []string{"HOME=" + s.dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		return outcome{-1, "", err.Error()}
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// finding is what these tests read of one.
type finding struct {
	Check, Host, Level, Title, Cause, Fix, Tag string
	Evidence                                   []struct{ What, Text string }
	MutedBy                                    string `json:"muted_by"`
}

func (f finding) String() string {
	by := ""
	if f.MutedBy != "" {
		by = " [by " + f.MutedBy + "]"
	}
	return f.Level + " " + f.Check + " " + f.Host + ": " + f.Title + by
}

// says tells whether a word is in the words that a person reads.
func (f finding) says(word string) bool {
	text := f.Title + "\n" + f.Cause + "\n" + f.Fix
	for _, e := range f.Evidence {
		text += "\n" + e.What + " " + e.Text
	}
	return strings.Contains(text, word)
}

// reading is a clock as --json has it.
type reading struct {
	Host, Reader, To, Error string
	Known                   bool
	Offset                  float64 `json:"offset_seconds"`
	Bound                   float64 `json:"bound_seconds"`
}

// look is what the doctor said.
type look struct {
	outcome
	findings []finding
	clocks   []reading
	fixes    []struct {
		Title, Then string
		Steps       []struct{ Why, Run string }
	}
}

// examine lets the doctor judge clocks by the lab's NTP server. In a look with --fix, the findings and clocks are those
// after it. A machine without a processor of its own may be too slow to be judged: it is asked again.
func examine(t *testing.T, host string, args ...string) look {
	t.Helper()
	l := examineOnce(t, host, args...)
	for range 4 {
		if !slices.ContainsFunc(l.findings, finding.tooSlow) {
			break
		}
		before := l.fixes
		if len(before) > 0 {
			args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "--fix" || a == "--yes" })
		}
		if l = examineOnce(t, host, args...); len(before) > 0 {
			l.fixes = before
		}
	}
	return l
}

// tooSlow says that nobody could tell because the host, or a program on it, took too long.
func (f finding) tooSlow() bool {
	return f.says("took longer than") || f.says("killed after") || f.says("no answer within")
}

func examineOnce(t *testing.T, host string, args ...string) look {
	t.Helper()
	words := []string{"doctor", "--json", "--ntp=" + lab.Gateway(), host}
	if !strings.Contains(host, "@") {
		words = append(words, "-f", stack)
	}
	l := look{outcome: lab.run(t.Context(), slices.Concat(words, args)...)}
	for line := range strings.Lines(l.stdout) {
		var kind struct{ Type string }
		must(t, json.Unmarshal([]byte(line), &kind))
		switch kind.Type {
		case "finding":
			l.findings = append(l.findings, parse[finding](t, line))
		case "clock":
			l.clocks = append(l.clocks, parse[reading](t, line))
		case "fix":
			l.findings, l.clocks = nil, nil
			must(t, json.Unmarshal([]byte(line), add(&l.fixes)))
		}
	}
	if l.code != 0 && l.code != 3 {
		t.Fatalf("doctor: exit %d\n%s%s", l.code, l.stdout, l.stderr)
	}
	return l
}

func parse[T any](t *testing.T, line string) (x T) {
	t.Helper()
	must(t, json.Unmarshal([]byte(line), &x))
	return x
}

func add[T any](list *[]T) *T {
	*list = append(*list, *new(T))
	return &(*list)[len(*list)-1]
}

// causes are what a person is told to act on.
func (l look) causes() (list []string) {
	for _, f := range l.findings {
		if f.MutedBy == "" && (f.Level == "warn" || f.Level == "fail") {
			list = append(list, f.Check)
		}
	}
	slices.Sort(list)
	return list
}

// of finds the finding of a check.
func (l look) of(t *testing.T, check string) finding {
	t.Helper()
	i := slices.IndexFunc(l.findings, func(f finding) bool { return f.Check == check })
	if i < 0 {
		t.Fatalf("no finding of %s in\n%s", check, l)
	}
	return l.findings[i]
}

func (l look) String() string {
	var b strings.Builder
	for _, f := range l.findings {
		b.WriteString("  " + f.String() + "\n")
	}
	return b.String()
}

// clock is the reading of a host.
func (l look) clock(t *testing.T, host string) reading {
	t.Helper()
	i := slices.IndexFunc(l.clocks, func(c reading) bool { return c.Host == host })
	if i < 0 {
		t.Fatalf("no clock of %s: %v", host, l.clocks)
	}
	return l.clocks[i]
}

// on runs a script on a host.
func on(t *testing.T, h *hosts.Host, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Minute) // an emulated machine on a busy one installs a package
	defer cancel()
	out, err := h.Exec(ctx, "set -e\n"+script)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

// eventually waits for something that must come.
func eventually(t *testing.T, what string, within time.Duration, is func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !is(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
