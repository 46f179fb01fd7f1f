package data

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// TestResetRestorePurgeBackup: everything aside, back again byte for byte, copied to this machine, and deleted for good.
func TestResetRestorePurgeBackup(t *testing.T) {
	t.Parallel()
	h := host(t, "h3")
	p := prometheus{t, h, 9090}
	g := shapes["head"].under(t, h, managedUnit, managedData)
	p.refuses()
	const target = "h3/prometheus"
	confirm := "--yes=" + target

	data(t, "reset", target, confirm).want(t, done, "fresh samples for every job")
	p.takes()
	if n := p.value("sum(count_over_time(good_total[30d]))", g.at); n != 0 {
		t.Errorf("%g old samples are there after a reset", n)
	}
	store := managedData + ".monctl"
	aside := on(t, h, "ls -d "+store+"/*-reset/old")
	before := sums(t, h, aside)
	owner := on(t, h, "stat -c %u:%g:%a "+managedData)

	data(t, "restore", target, confirm).want(t, done, "ready")
	p.refuses()
	p.kept(g)
	if again := on(t, h, "stat -c %u:%g:%a "+managedData); again != owner {
		t.Errorf("owner and mode are %s, were %s", again, owner)
	}
	blocksAsBefore(t, h, before)

	to := t.TempDir()
	data(t, "backup", target, confirm, "--to="+to).want(t, done, "every sum as on the host")
	p.refuses() // it runs again, as before
	copies, _ := filepath.Glob(filepath.Join(to, "h3-prometheus-*-backup"))
	if len(copies) != 1 {
		t.Fatalf("there is %v", copies)
	}
	check := exec.Command("sha256sum", "-c", "--quiet", "--strict", copies[0]+".sha256")
	check.Dir = copies[0]
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	// The copy is a data directory that can be repaired here.
	local := lab.run(t.Context(), "data", "repair", "--local", copies[0], "--yes="+copies[0], "--ntp="+lab.ntp)
	local.want(t, done)

	kept := data(t, "backup", target, confirm, "--json").want(t, done)
	id := identifier(t, kept)
	data(t, "purge", target, id, "--yes").want(t, refused)
	on(t, h, "test -d "+store+"/"+id)
	data(t, "purge", target, id, confirm).want(t, done)
	on(t, h, "test ! -e "+store+"/"+id)
	data(t, "purge", target, "nonsense", confirm).want(t, refused, "nonsense")
}

// blocksAsBefore wants every block to be as it was, file by file, unless the server, which runs again, has compacted it into
// another one since: that names it among its parents, and one that was compacted once more among its sources.
func blocksAsBefore(t *testing.T, h *hosts.Host, before string) {
	t.Helper()
	now, origins := sums(t, h, managedData), on(t, h, "cat "+managedData+"/*/meta.json")
	for line := range strings.Lines(before) {
		line = strings.TrimSpace(line)
		_, file, _ := strings.Cut(line, "./")
		block, _, ok := strings.Cut(file, "/chunks/")
		compacted := !strings.Contains(now, file) && strings.Contains(origins, `"`+block+`"`)
		if ok && !strings.Contains(now, line) && !compacted {
			t.Errorf("changed or gone: %s", line)
		}
	}
}

// TestConfirmation: only the identity confirms, whatever else is said, and nothing is touched before.
func TestConfirmation(t *testing.T) {
	t.Parallel()
	h := host(t, "h1")
	shapes["head"].under(t, h, managedUnit, managedData)
	pid := on(t, h, "systemctl show -p MainPID --value "+managedUnit)
	for name, args := range map[string][]string{
		"nobody to ask":  {},
		"plain yes":      {"--yes"},
		"empty yes":      {"--yes="},
		"wrong identity": {"--yes=h2/prometheus"},
		"only the host":  {"--yes=h1"},
		"the path":       {"--yes=" + managedData},
	} {
		t.Run(name, func(t *testing.T) {
			for _, action := range []string{"repair", "reset", "backup"} {
				data(t, append([]string{action, "h1/prometheus"}, args...)...).want(t, refused, "h1/prometheus")
			}
		})
	}
	if again := on(t, h, "systemctl show -p MainPID --value "+managedUnit); again != pid {
		t.Error("the server was restarted")
	}
	on(t, h, "test ! -e "+managedData+".monctl && test ! -e /run/monctl/held")
}

// TestClock: nothing is changed while the clock is wrong.
func TestClock(t *testing.T) {
	t.Parallel()
	host(t, "h1")
	wrong, err := serveNTP(lab.Gateway()+":0", -31768e9)
	must(t, err)
	for _, action := range []string{"repair", "reset"} {
		o := lab.run(t.Context(), "data", action, "h1/prometheus", "--yes=h1/prometheus", "--ntp="+wrong)
		o.want(t, refused, "it has to be right before data are changed", "the clock is 3176", "First: Set the clock of the machine that the container runs on")
	}
	lab.run(t.Context(), "data", "inspect", "h1/prometheus", "--ntp="+wrong) // looking is allowed
}

// TestArchitecture: without a monctl for the host's machine nothing is sent.
func TestArchitecture(t *testing.T) {
	t.Parallel()
	host(t, "a1")
	data(t, "inspect", "a1/prometheus", "--monctl-binary=linux/arm64="+lab.monctl).want(t, failed, "is not a program for linux/arm64, but for amd64")
	alone := filepath.Join(t.TempDir(), "monctl")
	text, err := os.ReadFile(lab.monctl)
	must(t, err)
	must(t, os.WriteFile(alone, text, 0o755))
	cmd := lab.command(t.Context(), dataArgs([]string{"inspect", "a1/prometheus"})...)
	cmd.Path = alone
	out, _ := cmd.CombinedOutput()
	if !strings.Contains(string(out), "there is no monctl for this machine: linux/arm64") || !strings.Contains(string(out), "--monctl-binary linux/arm64=FILE") {
		t.Errorf("got\n%s", out)
	}
}
