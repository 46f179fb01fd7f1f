package facts

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet/fault"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func recorded(t testing.TB, name string) Facts {
	t.Helper()
	out, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Parse(string(out))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRecordedHosts(t *testing.T) {
	for name, want := range map[string]struct{ arch, line string }{
		"debian12-amd64-nspawn":   {"amd64", "Debian 12, amd64, 2.0 GiB free"},
		"debian12-arm64-emulated": {"arm64", "Debian 12, arm64, 2.0 GiB free"},
		"ubuntu2404-amd64":        {"amd64", "Ubuntu 24.04, amd64, 23.6 GiB free"},
		"rocky9-amd64":            {"amd64", "Rocky 9.5, amd64, 9.9 GiB free"},
		"raspbian12-armhf":        {"armv7", "Raspbian 12, armv7, 2.0 GiB free"},
		"armv8l-bare":             {"armv7", "unknown system, armv7, no systemd"},
	} {
		t.Run(name, func(t *testing.T) {
			f := recorded(t, name)
			if f.Arch != want.arch || f.Line() != want.line {
				t.Errorf("have %q, %q", f.Arch, f.Line())
			}
			have, err := json.MarshalIndent(f, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", "golden", name+".json")
			if *update {
				if err := os.WriteFile(golden, append(have, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			wantJSON, err := os.ReadFile(golden)
			if err != nil || !bytes.Equal(append(have, '\n'), wantJSON) {
				t.Errorf("%s differs (%v), have\n%s", golden, err, have)
			}
		})
	}
}

func TestGarbageIsAnError(t *testing.T) {
	whole, err := os.ReadFile("testdata/ubuntu2404-amd64.txt")
	if err != nil {
		t.Fatal(err)
	}
	for out, want := range map[string]string{
		"":                                    "facts: host answered nothing instead of its facts",
		"This account is not available.\n":    `facts: host answered "This account is not available.\n" instead of its facts`,
		"\x1b[2J" + strings.Repeat("x", 1000): `facts: host answered "\x1b[2J` + strings.Repeat("x", 76) + `"… instead of its facts`,
		"x" + beginMark + "\n" + endMark:      "instead of its facts",
		beginMark + "\nclock 1 +0000 UTC\n":   "is cut short",
		string(whole[:len(whole)-30]):         "is cut short after",
	} {
		if f, err := Parse(out); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: have %+v, %v", out, f, err)
		}
	}
	if _, err := Parse("x"); fault.Remedy(err) == "" {
		t.Error("no remedy")
	}
}

func TestArch(t *testing.T) {
	for _, c := range []struct {
		machine string
		bits    int
		want    string
	}{
		{"x86_64", 64, "amd64"},
		{"x86_64", 32, ""},
		{"x86_64", 0, "amd64"},
		{"i686", 32, ""},
		{"aarch64", 64, "arm64"},
		{"aarch64", 32, "armv7"},
		{"aarch64", 0, "arm64"},
		{"armv8l", 32, "armv7"},
		{"armv8l", 0, "armv7"},
		{"armv7l", 32, "armv7"},
		{"armv6l", 32, ""},
		{"armv8b", 32, ""},
		{"riscv64", 64, ""},
		{"ppc64le", 64, ""},
		{"", 0, ""},
	} {
		if arch, reason := archOf(c.machine, c.bits); arch != c.want || reason == "" {
			t.Errorf("%s %d: have %q, %q", c.machine, c.bits, arch, reason)
		}
	}
}

func TestSystemInLine(t *testing.T) {
	for pretty, want := range map[string]string{
		"Debian GNU/Linux 12 (bookworm)": "Debian 7", "Red Hat Enterprise Linux 9.4 (Plow)": "Red Hat Enterprise 7",
		"Alpine Linux v3.20": "Alpine 7", "Arch Linux": "Arch 7", "": "x 7", "openSUSE Leap 15.6": "openSUSE Leap 7",
	} {
		if have := (Facts{OS: OS{ID: "x", Name: pretty, VersionID: "7"}}).system(); have != want {
			t.Errorf("%s: have %q, want %q", pretty, have, want)
		}
	}
}

func TestHolderOfASocket(t *testing.T) {
	for line, want := range map[string]int{
		`users:(("nginx",pid=901,fd=6),("nginx",pid=900,fd=6))`: 900,
		`users:(("systemd",pid=1,fd=87),("sshd",pid=22,fd=3))`:  22,
		`users:(("sshd",pid=22,fd=3),("systemd",pid=1,fd=87))`:  22,
		`users:(("systemd",pid=1,fd=87))`:                       1,
		`users:(("a",pid=9,("b",pid=7,fd=1))`:                   7,
		`users:(("`:                                             0, "": 0,
	} {
		if _, pid := holder(line); pid != want {
			t.Errorf("%s: have %d, want %d", line, pid, want)
		}
	}
}

func TestClockInLine(t *testing.T) {
	sent := time.Unix(1000, 0)
	for seconds, want := range map[float64]string{
		0: "clock ok", 2: "clock ok", 3.9: "clock ok", 5.5: "clock 2.5s ahead", 3603: "clock 1h0m0s ahead",
		-0.5: "clock ok", -90: "clock 1m30s behind",
	} {
		f := Facts{Clock: Clock{Time: sent.Add(time.Duration(seconds * 1e9)), Sent: sent, Received: sent.Add(3 * time.Second)}}
		if have := f.clock(); have != want {
			t.Errorf("%v: have %q, want %q", seconds, have, want)
		}
	}
}

// Whatever a host answers, reading it ends with facts or an error.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		out, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(out))
	}
	f.Fuzz(func(t *testing.T, out string) {
		facts, err := Parse(out)
		if err != nil {
			return
		}
		_ = facts.Line()
		if _, err := json.Marshal(facts); err != nil {
			t.Error(err)
		}
		if facts.CPUs < 0 || facts.Clock.Uptime < 0 || facts.ArchReason == "" {
			t.Errorf("have %+v", facts)
		}
	})
}
