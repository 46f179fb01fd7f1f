// Package clocktest has a stand-in for NTP servers, for tests on loopback. It answers real queries over UDP as RFC 5905 (figure 8)
// says, with this machine's clock and what it is told to say wrong. It keeps no clock, follows nobody, and knows no
// authentication; the lab has a real chronyd.
package clocktest

import (
	"encoding/binary"
	"net"
	"sync"
	"testing"
	"time"
)

// Says is what a StandIn answers. The zero value is the right time at stratum 2.
type Says struct {
	Ahead      time.Duration // of this machine's clock
	Stratum    byte          // 0 is 2
	Leap       byte          // 3 is not synchronised
	Kiss       string        // a kiss code, "RATE", instead of the time
	Dispersion time.Duration // to the primary server
	Silent     bool
}

// StandIn is a server that runs until the test ends.
type StandIn struct {
	conn  net.PacketConn
	mu    sync.Mutex
	says  Says
	asked int
}

// Start serves on a free port of loopback.
func Start(t testing.TB, s Says) *StandIn {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &StandIn{conn: conn, says: s}
	done := make(chan struct{})
	go func() { defer close(done); server.serve() }()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return server
}

// Address is "127.0.0.1:PORT".
func (s *StandIn) Address() string { return s.conn.LocalAddr().String() }

// Asked counts the queries, answered or not.
func (s *StandIn) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *StandIn) serve() {
	query := make([]byte, 512)
	for {
		n, from, err := s.conn.ReadFrom(query)
		if err != nil {
			return
		}
		if n < 48 {
			continue
		}
		s.mu.Lock()
		s.asked++
		says := s.says
		s.mu.Unlock()
		if !says.Silent {
			_, _ = s.conn.WriteTo(says.answer(query[:48], time.Now().Add(says.Ahead)), from)
		}
	}
}

func (s Says) answer(query []byte, now time.Time) []byte {
	p := make([]byte, 48)
	stratum := s.Stratum
	if stratum == 0 && s.Kiss == "" {
		stratum = 2
	}
	p[0], p[1], p[2], p[3] = s.Leap<<6|4<<3|4, stratum, 6, 0xec // precision 2^-20 s
	binary.BigEndian.PutUint32(p[8:], uint32(s.Dispersion.Seconds()*65536))
	copy(p[12:16], s.Kiss)
	put(p[16:], now.Add(-time.Minute)) // reference
	copy(p[24:32], query[40:48])       // origin
	put(p[32:], now)                   // receive
	put(p[40:], now)                   // transmit
	return p
}

// put writes a timestamp: seconds since 1900 and a fraction of 2^32.
func put(p []byte, t time.Time) {
	binary.BigEndian.PutUint32(p, uint32(t.Unix()+2208988800))
	binary.BigEndian.PutUint32(p[4:], uint32(uint64(t.Nanosecond())<<32/1e9))
}
