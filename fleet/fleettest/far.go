package fleettest

import (
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
)

// Far gives a way to a host that is as long as one across an ocean: a proxy on the host's address holds each byte back for half of a
// round trip. What it says is not slowed down otherwise.
func (s *OpenSSH) Far(t testing.TB, h fleet.Host, roundTrip time.Duration) fleet.Host {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(h.Address, "0"))
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	to := net.JoinHostPort(h.Address, strconv.Itoa(h.Port))
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			go carry(far, near, roundTrip/2)
			go carry(near, far, roundTrip/2)
		}
	}()
	h.Port = listener.Addr().(*net.TCPAddr).Port
	s.know(t, h.Address, h.Port)
	return h
}

// carry brings what one side says to the other, each piece a while after it was said, until one of them ends.
func carry(to, from net.Conn, after time.Duration) {
	type piece struct {
		text []byte
		due  time.Time
	}
	way := make(chan piece, 1024)
	go func() {
		defer close(way)
		for {
			buffer := make([]byte, 32<<10)
			n, err := from.Read(buffer)
			if n > 0 {
				way <- piece{buffer[:n], time.Now().Add(after)}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range way {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.text); err != nil {
			break
		}
	}
	_, _ = to.Close(), from.Close()
	for range way { // what was on the way is lost
		continue
	}
}
