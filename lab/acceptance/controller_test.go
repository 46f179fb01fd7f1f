package acceptance

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
)

// The exit codes that monctl promises.
const (
	done, failed, usage, changes, some, refused, interrupted = 0, 1, 2, 3, 4, 5, 130
)

// controller is a machine that monctl runs on: a folder with an inventory, and a home.
type controller struct {
	dir   string
	flags map[string]string // given to every command; "" leaves one out
	env   []string
}

// newController has the inventory, where $h1 stands for the address of h1 and so on.
func newController(t *testing.T, inventory string) *controller {
	t.Helper()
	needLab(t)
	c := &controller{dir: t.TempDir(), flags: map[string]string{
		"ssh-config": lab.SSHConfig(), "known-hosts": "", "cache-dir": lab.cache, "catalog": lab.catalog, "mirror": lab.url, "timeout": "100s",
	}}
	c.env = []string{"HOME=" + c.dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
	c.inventory(t, inventory)
	return c
}

func (c *controller) inventory(t *testing.T, text string) {
	t.Helper()
	if text == "" {
		return
	}
	text = os.Expand(text, func(name string) string { return host(t, name).Address })
	c.write(t, "monctl.yaml", text)
}

func (c *controller) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// entry is a host in an inventory.
func entry(h *hosts.Host, components string) string {
	return "  " + h.Name + ": {address: " + h.Address + ", components: [" + components + "]}\n"
}

// only is an inventory of one host.
func only(h *hosts.Host, components string) string { return "hosts:\n" + entry(h, components) }

// command is one of monctl with the flags of the controller.
func (c *controller) command(ctx context.Context, args ...string) *exec.Cmd {
	for _, name := range slices.Sorted(maps.Keys(c.flags)) {
		if value := c.flags[name]; value != "" {
			args = append(args, "--"+name+"="+value)
		}
	}
	cmd := exec.CommandContext(ctx, lab.monctl, args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	return cmd
}

// outcome is what a command did.
type outcome struct {
	args           []string
	code           int
	stdout, stderr string
}

// most is longer than any command takes that does not hang.
const most = 4 * time.Minute

func (c *controller) run(t *testing.T, args ...string) outcome {
	t.Helper()
	return c.begin(t, args...).end(t)
}

// running is a command that has not ended.
type running struct {
	cmd            *exec.Cmd
	args           []string
	stdout, stderr words
	cancel         context.CancelFunc
	read           chan struct{} // closed when all that was written on a terminal is read; nil without one
}

func (c *controller) begin(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), most)
	r := &running{cmd: c.command(ctx, args...), args: args, cancel: cancel}
	t.Cleanup(cancel)
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *running) end(t *testing.T) outcome {
	t.Helper()
	defer r.cancel()
	err := r.cmd.Wait()
	if r.read != nil {
		<-r.read
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{args: r.args, code: r.cmd.ProcessState.ExitCode(), stdout: r.stdout.String(), stderr: r.stderr.String()}
}

// waitFor returns when the command has said a word on standard error.
func (r *running) waitFor(t *testing.T, word string) {
	t.Helper()
	eventually(t, "monctl to say "+word, func() bool { return strings.Contains(r.stderr.String(), word) })
}

// words is what a running command has said so far.
type words struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// want checks the exit code and that each of the texts was said.
func (o outcome) want(t *testing.T, code int, texts ...string) outcome {
	t.Helper()
	if o.code != code {
		t.Fatalf("monctl %s: exit %d, want %d\n%s", strings.Join(o.args, " "), o.code, code, o)
	}
	for _, text := range texts {
		if !strings.Contains(o.stdout+o.stderr, text) {
			t.Errorf("monctl %s does not say %q:\n%s", strings.Join(o.args, " "), text, o)
		}
	}
	return o
}

func (o outcome) String() string { return o.stdout + "-- stderr --\n" + o.stderr }

// eventually waits for something that must come.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
