// Package shell speaks with one persistent root shell over three pipes: it starts it (through sudo when need be),
// sends it scripts with their payloads, and frames what they print.
//
// It knows nothing of SSH, of hosts, or of what the scripts are for.
//
// The protocol. The host runs Bootstrap, which prints a greeting line on both streams and reads the program proper.
// Each script is then sent as one header line
//
//	LENGTH SIZE NONCE MODE
//
// (bytes of script, bytes of payload, a word never seen before, and none, data, talk or keep), followed by the script and the payload.
// The script ends in a comment with the nonce, so that half a script is never run. When it is done, the shell prints a
// newline and a line with the nonce on both streams; on standard output the exit status follows it. After a conversation
// (talk) a dot is sent as the last line, and the nonce with the word end once the script has ended.
package shell

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/monctl/monctl/fleet"
)

// ErrEnded is in the chain of every error that says the shell is gone: the link was lost, the host went down,
// or the shell itself was killed. What a running script did is not known.
var ErrEnded = errors.New("the shell on the host ended")

// Pipes are the streams of a process that runs Command.
type Pipes struct {
	Stdin          io.Writer
	Stdout, Stderr io.Reader
	// Close closes all three streams: the process sees the end of its input, reads and writes that wait return. It is
	// called at most once, while others read and write.
	Close func() error
	// Cause, when set, says why the streams ended (a lost link) once they have; nil when it does not know.
	Cause func() error
}

// Session is one shell. Its methods are safe for use by several goroutines; scripts run one after the other.
type Session struct {
	pipes    Pipes
	out, err *stream
	turn     chan struct{} // holds one token while a script runs
	nonce    string
	runs     int // guarded by turn

	mu   sync.Mutex
	dead error // why the session ended; nil while it is alive
}

func newSession(p Pipes) *Session {
	return &Session{
		pipes: p,
		out:   newStream(p.Stdout, ""),
		err:   newStream(p.Stderr, heartbeat),
		turn:  make(chan struct{}, 1),
		nonce: rand.Text(),
	}
}

// Run implements fleet.Conn. When ctx ends before its turn has come, nothing was run and the session stays open.
// OnSent is called from a goroutine of its own. After an error, Stdin may still be read for as long as its Read blocks.
func (s *Session) Run(ctx context.Context, cmd fleet.Cmd) (fleet.Result, error) {
	if err := check(cmd); err != nil {
		return fleet.Result{}, err
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return fleet.Result{}, fmt.Errorf("run script: %w", ctx.Err())
	}
	if err := s.ended(); err != nil {
		return fleet.Result{}, fmt.Errorf("run script: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = s.end(ctx.Err()) })
	defer stop()
	return s.run(ctx, cmd)
}

func check(cmd fleet.Cmd) error {
	switch {
	case cmd.Size < 0, cmd.Stdin == nil && cmd.Size > 0:
		return fmt.Errorf("run script: payload size %d without a payload", cmd.Size)
	case cmd.Keep && (cmd.Stdin != nil || cmd.Talk != nil):
		return errors.New("run script: a script that is kept cannot have a payload")
	case cmd.Stdin != nil && cmd.Talk != nil:
		return errors.New("run script: a conversation cannot have a payload")
	case strings.ContainsRune(cmd.Script, 0):
		return errors.New("run script: script contains a NUL byte")
	}
	return nil
}

func (s *Session) run(ctx context.Context, cmd fleet.Cmd) (fleet.Result, error) {
	ctx, ended := context.WithCancel(ctx)
	defer ended()
	s.runs++
	nonce := s.nonce + strconv.Itoa(s.runs)
	sent, heard := make(chan error, 1), make(chan frame, 1)
	go func() { sent <- s.send(ctx, nonce, cmd) }()
	go func() { heard <- s.hear(s.err, nonce, nil) }()
	out := s.hear(s.out, nonce, cmd.OnLine)
	errs := <-heard
	ended()
	if out.err == nil && errs.err == nil {
		// The payload was read to its end by the host, or the conversation is over, so that send returns.
		if err := <-sent; err != nil {
			return fleet.Result{}, fmt.Errorf("run script: %w", err)
		}
		exit, err := strconv.Atoi(strings.TrimSpace(out.trailer))
		if err != nil {
			return fleet.Result{}, fmt.Errorf("run script: exit status %q: %w", out.trailer, s.end(ErrEnded))
		}
		return fleet.Result{Stdout: string(out.data), Stderr: string(errs.data), Exit: exit}, nil
	}
	return fleet.Result{}, fmt.Errorf("run script: %w", withTail(s.ended(), errs.data))
}

// hear reads one frame; a stream that fails ends the session, so that the other stream and the sender end too.
func (s *Session) hear(from *stream, nonce string, onLine func(string)) frame {
	f := from.frame(nonce, onLine)
	switch {
	case errors.Is(f.err, errTooLong):
		_ = s.end(f.err)
	case f.err != nil:
		_ = s.end(s.lost())
	}
	return f
}

// lost says why the streams ended.
func (s *Session) lost() error {
	if s.pipes.Cause != nil {
		if err := s.pipes.Cause(); err != nil {
			return fmt.Errorf("%w: %w", ErrEnded, err)
		}
	}
	return ErrEnded
}

// Close ends the shell. A script that runs sees its streams closed. It is safe to call more than once.
func (s *Session) Close() error {
	_ = s.end(errClosed)
	return nil
}

var errClosed = fmt.Errorf("%w: closed by monctl", ErrEnded)

// end closes the streams, keeps the first cause and returns it.
func (s *Session) end(cause error) error {
	s.mu.Lock()
	first := s.dead == nil
	if first {
		s.dead = cause
	}
	cause = s.dead
	s.mu.Unlock()
	if first {
		_ = s.pipes.Close()
	}
	return cause
}

func (s *Session) ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead
}

// withTail adds the end of what the host said on standard error, which often holds the reason.
func withTail(err error, stderr []byte) error {
	if tail := lastLines(stderr); tail != "" {
		return fmt.Errorf("%w (host said: %s)", err, tail)
	}
	return err
}
