// Package tunnel carries connections to a local port on to an address as another machine sees it.
package tunnel

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
)

// Dial connects to the far end.
type Dial func(ctx context.Context) (net.Conn, error)

// Serve carries every connection to the listener on until ctx ends, which ends all of them. A connection whose far end
// cannot be reached is closed and reported; the others go on. It returns nil when ctx ended it, after its last connection.
func Serve(ctx context.Context, l net.Listener, dial Dial, failed func(error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var carried sync.WaitGroup
	defer carried.Wait()
	for {
		near, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			cancel()
			return err
		}
		carried.Go(func() {
			if err := carry(ctx, near, dial); err != nil && ctx.Err() == nil {
				failed(err)
			}
		})
	}
}

// carry copies both ways until both are done or ctx ends.
func carry(ctx context.Context, near net.Conn, dial Dial) error {
	defer near.Close()
	far, err := dial(ctx)
	if err != nil {
		return err
	}
	defer far.Close()
	stop := context.AfterFunc(ctx, func() {
		_ = near.Close()
		_ = far.Close()
	})
	defer stop()
	var copies sync.WaitGroup
	copies.Go(func() { pass(far, near) })
	copies.Go(func() { pass(near, far) })
	copies.Wait()
	return nil
}

// pass copies what one side says, and then tells the other that it has ended; a side that cannot be told is closed. Errors
// are those of connections that people end.
func pass(to, from net.Conn) {
	_, err := io.Copy(to, from)
	half, ok := to.(interface{ CloseWrite() error })
	if err != nil || !ok || errors.Is(half.CloseWrite(), net.ErrClosed) {
		_ = to.Close()
	}
}
