package clock

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/beevik/ntp"
)

// ntpPatience is how long one server has to answer. Servers are asked all at once.
const ntpPatience = 1500 * time.Millisecond

// AskNTP compares this machine's clock with servers, each "host" or "host:port", asked once and all at once. A server that says
// that it is not to be asked (kiss of death) is not asked again and does not count.
func AskNTP(ctx context.Context, w Watch, names []string) []Server {
	servers := make([]Server, len(names))
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { servers[i] = askOne(ctx, w, name) })
	}
	wg.Wait()
	return servers
}

func askOne(ctx context.Context, w Watch, name string) Server {
	s := Server{Name: name}
	r, err := ntp.QueryWithOptions(name, ntp.QueryOptions{
		Timeout: ntpPatience, GetSystemTime: w.Now,
		Dialer: func(_, remote string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, ntpPatience)
			defer cancel()
			return new(net.Dialer).DialContext(ctx, "udp", remote)
		},
	})
	if err == nil {
		err = r.Validate()
		s.Stratum = int(r.Stratum)
	}
	switch {
	case err == nil:
		// RootDistance is λ of RFC 5905: half the delay to the primary server, and all dispersions.
		s.Offset = Around(r.ClockOffset, r.RootDistance)
	case r != nil && r.IsKissOfDeath():
		s.Kissed = true
		s.Err = fmt.Sprintf("kiss of death %q: it does not want to be asked", r.KissCode)
	default:
		s.Err = plain(err)
	}
	return s
}

// plain says an error of the network without the addresses that repeat the name.
func plain(err error) string {
	var op net.Error
	if errors.As(err, &op) && op.Timeout() {
		return "no answer"
	}
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	return text
}

// Agree finds the interval that most servers agree on (Marzullo's algorithm, RFC 5905 A.5.5.1), and names those
// that contradict it. A majority of those that answered is needed; of two that contradict each other, none is believed.
func Agree(servers []Server) Truth {
	servers = append([]Server(nil), servers...)
	t := Truth{Servers: servers}
	answered, best := 0, 0
	for _, s := range servers {
		if s.Err != "" {
			continue
		}
		answered++
		if n, common := agreeing(servers, s.Offset.Low); n > best {
			best, t.Offset = n, common
		}
	}
	switch {
	case answered == 0:
		t.Source = fmt.Sprintf("none of %d NTP servers answers", len(servers))
		if len(servers) == 0 {
			t.Source = "no NTP server was asked"
		}
		return t
	case 2*best <= answered:
		t.Offset = Interval{}
		t.Source = fmt.Sprintf("%d NTP servers contradict each other", answered)
		return t
	}
	for i, s := range servers {
		_, meets := s.Offset.Intersect(t.Offset)
		servers[i].Falseticker = s.Err == "" && !meets
	}
	t.Known = true
	t.Source = fmt.Sprintf("%d of %d NTP servers", best, len(servers))
	return t
}

// agreeing counts the servers whose interval holds a point, and intersects them.
func agreeing(servers []Server, point time.Duration) (n int, common Interval) {
	for _, s := range servers {
		if s.Err != "" || s.Offset.Low > point || s.Offset.High < point {
			continue
		}
		if n++; n == 1 {
			common = s.Offset
			continue
		}
		common, _ = common.Intersect(s.Offset)
	}
	return n, common
}

// ByDate reads the Date header of a web server. It is true to the second and to the care of whoever runs the server: it
// tells a blocked UDP port 123 from no network, no more.
func ByDate(ctx context.Context, w Watch, client *http.Client, url string) Reading {
	ctx, cancel := context.WithTimeout(ctx, ntpPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return Reading{Err: err.Error()}
	}
	sent := w.Now()
	resp, err := client.Do(req)
	received := w.Now()
	if err != nil {
		return Reading{Err: plain(err)}
	}
	_ = resp.Body.Close()
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return Reading{Err: "no Date header"}
	}
	return ByHTTP(at, sent, received, time.Second, "HTTP Date")
}
