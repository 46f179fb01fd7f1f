package discover

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
)

// told is a stand-in for a mechanism of discovery: it finds what the test tells it.
type told struct {
	Server string // what tells configurations apart
	made   *int
	news   chan []*targetgroup.Group
}

func (told) Name() string { return "told" }

func (c told) NewDiscoverer(discovery.DiscovererOptions) (discovery.Discoverer, error) {
	if c.Server == "broken" {
		return nil, errors.New("it is broken")
	}
	*c.made++
	return c, nil
}

func (told) NewDiscovererMetrics(prometheus.Registerer, discovery.RefreshMetricsInstantiator) discovery.DiscovererMetrics {
	return nil
}

func (c told) Run(ctx context.Context, out chan<- []*targetgroup.Group) {
	for {
		select {
		case <-ctx.Done():
			return
		case groups := <-c.news:
			select {
			case <-ctx.Done():
			case out <- groups:
			}
		}
	}
}

func group(source string, addresses ...model.LabelValue) *targetgroup.Group {
	g := &targetgroup.Group{Source: source}
	for _, a := range addresses {
		g.Targets = append(g.Targets, model.LabelSet{model.AddressLabel: a})
	}
	return g
}

// running starts a finder in a bubble of synctest; what it sends is counted and the last is kept.
func running(t *testing.T) (f *Finder, shown func() map[string]int, sends func() int64) {
	t.Helper()
	reg := prometheus.NewRegistry()
	sd, err := discovery.CreateAndRegisterSDMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if f, err = New(ctx, "test", slog.New(slog.DiscardHandler), reg, sd); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	var sent atomic.Int64
	var last map[string][]*targetgroup.Group
	received := make(chan struct{})
	go func() {
		defer close(received)
		for last = range f.Targets() {
			sent.Add(1)
		}
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
		<-received
	})
	return f, func() map[string]int {
		time.Sleep(time.Minute)
		synctest.Wait()
		n := map[string]int{}
		for job, groups := range last {
			n[job] = 0
			for _, g := range groups {
				n[job] += len(g.Targets)
			}
		}
		return n
	}, func() int64 { synctest.Wait(); return sent.Load() }
}

func want(t *testing.T, got, want map[string]int) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
}

func TestTargetsOfJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, shown, sends := running(t)
		made := 0
		config := told{"one", &made, make(chan []*targetgroup.Group)}
		static := discovery.StaticConfig{group("0", "a:1", "b:1")}
		f.Apply(map[string]discovery.Configs{"fixed": {static}, "found": {config}, "shares": {config, static}, "none": {}, "broken": {told{Server: "broken"}}})
		want(t, shown(), map[string]int{"fixed": 2, "found": 0, "shares": 2, "none": 0, "broken": 0})
		config.news <- []*targetgroup.Group{group("x", "c:1"), group("y", "d:1", "e:1"), nil}
		want(t, shown(), map[string]int{"fixed": 2, "found": 3, "shares": 5, "none": 0, "broken": 0})
		config.news <- []*targetgroup.Group{group("y")}
		want(t, shown(), map[string]int{"fixed": 2, "found": 1, "shares": 3, "none": 0, "broken": 0})

		// A reload that leaves a discoverer as it was does not make it forget.
		f.Apply(map[string]discovery.Configs{"fixed": {discovery.StaticConfig{group("0", "a:1")}}, "found": {config}})
		want(t, shown(), map[string]int{"fixed": 1, "found": 1})
		if made != 1 {
			t.Errorf("the discoverer was made %d times", made)
		}

		// While nothing changes nothing is sent.
		before := sends()
		time.Sleep(24 * time.Hour)
		if sends() != before {
			t.Errorf("%d sets were sent in a day without news", sends()-before)
		}
		f.Apply(nil)
		want(t, shown(), map[string]int{})
	})
}

// News that does not end is sent ever more seldom, and after a rest at once again.
func TestMuchNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _, sends := running(t)
		config := told{"one", new(int), make(chan []*targetgroup.Group)}
		f.Apply(map[string]discovery.Configs{"found": {config}})
		for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(10 * time.Millisecond) {
			config.news <- []*targetgroup.Group{group("x", "c:1")}
		}
		if n := sends(); n < 60/5 || n > 30 {
			t.Errorf("%d sets in a minute", n)
		}
		time.Sleep(time.Minute)
		before := sends()
		config.news <- []*targetgroup.Group{group("x", "d:1")}
		time.Sleep(2 * soon)
		if sends() != before+1 {
			t.Errorf("%d sets after a rest", sends()-before)
		}
	})
}
