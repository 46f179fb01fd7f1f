package stream

import (
	"bufio"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// acceptWithin is how long the one connection is waited for.
const acceptWithin = 30 * time.Second

// errStranger is what somebody without the word gets: nothing.
var errStranger = errors.New("a connection did not know the word")

// Serve sends a folder once, over a port of loopback, to whoever says the word first: other users of the machine can connect to
// loopback, too. listening is told the address.
func Serve(ctx context.Context, folder, word string, listening func(address string)) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("serve %s: %w", folder, err)
	}
	defer l.Close()
	_ = l.(*net.TCPListener).SetDeadline(time.Now().Add(acceptWithin))
	listening(l.Addr().String())
	for {
		conn, err := l.Accept()
		if err != nil {
			return fmt.Errorf("serve %s: wait for the controller: %w", folder, err)
		}
		err = serve(conn, folder, word)
		_ = conn.Close()
		if !errors.Is(err, errStranger) {
			return err
		}
	}
}

func serve(conn net.Conn, folder, word string) error {
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	said, err := bufio.NewReader(io.LimitReader(conn, 256)).ReadString('\n')
	if err != nil || subtle.ConstantTimeCompare([]byte(strings.TrimSuffix(said, "\n")), []byte(word)) != 1 {
		return errStranger
	}
	return Send(conn, folder)
}

// Fetch says the word on a connection to Serve and receives the folder.
func Fetch(conn net.Conn, word, folder string, progress func(int64)) (Received, error) {
	if _, err := io.WriteString(conn, word+"\n"); err != nil {
		return Received{}, fmt.Errorf("receive: %w", err)
	}
	return Receive(conn, folder, progress)
}
