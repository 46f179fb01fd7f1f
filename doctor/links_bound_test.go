package doctor

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/monctl/monctl/doctor/clock"
)

// deadNetwork is a network in which nothing answers; it counts how many wait at once.
type deadNetwork struct{ now, most atomic.Int64 }

func (s *deadNetwork) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	n := s.now.Add(1)
	defer s.now.Add(-1)
	for {
		most := s.most.Load()
		if n <= most || s.most.CompareAndSwap(most, n) {
			break
		}
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestLinksAreBounded tries far more addresses than there is time for: it ends in time, never has more than so many
// connections open, and what was not tried is unknown.
func TestLinksAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := well("grafana")
		var lines string
		for i := range 1000 {
			lines += fmt.Sprintf("datasource=1000|http://10.1.%d.%d:9090\n", i/250, i%250)
			lines += fmt.Sprintf("datasource=1000|http://vm%d.example:9090\n", i)
		}
		h.Probes[reachCheck] = probed(lines)
		var s deadNetwork
		q := newQuestions(&h, &s, clock.NewWatch())
		defer q.close()
		began := time.Now()
		askLinks(t.Context(), q, LinkQuery)
		if took := time.Since(began); took > linksWithin {
			t.Errorf("it took %v", took)
		}
		if most := s.most.Load(); most > addressesAtOnce+namesAtOnce || most < addressesAtOnce {
			t.Errorf("%d connections at once", most)
		}
		states := map[LinkState]int{}
		for _, l := range (Fleet{Hosts: []Host{h}}).Links() {
			states[l.State()]++
		}
		if states[LinkDropped] < 2*addressesAtOnce || states[LinkUnknown] < 1000 || states[LinkDropped]+states[LinkUnknown] != 2000 {
			t.Errorf("got %v", states)
		}
	})
}
