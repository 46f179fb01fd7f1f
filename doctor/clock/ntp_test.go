package clock_test

import (
	"context"
	"encoding/binary"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/doctor/clock"
)

// responder is a real NTP server on loopback (RFC 5905, figure 8) whose clock is ahead, and that answers as it is told.
type responder struct {
	ahead      time.Duration
	stratum    byte
	leap       byte
	kiss       string
	dispersion time.Duration
	silent     bool
}

func (r responder) start(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		query := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(query)
			if err != nil {
				return
			}
			if n >= 48 && !r.silent {
				_, _ = conn.WriteTo(r.answer(query[:48], time.Now().Add(r.ahead)), from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

func (r responder) answer(query []byte, now time.Time) []byte {
	p := make([]byte, 48)
	stratum := r.stratum
	if stratum == 0 && r.kiss == "" {
		stratum = 2
	}
	p[0], p[1], p[2], p[3] = r.leap<<6|4<<3|4, stratum, 6, 0xec // precision 2^-20 s
	binary.BigEndian.PutUint32(p[8:], uint32(r.dispersion.Seconds()*65536))
	copy(p[12:16], r.kiss)
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

func TestNTP(t *testing.T) {
	good, ahead := responder{}, responder{ahead: 42 * time.Second}
	for name, c := range map[string]struct {
		servers []responder
		known   bool
		truth   time.Duration
		lying   []int
		errs    map[int]string
		source  string
	}{
		"four agree":             {servers: []responder{good, good, good, good}, known: true, source: "4 of 4"},
		"a falseticker":          {servers: []responder{good, good, ahead, good}, known: true, lying: []int{2}, source: "3 of 4"},
		"we are wrong":           {servers: []responder{ahead, ahead, ahead}, known: true, truth: 42 * time.Second, source: "3 of 3"},
		"kiss of death":          {servers: []responder{good, {kiss: "RATE"}, good}, known: true, errs: map[int]string{1: `kiss of death "RATE"`}, source: "2 of 3"},
		"silent":                 {servers: []responder{{silent: true}, good}, known: true, errs: map[int]string{0: "no answer"}, source: "1 of 2"},
		"not synchronised":       {servers: []responder{good, {leap: 3}}, known: true, errs: map[int]string{1: "leap"}, source: "1 of 2"},
		"too far from a primary": {servers: []responder{good, {dispersion: 20 * time.Second}}, known: true, errs: map[int]string{1: "dispersion"}, source: "1 of 2"},
		"two contradict":         {servers: []responder{good, ahead}, source: "2 NTP servers contradict each other"},
		"all are silent":         {servers: []responder{{silent: true}}, errs: map[int]string{0: "no answer"}, source: "none of 1"},
		"nobody was asked":       {source: "no NTP server was asked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var names []string
			for _, r := range c.servers {
				names = append(names, r.start(t))
			}
			got := clock.Agree(clock.AskNTP(t.Context(), clock.NewWatch(), names))
			if got.Known != c.known || !strings.Contains(got.Source, c.source) {
				t.Fatalf("got %+v, want source %q", got, c.source)
			}
			if c.known && (got.Offset.Low > c.truth || got.Offset.High < c.truth || got.Offset.Bound() > time.Second) {
				t.Errorf("got %v ± %v, want %v", got.Offset.Value(), got.Offset.Bound(), c.truth)
			}
			wantFalse := map[int]bool{}
			for _, i := range c.lying {
				wantFalse[i] = true
			}
			for i, s := range got.Servers {
				if s.Falseticker != wantFalse[i] || !strings.Contains(s.Err, c.errs[i]) || s.Err != "" && c.errs[i] == "" {
					t.Errorf("server %d: %+v, want falseticker %v and error %q", i, s, wantFalse[i], c.errs[i])
				}
			}
		})
	}
}

func TestByDate(t *testing.T) {
	ahead := time.Hour
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
	}))
	defer server.Close()
	r := clock.ByDate(context.Background(), clock.NewWatch(), server.Client(), server.URL)
	if !r.Known || r.Offset.Low > ahead || r.Offset.High < ahead || r.Offset.Bound() > 2*time.Second {
		t.Errorf("got %+v", r)
	}
	server.Close()
	if r := clock.ByDate(context.Background(), clock.NewWatch(), server.Client(), server.URL); r.Known || r.Err == "" {
		t.Errorf("from a server that is gone: %+v", r)
	}
}
