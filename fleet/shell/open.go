package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxNoise is how many bytes a host may print before the greeting: a banner, a motd, a chatty .bashrc.
const maxNoise = 64 << 10

// Options of Open.
type Options struct {
	// Password gives the password for sudo; it is called at most once, when sudo asks. nil refuses.
	Password func(ctx context.Context) (string, error)
	// Timeout for the shell to greet, not counting the time Password takes; 0 means 30 s.
	Timeout time.Duration
}

// Open takes a process that runs Command through sudo to its first prompt. When it fails, the pipes are closed and the
// error has one of this package's causes (ErrNotShell, ErrSudo…) or that of ctx in its chain.
func Open(ctx context.Context, p Pipes, o Options) (*Session, error) {
	s := newSession(p)
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	stop := context.AfterFunc(ctx, func() { _ = s.end(ctx.Err()) })
	defer stop()
	g := &greeter{Session: s, options: o}
	g.clock = time.AfterFunc(o.Timeout, func() { _ = s.end(errSlow(o.Timeout)) })
	defer g.clock.Stop()
	if err := g.greet(ctx); err != nil {
		return nil, fmt.Errorf("start shell: %w", err)
	}
	if _, err := p.Stdin.Write(hello()); err != nil {
		return nil, fmt.Errorf("start shell: %w", s.end(s.lost()))
	}
	return s, nil
}

func errSlow(after time.Duration) error {
	return fmt.Errorf("%w: no greeting within %s", ErrNotShell, after)
}

// greeter waits for both greetings and answers sudo meanwhile.
type greeter struct {
	*Session
	options Options
	clock   *time.Timer
}

func (g *greeter) greet(ctx context.Context) error {
	type outcome struct {
		said []byte
		err  error
	}
	heard := make(chan outcome, 1)
	go func() {
		said, err := g.errGreeting(ctx)
		g.endUnlessEOF(err)
		heard <- outcome{said, err}
	}()
	said, err := until(g.out, maxNoise, nil)
	g.endUnlessEOF(err)
	errs := <-heard
	if err == nil && errs.err == nil {
		return nil
	}
	cause := g.end(g.lost())
	if !errors.Is(cause, ErrEnded) && !errors.Is(cause, ErrNotShell) {
		return cause
	}
	return diagnose(cause, said, errs.said)
}

// endUnlessEOF ends the session when one stream cannot go on. The end of a stream is no such reason: to close the pipes
// then would lose what the other one still holds, which often says why there is no shell.
func (g *greeter) endUnlessEOF(err error) {
	if err != nil && !errors.Is(err, io.EOF) {
		_ = g.end(err)
	}
}

// errGreeting reads standard error up to the greeting and gives sudo the password when it prompts.
func (g *greeter) errGreeting(ctx context.Context) ([]byte, error) {
	prompts := 0
	return until(g.err, maxNoise, func(said []byte) error {
		if !bytes.HasSuffix(said, []byte(prompt)) {
			return nil
		}
		if prompts++; prompts > 1 {
			return wrongPassword()
		}
		return g.answer(ctx)
	})
}

func (g *greeter) answer(ctx context.Context) error {
	if g.options.Password == nil {
		return wantsPassword(nil)
	}
	g.clock.Stop()
	defer g.clock.Reset(g.options.Timeout)
	password, err := g.options.Password(ctx)
	if err != nil {
		return wantsPassword(err)
	}
	_, _ = io.WriteString(g.pipes.Stdin, password+"\n") // who does not read it has ended, and has maybe said why
	return nil
}

// until reads up to the greeting line and returns what came before it. look sees all that was read after each byte.
func until(from *stream, most int, look func([]byte) error) ([]byte, error) {
	var said []byte
	mark := []byte("\n" + greeting + "\n")
	for {
		b, err := from.ReadByte()
		if err != nil {
			return said, err
		}
		said = append(said, b)
		if bytes.HasSuffix(said, mark) {
			return said[:len(said)-len(mark)], nil
		}
		if look != nil {
			if err := look(said); err != nil {
				return said, err
			}
		}
		if len(said) > most {
			return said, notShell(said)
		}
	}
}
