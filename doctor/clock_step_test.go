package doctor

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstallChrony runs the step with stand-ins of package managers that write down how they were called. What real dnf and zypper
// do with these words was not seen.
func TestInstallChrony(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		there []string // programs of the host
		fails string   // the first call of this one fails
		want  string
	}{
		"Debian":                   {there: []string{"apt-get"}, want: "apt-get install -y -q chrony"},
		"Debian, no lists yet":     {there: []string{"apt-get"}, fails: "apt-get", want: "apt-get install -y -q chrony|apt-get update -q -o Acquire::Check-Date=false|apt-get install -y -q chrony"},
		"RHEL, Fedora":             {there: []string{"dnf", "yum"}, want: "dnf install -y -q chrony|systemctl enable chronyd"},
		"SUSE":                     {there: []string{"zypper"}, want: "zypper -n -q install chrony|systemctl enable chronyd"},
		"RHEL 7":                   {there: []string{"yum"}, want: "yum install -y -q chrony|systemctl enable chronyd"},
		"RHEL, the package is not": {there: []string{"dnf"}, fails: "dnf", want: "dnf install -y -q chrony"},
		"none":                     {},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			log := filepath.Join(dir, "log")
			for _, p := range append(c.there, "systemctl") {
				standin := "#!" + sh + "\necho " + p + ` "$@" >>` + log + "\n"
				if p == c.fails {
					standin += "[ ! -e " + log + ".failed ] || exit 0\n: >" + log + ".failed\nexit 1\n"
				}
				if err := os.WriteFile(filepath.Join(dir, p), []byte(standin), 0o755); err != nil { //nolint:gosec
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), sh, "-c", installChrony.Run)
			cmd.Env = []string{"PATH=" + dir}
			out, err := cmd.CombinedOutput()
			called, _ := os.ReadFile(log)
			if got := strings.ReplaceAll(strings.TrimSpace(string(called)), "\n", "|"); got != c.want {
				t.Errorf("called %q, want %q\n%s", got, c.want, out)
			}
			if bad := c.want == "" || c.fails == "dnf"; bad != (err != nil) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestChronySettings changes the files that distributions ship, twice: the second time nothing is to be done.
func TestChronySettings(t *testing.T) {
	for name, c := range map[string]struct{ path, ships, want string }{
		"Debian": {"chrony/chrony.conf", "pool 2.debian.pool.ntp.org iburst\nrtcsync\nmakestep 1 3\nleapsectz right/UTC\n", "pool 2.debian.pool.ntp.org iburst\nrtcsync\n# makestep 1 3\nleapsectz right/UTC\nmakestep 1 -1\nserver 10.0.0.1 iburst\n"},
		"RHEL":   {"chrony.conf", "pool 2.rhel.pool.ntp.org iburst\nmakestep 1.0 3\nrtcsync\n", "pool 2.rhel.pool.ntp.org iburst\n# makestep 1.0 3\nrtcsync\nmakestep 1 -1\nserver 10.0.0.1 iburst\n"},
		"SUSE":   {"chrony.conf", "include /etc/chrony.d/*.conf\n! rtcsync\nmakestep 1.0 3\n", "include /etc/chrony.d/*.conf\n! rtcsync\n# makestep 1.0 3\nmakestep 1 -1\nrtcsync\nserver 10.0.0.1 iburst\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, c.path)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(c.ships), 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				for _, s := range chronySteps("chronyd", []string{"10.0.0.1"})[:3] {
					script := strings.NewReplacer("=/etc/", "="+dir+"/").Replace(s.Run)
					if out, err := exec.CommandContext(t.Context(), "sh", "-c", script).CombinedOutput(); err != nil {
						t.Fatalf("%s: %v\n%s", s.Why, err, out)
					}
				}
				got, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if string(got) != c.want {
					t.Errorf("got\n%s\nwant\n%s", got, c.want)
				}
			}
		})
	}
}

// TestInstalledDaemon brings back the daemon that somebody chose before the one that monctl likes best.
func TestInstalledDaemon(t *testing.T) {
	unit := func(name, state string) Unit {
		return Unit{Name: name + ".service", Properties: map[string]string{"UnitFileState": state}}
	}
	for _, c := range []struct {
		units []Unit
		want  string
	}{
		{nil, ""},
		{[]Unit{unit("systemd-timesyncd", "disabled"), unit("chrony", "disabled")}, "chrony"},
		{[]Unit{unit("chrony", "disabled"), unit("ntpsec", "enabled")}, "ntpsec"},
		{[]Unit{unit("ntpd", "masked")}, "ntpd"},
	} {
		if got := (Host{Units: c.units}).installedDaemon(); got != c.want {
			t.Errorf("%v: got %q, want %q", c.units, got, c.want)
		}
	}
}
