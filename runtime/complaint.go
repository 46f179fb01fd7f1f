package runtime

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/scrape"
)

func (m *Monitor) serveDoctor(w http.ResponseWriter, r *http.Request) {
	inside := func(ctx context.Context, _, _ string) (net.Conn, error) { return m.web.within.dial(ctx) }
	answer := m.clinic.ask(Complaint{Targets: m.ill(r.Context()), NTP: m.ntp.Load(), Dial: inside, Base: m.base()})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(answer) // a client that left is nobody to tell
}

// base is where this process reaches its own API by its port.
func (m *Monitor) base() string {
	host, port, err := net.SplitHostPort(m.listener.Addr().String())
	if ip := net.ParseIP(host); err != nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + strings.TrimRight(m.web.external.Path, "/")
}

// ill lists the targets that are down, and those that are up and of which nothing of now is stored, in a fixed order.
func (m *Monitor) ill(ctx context.Context) []TargetKey {
	ages := m.ages(ctx)
	b := labels.NewBuilder(labels.EmptyLabels())
	var list []TargetKey
	for pool, targets := range m.scrape.TargetsActive() {
		for _, t := range targets {
			if t.Health() == scrape.HealthBad || t.Health() == scrape.HealthGood && ages != nil && stale(t, ages, b) {
				list = append(list, TargetKey{pool, t.URL().String()})
			}
		}
	}
	slices.SortFunc(list, func(a, b TargetKey) int { return strings.Compare(a.Pool+" "+a.URL, b.Pool+" "+b.URL) })
	return slices.Compact(list)
}

// ages gives the age in seconds of the newest stored sample of every target, by the hash of its labels; nil when that cannot be had.
func (m *Monitor) ages(ctx context.Context) map[uint64]float64 {
	q, err := m.queries.NewInstantQuery(ctx, m.store.db, nil, "time() - timestamp(up)", m.o.Now())
	if err != nil {
		return nil
	}
	defer q.Close()
	samples, err := q.Exec(ctx).Vector()
	if err != nil {
		return nil
	}
	ages := make(map[uint64]float64, len(samples))
	for _, s := range samples {
		ages[s.Metric.Hash()] = s.F
	}
	return ages
}

// stale says that what a target answers is not stored, or not with the present time: by the rule of the page (ui/src/targets/judge.ts).
func stale(t *scrape.Target, ages map[uint64]float64, b *labels.Builder) bool {
	age, stored := ages[t.Labels(b).Hash()]
	interval, err := model.ParseDuration(t.GetValue(model.ScrapeIntervalLabel))
	if err != nil {
		interval = model.Duration(time.Minute)
	}
	seconds := time.Duration(interval).Seconds()
	return !stored || age > 3*seconds+5 || age < -(seconds+5)
}
