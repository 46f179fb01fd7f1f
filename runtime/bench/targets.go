package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// farm are the targets: three fifths of the series are counters, a fifth gauges that wander, a fifth buckets.
type farm struct {
	addresses []string
	mu        sync.Mutex
	scrapes   map[string]int // by server
	servers   []*http.Server
}

func newFarm(l load) (*farm, error) {
	f := &farm{scrapes: map[string]int{}}
	for range l.targets {
		listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a moment's work
		if err != nil {
			return nil, err
		}
		s := &http.Server{Handler: f.target(l.series), ReadHeaderTimeout: time.Minute}
		f.servers, f.addresses = append(f.servers, s), append(f.addresses, listener.Addr().String())
		go func() { _ = s.Serve(listener) }() // ends with close
	}
	return f, nil
}

func (f *farm) close() {
	for _, s := range f.servers {
		_ = s.Close()
	}
}

func (f *farm) list() string { return `"` + strings.Join(f.addresses, `", "`) + `"` }

// count gives the scrapes of a server so far.
func (f *farm) count(who string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.scrapes[who]
}

// target renders series whose values depend on the time alone, so all servers store the same shape.
func (f *farm) target(series int) http.HandlerFunc {
	phase := rand.IntN(1000) //nolint:gosec // no secret
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		f.scrapes[r.URL.Query().Get("who")]++
		f.mu.Unlock()
		n := int(time.Now().Unix()) + phase
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = w.Write(render(make([]byte, 0, series*60), series, n)) // a server that left is no fault
	}
}

func render(b []byte, series, n int) []byte {
	line := func(name string, i int, value []byte) {
		b = append(b, name...)
		b = append(b, `{path="/api/v1/thing/`...)
		b = strconv.AppendInt(b, int64(i), 10)
		b = append(b, `",code="200"} `...)
		b = append(append(b, value...), '\n')
	}
	for i := range series * 3 / 5 {
		line("x_total", i, strconv.AppendInt(nil, int64(n*(1+i%7)), 10))
	}
	for i := range series / 5 {
		line("g_value", i, strconv.AppendFloat(nil, float64((n*7919+i*104729)%10000)/100, 'f', 2, 64))
	}
	buckets := [...]string{"0.01", "0.05", "0.1", "0.5", "1", "5", "10", "+Inf"}
	for i := range series / 5 {
		le := i % len(buckets)
		b = append(b, fmt.Sprintf("h_seconds_bucket{path=\"/%d\",le=%q} %d\n", i/len(buckets), buckets[le], n*(le+1))...)
	}
	return b
}
