package acceptance

import (
	"context"
	"os"
	"testing"

	"github.com/creack/pty"
)

// terminal is a command with a person in front of it.
type terminal struct {
	*running
	keyboard *os.File
}

// beginOn starts a command on a terminal of its own. What it says is in stderr, whichever stream it was.
func (c *controller) beginOn(t *testing.T, args ...string) *terminal {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), most)
	t.Cleanup(cancel)
	r := &running{cmd: c.command(ctx, args...), args: args, cancel: cancel, read: make(chan struct{})}
	r.cmd.Env = append(r.cmd.Env, "TERM=xterm")
	screen, err := pty.Start(r.cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	go func() {
		defer close(r.read)
		buffer := make([]byte, 4096)
		for {
			n, err := screen.Read(buffer)
			_, _ = r.stderr.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	return &terminal{r, screen}
}

// answer types a line.
func (c *terminal) answer(t *testing.T, line string) {
	t.Helper()
	if _, err := c.keyboard.WriteString(line + "\n"); err != nil {
		t.Fatal(err)
	}
}
