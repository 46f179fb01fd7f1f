package hosts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/run"
)

// needRoot skips a test that makes namespaces and mounts. It runs by default where it can.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it boots a real host")
	}
}

// up brings a lab up for a test, and down after it.
func up(t *testing.T, o Options) *Lab {
	t.Helper()
	needRoot(t)
	t.Cleanup(func() {
		if err := Down(context.WithoutCancel(t.Context()), o.Cache, o.Name); err != nil {
			t.Error(err)
		}
	})
	l, err := Up(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func shell(ctx context.Context, l *Lab, user, host, script string) (string, error) {
	return run.Output(ctx, "ssh", "-F", l.SSHConfig(), "-o", "ConnectTimeout=3", "-l", user, host, script)
}

func TestHostLives(t *testing.T) {
	l := up(t, Options{Name: "test-lives", AMD64: 1, Plain: 1, DiskMB: 256})
	h, err := l.Host("h1")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("users", func(t *testing.T) { testUsers(t, l) })
	t.Run("bare", func(t *testing.T) { testBare(t, l) })
	t.Run("cut and mend", func(t *testing.T) { testCut(t, l, h) })
	t.Run("disk", func(t *testing.T) { testDisk(t, l, h) })
	t.Run("again", func(t *testing.T) { testAgain(t, l, h) })
	t.Run("down", func(t *testing.T) { testDown(t, l) })
}

func testUsers(t *testing.T, l *Lab) {
	ctx := t.Context()
	cases := []struct{ user, script, want string }{
		{"root", "id -un", "root"},
		{"ubuntu", "sudo -n id -un", "root"},
		{"pat", "sudo -n id -un 2>/dev/null || echo refused", "refused"},
		{"pat", "echo '" + l.Password + "' | sudo -S -p '' id -un", "root"},
		{"nosudo", "sudo -n id -un 2>/dev/null || echo refused", "refused"},
	}
	for _, c := range cases {
		if got, err := shell(ctx, l, c.user, "h1", c.script); got != c.want {
			t.Errorf("%s: %q gives %q, %v; want %q", c.user, c.script, got, err, c.want)
		}
	}
}

func testBare(t *testing.T, l *Lab) {
	got, err := shell(t.Context(), l, "ubuntu", "h1", "systemctl is-system-running; command -v python3 curl wget")
	if strings.TrimSpace(got) != "running" {
		t.Errorf("h1 has %q, %v; want a running systemd, no Python and no curl", got, err)
	}
	got, _ = shell(t.Context(), l, "root", "p1", "test -d /run/systemd/system || echo none")
	if got != "none" {
		t.Errorf("p1 seems to run systemd: %q", got)
	}
}

func testCut(t *testing.T, l *Lab, h *Host) {
	ctx := t.Context()
	if err := h.Cut(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := net.DialTimeout("tcp", h.Address+":22", 500*time.Millisecond); err == nil {
		t.Error("a host that is cut off answers")
	}
	if got, err := h.Exec(ctx, "hostname"); got != "h1" {
		t.Errorf("Exec on a host that is cut off: %q, %v", got, err)
	}
	if err := h.Mend(ctx); err != nil {
		t.Fatal(err)
	}
	if err := h.Wait(ctx); err != nil {
		t.Error(err)
	}
	if got, err := shell(ctx, l, "ubuntu", "h1", "hostname"); got != "h1" {
		t.Errorf("after mending: %q, %v", got, err)
	}
}

func testDisk(t *testing.T, l *Lab, h *Host) {
	ctx := t.Context()
	const write = "head -c 1000000 /dev/zero > /var/tmp/x 2>/dev/null && echo written; rm -f /var/tmp/x"
	if err := h.FillDisk(ctx, 100_000); err != nil {
		t.Fatal(err)
	}
	if got, _ := shell(ctx, l, "ubuntu", "h1", write); got != "" {
		t.Errorf("a full disk takes a megabyte: %q", got)
	}
	if err := h.FreeDisk(ctx); err != nil {
		t.Fatal(err)
	}
	if got, err := shell(ctx, l, "ubuntu", "h1", write); got != "written" {
		t.Errorf("a disk given back takes nothing: %q, %v", got, err)
	}
}

// testAgain wants a second Up to leave a running host alone and to replace a dead one.
func testAgain(t *testing.T, l *Lab, h *Host) {
	o := Options{Name: l.Name, AMD64: 1, Plain: 1, DiskMB: 256}
	again, err := Up(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if again.Hosts[0].Process != h.Process {
		t.Error("a second up replaced a running host")
	}
	if err := h.Process.Kill(haltTimeout); err != nil {
		t.Fatal(err)
	}
	if again, err = Up(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if got, err := shell(t.Context(), again, "ubuntu", "h1", "hostname"); got != "h1" {
		t.Errorf("a replaced host says %q, %v", got, err)
	}
}

func testDown(t *testing.T, l *Lab) {
	ctx := t.Context()
	for range 2 {
		if err := Down(ctx, "", l.Name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open("", l.Name); !errors.Is(err, ErrNoLab) {
		t.Errorf("a lab that is down opens: %v", err)
	}
	for _, remains := range leftovers(t, l) {
		t.Error("left behind:", remains)
	}
}

// leftovers looks for the lab's mark wherever the kernel keeps things.
func leftovers(t *testing.T, l *Lab) []string {
	t.Helper()
	mark := l.Bridge + "-"
	scripts := map[string]string{
		"namespace": "ip netns list | grep -F " + mark,
		"link":      fmt.Sprintf("ip -o link | grep -E '%s[-:@]'", l.Bridge),
		"mount":     "grep -F " + mark + " /proc/mounts",
		"cgroup":    "find /sys/fs/cgroup -name '" + mark + "*'",
		"folder":    "ls -d " + l.Dir() + " /run/systemd/nspawn/propagate/" + mark + "* 2>/dev/null",
	}
	all := processes(t, mark)
	for what, script := range scripts {
		if out, _ := run.Output(t.Context(), "sh", "-c", script); out != "" {
			all = append(all, what+": "+out)
		}
	}
	return all
}

// processes lists those with the mark on their command line.
func processes(t *testing.T, mark string) []string {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text), mark) {
			found = append(found, "process: "+strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
	return found
}
