// Package local is the fleet.Conn of the machine that monctl itself runs on: a shell started here, through sudo when
// monctl does not run as root. It knows nothing of SSH and nothing of other hosts.
package local

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/shell"
)

// Options of Open.
type Options struct {
	// Password gives the password for sudo, when sudo asks for one; nil refuses.
	Password func(ctx context.Context) (string, error)
	// Harmless says that nothing run there changes anything: a script that is half way through is killed at once, without time to
	// end by itself, when its context ends or the connection is closed.
	Harmless bool
}

// conn is a shell on this machine.
type conn struct {
	*shell.Session
	net.Dialer
	process *process
}

// Open starts the shell. sudo is as in fleet.Host.
func Open(ctx context.Context, sudo fleet.Sudo, o Options) (fleet.Conn, error) {
	p, pipes, err := start(sudo, o.Harmless)
	if err != nil {
		return nil, fmt.Errorf("start shell: %w", err)
	}
	session, err := shell.Open(ctx, pipes, shell.Options{Password: o.Password})
	if err != nil {
		return nil, err
	}
	return &conn{Session: session, process: p}, nil
}

// Dial connects from this machine.
func (c *conn) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return c.DialContext(ctx, network, addr)
}

// Close ends the shell and its process group, and waits for it. What sudo started is not ours to kill; it sees its
// streams closed and is not waited for any longer than for the signals.
func (c *conn) Close() error {
	_ = c.Session.Close()
	select {
	case <-c.process.done:
	case <-time.After(3 * grace):
	}
	return nil
}

// process is the running shell, leader of a process group of its own: an interrupt typed at the terminal goes to monctl
// alone, which decides what becomes of a script that is half way through.
type process struct {
	cmd     *exec.Cmd
	streams []*os.File // our ends
	done    chan struct{}
	ending  sync.Once
	grace   time.Duration // to end by itself, and then after SIGTERM
}

func start(sudo fleet.Sudo, harmless bool) (*process, shell.Pipes, error) {
	argv := shell.Argv(sudo)
	//nolint:noctx // the shell ends with Close, not with the context of Open
	p := &process{cmd: exec.Command(argv[0], argv[1:]...), done: make(chan struct{}), grace: grace}
	if harmless {
		p.grace = 0
	}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	theirs, err := p.pipes()
	defer closeAll(theirs)
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		closeAll(p.streams)
		return nil, shell.Pipes{}, err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	pipes := shell.Pipes{Stdin: p.streams[0], Stdout: p.streams[1], Stderr: p.streams[2], Close: p.end}
	return p, pipes, nil
}

// pipes gives the process its three streams and returns the ends that are to be closed once it runs. They are os.Pipes,
// not those of os/exec, so that what a script leaves running in the background does not hold up Wait.
func (p *process) pipes() (theirs []*os.File, err error) {
	for i := range 3 {
		r, w, err := os.Pipe()
		if err != nil {
			return theirs, err
		}
		if i == 0 {
			r, w = w, r
		}
		p.streams, theirs = append(p.streams, r), append(theirs, w)
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = theirs[0], theirs[1], theirs[2]
	return theirs, nil
}

// grace is how long a process group gets to end by itself, and then after SIGTERM, unless it is harmless to kill it.
const grace = time.Second

// end closes the streams, which ends an idle shell at once, and ends a busy one by signals.
func (p *process) end() error {
	p.ending.Do(func() {
		closeAll(p.streams)
		go p.reap()
	})
	return nil
}

func (p *process) reap() {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		select {
		case <-p.done:
			return
		case <-time.After(p.grace):
			_ = syscall.Kill(-p.cmd.Process.Pid, signal)
		}
	}
}

func closeAll(files []*os.File) {
	for _, f := range files {
		_ = f.Close()
	}
}
