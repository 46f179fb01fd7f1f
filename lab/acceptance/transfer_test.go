package acceptance

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// slow lets a host receive no more than so many megabits per second, until the test ends.
func slow(t *testing.T, h *hosts.Host, rate string) {
	t.Helper()
	tool(t, "tc", "qdisc", "add", "dev", h.Machine, "root", "tbf", "rate", rate, "burst", "64kb", "latency", "400ms")
	t.Cleanup(func() { fast(h) })
}

// fast takes the limit away, if there is one.
func fast(h *hosts.Host) {
	_ = exec.Command("tc", "qdisc", "del", "dev", h.Machine, "root").Run()
}

// received is how much of a release has arrived on a host.
func received(t *testing.T, h *hosts.Host) (bytes int64) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(h.Root(), "var/lib/monctl/.host/stage.*/releases/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}

// TestDiskFull: a disk that is full before or becomes full in the middle of a transfer.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	before := stateOf(t, h)
	c := newController(t, only(h, "node_exporter"))
	t.Cleanup(func() { freeDisk(t, h) })

	fillDisk(t, h, 3<<20)
	c.run(t, "install", "--yes").want(t, refused, "has 3 MB left", "Nothing was touched")
	freeDisk(t, h)
	same(t, h, before)

	slow(t, h, "16mbit")
	r := c.begin(t, "install", "--yes")
	eventually(t, "a part of the release to arrive", func() bool { return received(t, h) > 1<<20 })
	fillDisk(t, h, 64<<10)
	r.end(t).want(t, failed, "disk full", "Nothing was changed", "Free space")
	freeDisk(t, h)
	same(t, h, before)
	fast(h)

	// Enough for the archive, but not for what is in it.
	slow(t, h, "16mbit")
	r = c.begin(t, "install", "--yes")
	eventually(t, "a part of the release to arrive", func() bool { return received(t, h) > 1<<20 })
	fillDisk(t, h, 10<<20)
	r.end(t).want(t, failed, "release /opt/monctl", "it is as it was", "Free space")
	freeDisk(t, h)
	same(t, h, before)
	fast(h)
	c.run(t, "install", "--yes").want(t, done)
}

func fillDisk(t *testing.T, h *hosts.Host, left int64) {
	t.Helper()
	if err := h.FillDisk(t.Context(), left); err != nil {
		t.Fatal(err)
	}
}

func freeDisk(t *testing.T, h *hosts.Host) {
	t.Helper()
	if err := h.FreeDisk(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// TestCutInTransfer: the link is gone in the middle of the stream, and comes back.
func TestCutInTransfer(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	before := stateOf(t, h)
	// More than the buffers of the link hold: what they hold is delivered when the link is back.
	c := newController(t, only(h, "prometheus")+"components: {prometheus: {version: 2.42.0, scrape_interval: 2s}}\n")
	c.ssh(t, "ServerAliveInterval 2", "Include "+lab.SSHConfig())
	slow(t, h, "16mbit")
	r := c.begin(t, "install", "--yes")
	eventually(t, "a part of the release to arrive", func() bool { return received(t, h) > 1<<20 })
	cut(t, h)
	r.end(t).want(t, failed, "link lost", "Run the same command again")
	fast(h)
	mend(t, h)
	// The host learns that nobody is there when it next speaks, and gives the lock back.
	consistent(t, h)
	same(t, h, before)
	c.run(t, "install", "--yes").want(t, done, "installed and proven")
}

// TestCutInApply: the stream has arrived, and the link is gone while the host works on it.
func TestCutInApply(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	c := newController(t, only(h, "node_exporter"))
	c.ssh(t, "ServerAliveInterval 2", "Include "+lab.SSHConfig())
	r := c.begin(t, "install", "--yes")
	journal := filepath.Join(h.Root(), "var/lib/monctl/.host/journal/open/state")
	eventually(t, "the host to begin", func() bool { _, err := os.Stat(journal); return err == nil })
	cut(t, h)
	r.end(t).want(t, failed, "link lost")
	mend(t, h)
	c.flags["lock-wait"] = "60s"
	c.run(t, "status").want(t, changes, "interrupted")
	c.run(t, "install", "--yes").want(t, done)
	c.run(t, "install", "--yes").want(t, done, "nothing to change")
	c.run(t, "status").want(t, done)
}

func cut(t *testing.T, h *hosts.Host) {
	t.Helper()
	if err := h.Cut(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mend(t, h) })
}
