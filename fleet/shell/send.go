package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/monctl/monctl/fleet"
)

// payloadBuffer is the size of one write of payload: two SSH packets, one pipe buffer.
const payloadBuffer = 64 << 10

// header is the first line of anything that is sent: lengths and words, separated by spaces.
func header(length int, words ...string) string {
	line := strconv.Itoa(length)
	for _, w := range words {
		line += " " + w
	}
	return line + "\n"
}

// send writes one script and its payload. Any failure ends the session: the stream is out of step then.
func (s *Session) send(ctx context.Context, nonce string, cmd fleet.Cmd) error {
	mode := "none"
	switch {
	case cmd.Keep:
		mode = "keep"
	case cmd.Stdin != nil:
		mode = "data"
	case cmd.Talk != nil:
		mode = "talk"
	}
	script := cmd.Script + "\n#" + nonce
	head := header(len(script), strconv.FormatInt(cmd.Size, 10), nonce, mode)
	to := &counter{to: s.pipes.Stdin, onSent: cmd.OnSent}
	if _, err := io.WriteString(s.pipes.Stdin, head+script); err != nil {
		return s.end(s.lost())
	}
	if cmd.Talk != nil {
		return s.talk(ctx, nonce, cmd)
	}
	if cmd.Stdin == nil {
		return nil
	}
	n, err := io.CopyBuffer(to, io.LimitReader(cmd.Stdin, cmd.Size), make([]byte, min(cmd.Size+1, payloadBuffer)))
	switch {
	case errors.Is(err, errWrite):
		return s.end(s.lost())
	case err != nil:
		return s.end(fmt.Errorf("read payload: after %d of %d bytes: %w", n, cmd.Size, err))
	case n < cmd.Size:
		return s.end(fmt.Errorf("read payload: it ended after %d of %d bytes: %w", n, cmd.Size, io.ErrUnexpectedEOF))
	}
	return nil
}

// talk holds the conversation, bids the script end, and marks the end of what was said to it. ctx ends with the script.
func (s *Session) talk(ctx context.Context, nonce string, cmd fleet.Cmd) error {
	failed := cmd.Talk(ctx, s.pipes.Stdin)
	_, err := io.WriteString(s.pipes.Stdin, ".\n")
	<-ctx.Done()
	if err == nil {
		_, err = io.WriteString(s.pipes.Stdin, nonce+" end\n")
	}
	if err != nil {
		return s.end(s.lost())
	}
	return failed
}

// errWrite tells a failure to write from a failure to read the payload.
var errWrite = errors.New("write to the host")

// counter reports progress of what it writes.
type counter struct {
	to     io.Writer
	n      int64
	onSent func(int64)
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	if c.onSent != nil {
		c.onSent(c.n)
	}
	if err != nil {
		return n, fmt.Errorf("%w: %w", errWrite, err)
	}
	return n, nil
}
