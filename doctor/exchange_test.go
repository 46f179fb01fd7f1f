package doctor

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet"
)

// standin is a host some way off that has a right clock and nothing else. It counts how many of its kind are asked at once.
type standin struct {
	roundTrip time.Duration
	now, most *atomic.Int64
}

func (s standin) Run(ctx context.Context, cmd fleet.Cmd) (fleet.Result, error) {
	s.most.Store(max(s.most.Load(), s.now.Add(1)))
	defer s.now.Add(-1)
	time.Sleep(2 * s.roundTrip) // a channel, and the script
	cmd.OnLine("reader perl")
	return fleet.Result{}, cmd.Talk(ctx, listener(func() {
		time.Sleep(s.roundTrip / 2)
		now := time.Now()
		time.Sleep(s.roundTrip / 2)
		cmd.OnLine(fmt.Sprintf("%d.%09d", now.Unix(), now.Nanosecond()))
	}))
}

func (standin) Dial(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }
func (standin) Close() error                                           { return nil }

// listener is called for each line that is written.
type listener func()

func (l listener) Write(p []byte) (int, error) { l(); return len(p), nil }

// measureAll measures a hundred clocks as Look does, in time that only passes while all wait.
func measureAll(t *testing.T, roundTrip time.Duration) (took time.Duration, most int64) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &look{watch: clock.NewWatch(), turns: newTurns()}
		host := standin{roundTrip, new(atomic.Int64), new(atomic.Int64)}
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if r := l.exchange(t.Context(), host); !r.Known || !r.Offset.Inside(roundTrip) {
					t.Errorf("got %+v", r)
				}
			})
		}
		all.Wait()
		took, most = l.watch.Now().Sub(l.watch.Began()), host.most.Load()
	})
	return took, most
}

// TestTurns has hosts nearby measured a few at once, so that they do not disturb each other, and those far away all at once, so that
// nobody waits for somebody else's way.
func TestTurns(t *testing.T) {
	if _, most := measureAll(t, 200*time.Microsecond); most != atOnce {
		t.Errorf("%d hosts nearby were measured at once, want %d", most, atOnce)
	}
	const ocean = 50 * time.Millisecond
	took, most := measureAll(t, ocean)
	t.Logf("100 hosts of %v: %v, %d at once", ocean, took, most)
	if longest := 100/atOnce*moment + 20*ocean; took > longest {
		t.Errorf("a hundred hosts of %v took %v, want at most %v", ocean, took, longest)
	}
}

// TestNoTurn ends with its context, and takes nobody's turn along.
func TestNoTurn(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel()
	turns := newTurns()
	for range 2 * atOnce {
		if _, ok := turns.take(over); ok {
			t.Fatal("a turn after the end")
		}
	}
	if len(turns) != 0 {
		t.Errorf("%d turns were not given back", len(turns))
	}
}
