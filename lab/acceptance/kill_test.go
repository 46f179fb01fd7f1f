package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/lab/hosts"
)

// killed is the same inventory for whichever host.
func killed(h *hosts.Host) string {
	return "hosts:\n  vm: {address: " + h.Address + ", components: [prometheus, node_exporter]}\n" + killedStack
}

const killedStack = "components: {prometheus: {version: 2.42.0, scrape_interval: 2s}}\n"

// TestKilled: the controller is killed at many moments, from connecting to proving. Whatever the moment, the host keeps
// no lock and no half-written file, and the next run makes it whole.
func TestKilled(t *testing.T) {
	needLab(t)
	t.Parallel()
	var whole time.Duration
	var want state
	step(t, "not at all", func(t *testing.T) {
		h := takeAny(t)
		c := newController(t, killed(h))
		start := time.Now()
		c.run(t, "install", "--yes").want(t, done)
		whole, want = time.Since(start), made(t, h)
	})
	const moments = 9
	for i := range moments {
		after := whole * time.Duration(2*i+1) / (2 * moments)
		t.Run(fmt.Sprintf("%d of %d", i+1, moments), func(t *testing.T) {
			t.Parallel()
			killedAfter(t, after, want)
		})
	}
}

func killedAfter(t *testing.T, after time.Duration, want state) {
	h := takeAny(t)
	c := newController(t, killed(h))
	r := c.begin(t, "install", "--yes")
	time.Sleep(after)
	_ = r.cmd.Process.Kill() // that it has ended is no error: the machine is faster this time
	_ = r.cmd.Wait()
	consistent(t, h)
	c.run(t, "install", "--yes", "--lock-wait=60s").want(t, done, "2 of 2 targets up")
	if diff := cmp.Diff(want, made(t, h)); diff != "" {
		t.Errorf("the host is not what a run that is not killed makes of it (-want +got):\n%s", diff)
	}
	c.run(t, "plan").want(t, done)
}

// TestHostStopsInApply: everything of monctl on the host dies in the middle of the change, as in a power cut. The journal
// is enough to finish it, and to take it back.
func TestHostStopsInApply(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	before := stateOf(t, h)
	c := newController(t, only(h, "prometheus, node_exporter")+killedStack)
	stop := func(t *testing.T) {
		t.Helper()
		r := c.begin(t, "install", "--yes")
		part := filepath.Join(h.Root(), "opt/monctl/prometheus/2.42.0.part")
		eventually(t, "the host to unpack", func() bool { _, err := os.Stat(part); return err == nil })
		_ = r.cmd.Process.Kill() // or it would connect again and take the change back
		_ = r.cmd.Wait()
		on(t, h, "pkill -9 -f '[m]onctl-shell'; pkill -9 -x tar; true")
		c.run(t, "status").want(t, changes, "a run was interrupted here", "monctl rollback "+h.Name)
	}
	stop(t)
	c.run(t, "rollback", h.Name, "--yes").want(t, done)
	same(t, h, before)
	stop(t)
	c.run(t, "install", "--yes").want(t, done, "2 of 2 targets up")
	consistent(t, h)
	c.run(t, "status").want(t, done)
}

// TestOwedReload: a run dies after it replaced a file and before the component read it. File and plan agree then, and
// still the component has to be told.
func TestOwedReload(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	with := func(interval string) string {
		return only(h, "prometheus") + "components: {prometheus: {version: 2.42.0, scrape_interval: " + interval + "}}\n"
	}
	c := newController(t, with("2s"))
	c.run(t, "install", "--yes").want(t, done)

	hangAt(t, h, "reload -- monctl-prometheus.service")
	c.inventory(t, with("3s"))
	r := c.begin(t, "install", "--yes")
	eventually(t, "the reload to begin", func() bool { return on(t, h, "ls /run/hanging 2>/dev/null || true") != "" })
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
	on(t, h, "pkill -9 -f '[m]onctl-shell'; pkill -9 -x sleep; rm /usr/local/sbin/systemctl")

	if scrapes(t, h, "3s") {
		t.Fatal("the test is wrong: the new configuration is in use already")
	}
	c.run(t, "plan").want(t, changes, "reload", "monctl-prometheus.service", "an interrupted run changed what it reads")
	c.run(t, "install", "--yes").want(t, done)
	if !scrapes(t, h, "3s") {
		t.Error("Prometheus was not told of its new configuration")
	}
	c.run(t, "install", "--yes").want(t, done, "nothing to change")
}

// hangAt puts a stand-in for systemctl early in the PATH of a host, which hangs when it is called with these words.
func hangAt(t *testing.T, h *hosts.Host, words string) {
	t.Helper()
	script := "#!/bin/sh\n[ \"$*\" = \"" + words + "\" ] && touch /run/hanging && sleep 1000\nexec /usr/bin/systemctl \"$@\"\n"
	if err := os.WriteFile(filepath.Join(h.Root(), "usr/local/sbin/systemctl"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { on(t, h, "rm -f /usr/local/sbin/systemctl /run/hanging") })
}

// scrapes says whether the configuration that a Prometheus uses has this interval.
func scrapes(t *testing.T, h *hosts.Host, interval string) bool {
	t.Helper()
	config := get(t, request(t, "http://"+h.Address+":9090/api/v1/status/config"))
	return strings.Contains(string(config), "scrape_interval: "+interval)
}

// consistent waits until nothing works on the host any more and wants no half of anything.
func consistent(t *testing.T, h *hosts.Host) {
	t.Helper()
	on(t, h, "[ ! -e /run/monctl/lock ] || flock -w 60 /run/monctl/lock true || { echo the lock is stuck >&2; exit 1; }")
	halves := on(t, h, `find /etc /opt/monctl /var/lib/monctl -name '*.monctl-new' -o -name '*.part' -o -name 'stage.*' 2>/dev/null || true`)
	if halves != "" {
		t.Errorf("half-done things are left:\n%s", halves)
	}
	// Each release that is in place is whole.
	for release := range strings.FieldsSeq(on(t, h, "ls -d /opt/monctl/*/[0-9]* 2>/dev/null || true")) {
		if _, err := os.Stat(h.Root() + release + "/.monctl"); err != nil {
			t.Errorf("%s is in place and not complete", release)
		}
	}
}

// made is what differs on a host from a bare one, without what differs from run to run: processes, journals, password hashes.
func made(t *testing.T, h *hosts.Host) state {
	t.Helper()
	s := state{}
	for path, is := range stateOf(t, h) {
		switch {
		case strings.HasPrefix(path, "unit "):
			path, _, _ = strings.Cut(path, " InvocationID=")
		case strings.HasPrefix(path, "/var/lib/monctl/.host/journal/"), strings.HasPrefix(path, "/etc/shadow"), strings.HasPrefix(path, "/etc/gshadow"):
			continue
		case lab.free.bare[h.Name][path] == is:
			continue
		}
		s[path] = is
	}
	return s
}

// TestInterrupted: Ctrl-C stops at a safe place and says so; the next run finishes.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	c := newController(t, only(h, "prometheus, node_exporter")+killedStack)
	for _, moment := range []string{"download", "change", "prove"} {
		t.Run(moment, func(t *testing.T) {
			if moment == "download" {
				c.flags["cache-dir"] = t.TempDir()
			}
			slow(t, h, "200mbit")
			r := c.begin(t, "install", "--yes")
			r.waitFor(t, moment)
			if err := r.cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			r.end(t).want(t, interrupted, "interrupted")
			fast(h)
			consistent(t, h)
			c.run(t, "install", "--yes", "--lock-wait=60s").want(t, done, "2 of 2 targets up")
			c.run(t, "plan").want(t, done)
			bare(t, h)
		})
	}
}

// TestTwoControllers: one works, the other is told who does, or waits.
func TestTwoControllers(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	first, second := newController(t, only(h, "node_exporter")), newController(t, only(h, "node_exporter"))
	holder := first.beginOn(t, "install")
	holder.waitFor(t, "Change these hosts?")
	before := stateOf(t, h)
	second.run(t, "install", "--yes", "--lock-wait=0s").want(t, refused, "locked by another run", fmt.Sprintf("process %d", holder.cmd.Process.Pid), "--lock-wait")
	second.run(t, "plan").want(t, changes) // looking needs no lock
	same(t, h, before)

	waiting := second.begin(t, "install", "--yes", "--lock-wait=60s")
	holder.answer(t, "n")
	holder.end(t).want(t, refused, "not confirmed")
	waiting.end(t).want(t, done, "installed and proven")

	// Both at the same moment: both end well, one after the other.
	bare(t, h)
	a, b := first.begin(t, "install", "--yes", "--lock-wait=60s"), second.begin(t, "install", "--yes", "--lock-wait=60s")
	a.end(t).want(t, done)
	b.end(t).want(t, done)
	first.run(t, "install", "--yes").want(t, done, "nothing to change")
}
