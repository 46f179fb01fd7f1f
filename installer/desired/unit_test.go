package desired

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet/resource"
)

// verify lets systemd itself read unit files; it gives what systemd complains of, and its log.
func verify(t *testing.T, units map[string]string) (complaints, log string) {
	t.Helper()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not in PATH (Debian: package systemd)")
	}
	dir := t.TempDir()
	for _, target := range []string{"sysinit", "basic", "shutdown", "multi-user", "network-online", "time-sync"} {
		if err := os.WriteFile(filepath.Join(dir, target+".target"), []byte("[Unit]\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"--man=no", "--generators=no", "verify"}
	for name, text := range units {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	// Away from the machine's own units, which may have faults of their own.
	env := append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir, "LC_ALL=C")
	quiet := exec.Command(analyze, args...)
	quiet.Env = append(env, "SYSTEMD_LOG_LEVEL=info")
	said, err := quiet.CombinedOutput()
	if err != nil && len(said) == 0 {
		t.Fatal(err)
	}
	loud := exec.Command(analyze, args...)
	loud.Env = append(env, "SYSTEMD_LOG_LEVEL=debug")
	all, _ := loud.CombinedOutput()
	return string(said), string(all)
}

// onThisMachine replaces the program by one that is here, because systemd looks whether it can be executed.
func onThisMachine(unit string) string {
	return regexp.MustCompile(`(?m)^ExecStart=\S+`).ReplaceAllString(unit, "ExecStart=/bin/true")
}

func TestUnitsAreGoodForSystemd(t *testing.T) {
	s := example(t)
	for _, i := range s.Instances {
		if !i.Component.Runs() {
			continue
		}
		f, err := i.unitFile(s)
		if err != nil {
			t.Fatal(err)
		}
		complaints, _ := verify(t, map[string]string{i.Unit(): onThisMachine(string(f.Content))})
		if complaints != "" {
			t.Errorf("%s on %s:\n%s", i.Unit(), i.Host.Name, complaints)
		}
	}
	if complaints, _ := verify(t, map[string]string{"bad.service": "[Service]\nExecStart=/bin/true \"a\n"}); complaints == "" {
		t.Error("systemd-analyze says nothing about a broken unit")
	}
}

// nasty are words that systemd would change when they are not quoted right.
var nasty = []string{
	"", " ", "plain", "two words", "tab\there", `a"b`, "it's", `'quoted'`, `"quoted"`, `\`, `\n`, `a\`, `\x41`, ";", "; /bin/sh", `\;`, "#", "# no comment",
	"%", "%h", "100%", "%%", "$HOME", "${HOME}", "$", "$$", "$$HOME", "a$1", `$("x")`, "{}", "ä 日本", "-", "@", "+x", "!!", "a=b c", "/^(a|b)$/",
}

func TestQuotingIsUndoneBySystemd(t *testing.T) {
	var unit strings.Builder
	unit.WriteString("[Service]\nExecStart=/bin/true")
	for _, w := range nasty {
		unit.WriteString(" \\\n  " + execWord(w))
	}
	for _, w := range nasty {
		unit.WriteString("\nEnvironment=" + unitWord("X="+w))
	}
	complaints, log := verify(t, map[string]string{"x.service": unit.String() + "\n"})
	if complaints != "" {
		t.Fatalf("%s\n%s", complaints, unit.String())
	}
	if got := argvIn(t, log); !slices.Equal(got, append([]string{"/bin/true"}, nasty...)) {
		t.Errorf("systemd reads\n%q\nnot\n%q", got, nasty)
	}
	last := nasty[len(nasty)-1] // of equal names the last one counts
	if want := "Environment: X=" + last + "\n"; !strings.Contains(log, want) {
		t.Errorf("no %q in:\n%s", want, log)
	}
	for _, w := range []string{"$HOME", "100% of it", `a"b c`, `\x41`} {
		_, log := verify(t, map[string]string{"x.service": "[Service]\nExecStart=/bin/true\nEnvironment=" + unitWord("X="+w) + "\n"})
		if want := "Environment: X=" + w + "\n"; !strings.Contains(log, want) {
			t.Errorf("systemd does not read %q from %s", w, unitWord("X="+w))
		}
	}
}

// argvIn takes the command line out of systemd's log, where it is written for sh, and does what systemd does to it when
// it starts the program: "$$" becomes "$" (systemd.service(5)).
func argvIn(t *testing.T, log string) []string {
	t.Helper()
	_, rest, found := strings.Cut(log, "Command Line: ")
	line, _, _ := strings.Cut(rest, "\n")
	if !found {
		t.Skip("this systemd does not log how it reads a command line")
	}
	words := unquoted(line)
	for n := range words {
		words[n] = strings.ReplaceAll(words[n], "$$", "$")
	}
	return words
}

// unquoted undoes what systemd's log does to words: double quotes, and a backslash before ", \\, $ and `.
func unquoted(line string) []string {
	var words []string
	var word strings.Builder
	quoted, begun := false, false
	for n := 0; n < len(line); n++ {
		switch c := line[n]; {
		case c == '"':
			quoted, begun = !quoted, true
		case c == '\\' && line[n+1] == 't':
			word.WriteByte('\t')
			n++
		case c == '\\':
			word.WriteByte(line[n+1])
			n++
		case c == ' ' && !quoted:
			words, begun = append(words, word.String()), false
			word.Reset()
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

func TestHardening(t *testing.T) {
	s := example(t)
	for _, i := range s.Instances {
		lines := directives(i)
		if len(i.Component.Unit.Capabilities) == 0 && !i.Component.Unit.Root && !slices.Contains(lines, "CapabilityBoundingSet=") {
			t.Errorf("%s keeps capabilities", i.Unit())
		}
		if !slices.IsSorted(lines) {
			t.Errorf("%s: not sorted: %v", i.Unit(), lines)
		}
		for _, want := range []string{"NoNewPrivileges=yes", "ProtectSystem=strict"} {
			if !slices.Contains(lines, want) {
				t.Errorf("%s lacks %s", i.Unit(), want)
			}
		}
		if writes := "ReadWritePaths=" + i.Data; (i.Data != "") != slices.Contains(lines, writes) {
			t.Errorf("%s: data %q, directives %v", i.Unit(), i.Data, lines)
		}
	}
}

// TestSecretsAreNotInConfiguration: the password is in its own file and in no other resource.
func TestSecretsAreNotInConfiguration(t *testing.T) {
	const password = "pa#ss;w\"o'r`d $HOME %(x)s ${A} \\ ä"
	list, err := example(t).Resources("mon1", drawn)
	if err != nil {
		t.Fatal(err)
	}
	var holders []string
	for _, r := range list {
		if f, ok := r.(resource.File); ok && strings.Contains(string(f.Content), "pa#ss") {
			if string(f.Content) != password || !f.Secret || f.Mode != 0o600 || f.Once {
				t.Errorf("%s: %q secret=%v mode=%o once=%v", f.Path, f.Content, f.Secret, f.Mode, f.Once)
			}
			holders = append(holders, f.Path)
		}
	}
	if len(holders) != 1 {
		t.Errorf("the password is in %v", holders)
	}
}
