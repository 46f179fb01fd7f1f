package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLockFile: what was chosen stays chosen, although there is something newer now.
func TestLockFile(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	c := newController(t, only(h, "node_exporter"))
	c.flags["catalog"] = catalogUpTo(t, "node_exporter", "1.9.0")
	c.run(t, "install", "--yes").want(t, done, "1.9.0")

	c.flags["catalog"] = lab.catalog
	before := stateOf(t, h)
	c.run(t, "plan").want(t, done)
	c.run(t, "install", "--yes").want(t, done, "nothing to change")
	same(t, h, before)

	if err := os.Remove(filepath.Join(c.dir, "monctl.lock")); err != nil {
		t.Fatal(err)
	}
	c.run(t, "plan").want(t, changes, "1.12.1")
}

// TestLockFileHoldsSums: a file that changed upstream under the same name is refused, also when the catalogue follows it.
func TestLockFileHoldsSums(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	c := newController(t, only(h, "node_exporter"))
	c.run(t, "install", "--yes").want(t, done)
	lock := filepath.Join(c.dir, "monctl.lock")
	text, err := os.ReadFile(lock)
	if err != nil {
		t.Fatal(err)
	}
	sum := releaseOf(t, "node_exporter", "1.12.1", "amd64").SHA256
	other := strings.Repeat("0", 64)
	if !strings.Contains(string(text), sum) {
		t.Fatalf("the lock file lacks the sum %s:\n%s", sum, text)
	}
	c.write(t, "monctl.lock", strings.ReplaceAll(string(text), sum, other))
	before := stateOf(t, h)
	c.run(t, "install", "--yes").want(t, refused, "monctl.lock has sha256 "+other, "catalogue says "+sum)
	same(t, h, before)
}
