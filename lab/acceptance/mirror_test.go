package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMirrorOfInventory: the inventory names a mirror and a catalogue, nothing is given on the command line.
func TestMirrorOfInventory(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	c := newController(t, "mirror: "+lab.url+"\ncatalog: ./ours\n"+only(h, "node_exporter"))
	c.flags["mirror"], c.flags["catalog"], c.flags["cache-dir"] = "", "", ""
	if err := os.CopyFS(filepath.Join(c.dir, "ours"), os.DirFS(lab.catalog)); err != nil {
		t.Fatal(err)
	}
	c.run(t, "install", "--yes").want(t, done, "1.12.1")
	if cached, err := filepath.Glob(filepath.Join(c.dir, ".cache/monctl/*")); err != nil || len(cached) == 0 {
		t.Errorf("the archive is not in the cache of the home folder: %v", err)
	}
	lockFile(t, c, "github.com/prometheus/node_exporter") // the lock file names upstream, so that it holds without the mirror
	if text, _ := os.ReadFile(filepath.Join(c.dir, "monctl.lock")); strings.Contains(string(text), lab.Gateway()) {
		t.Errorf("the lock file names the mirror:\n%s", text)
	}
}

// TestTrustUpstream: a sum that nobody vouches for is refused, or accepted by name and then held to.
func TestTrustUpstream(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	before := stateOf(t, h)
	c := newController(t, only(h, "node_exporter")+"components: {node_exporter: 1.9.0}\n")
	c.flags["catalog"] = changedCatalog(t, "node_exporter", func(rows []string) []string { return rows[:1] })
	c.run(t, "install", "--yes").want(t, refused, "not pinned", "--trust-upstream-sums")
	same(t, h, before)
	c.run(t, "install", "--yes", "--trust-upstream-sums").want(t, done, "1.9.0")
	lockFile(t, c, releaseOf(t, "node_exporter", "1.9.0", "amd64").SHA256)
	c.run(t, "install", "--yes").want(t, done, "nothing to change")

	// What pins say of upstream's own releases, the lab's mirror does not have.
	other := newController(t, only(h, "node_exporter")+"components: {node_exporter: 1.12.1}\n")
	other.flags["catalog"], other.flags["cache-dir"] = "", t.TempDir()
	now := stateOf(t, h)
	o := other.run(t, "install", "--yes", "--trust-upstream-sums")
	if o.code != failed && o.code != refused {
		t.Fatalf("exit %d\n%s", o.code, o)
	}
	o.want(t, o.code, "sha256")
	same(t, h, now)
}
