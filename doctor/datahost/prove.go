package datahost

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/prove"
	"github.com/prometheus/common/model"
)

// Proof is one thing that was proven, or not.
type Proof struct {
	What string `json:"what"`
	Err  error  `json:"-"`
	Said string `json:"said"` // figures, or why not
}

// History is what a Prometheus can tell of the time before the fault, to compare it with later.
type History struct {
	At      time.Time // by the host's clock; samples after it do not count
	Samples map[prove.Series]float64
	Jobs    []string // that have targets
}

// history is how far back the comparison reaches.
const history = model.Duration(7 * 24 * time.Hour)

// HistoryOf asks for the number of samples of every target's up before a moment: zero value when it does not answer.
func HistoryOf(ctx context.Context, conn fleet.Conn, base string, at time.Time) (History, error) {
	asker := prove.NewAsker(conn)
	defer asker.Close()
	return historyOf(ctx, prove.Prometheus{Asker: asker, Base: base}, at)
}

func historyOf(ctx context.Context, p prove.Prometheus, at time.Time) (History, error) {
	samples, err := p.Samples(ctx, at, history)
	h := History{At: at, Samples: samples}
	if err != nil {
		return h, err
	}
	targets, err := p.Targets(ctx)
	for _, t := range targets {
		if !slices.Contains(h.Jobs, t.Job) {
			h.Jobs = append(h.Jobs, t.Job)
		}
	}
	return h, err
}

// Extent is how much is proven.
type Extent int

// The extents. What was restored may have the fault that it had before, so no more is asked of it than that it runs.
const (
	Running   Extent = iota // it is ready
	Ingesting               // and takes samples
	Complete                // and the past is there as before
)

// Ingestion proves that a Prometheus takes samples again: it is ready, every job has fresh ones, and both counters of
// samples out of bounds stay where they are for three scrapes. With a History, it proves that this is still there. It ends with
// the first thing that cannot be proven.
type Ingestion struct {
	Conn    fleet.Conn
	Base    string // "http://127.0.0.1:9090"
	Unit    string
	Extent  Extent
	Before  *History          // nil: not compared
	Since   time.Time         // by the host's clock: fresh is what was scraped after it
	Limit   time.Duration     // for each proof; three scrapes take as long as they take. 0 is none
	Looking func(what string) // told what is waited for; may be nil
}

// The counters of samples that were refused: by the scrape loop for a time stamp ahead of now, by the head for one out of
// its range (scrape/scrape.go, tsdb/head.go).
var counters = []string{"prometheus_target_scrapes_sample_out_of_bounds_total", "prometheus_tsdb_out_of_bound_samples_total"}

// step is one proof; an unlimited one knows itself how long it takes.
type step struct {
	what      string
	extent    Extent
	unlimited bool
	do        func(context.Context) (string, error)
}

// Prove waits for each proof in turn.
func (i Ingestion) Prove(ctx context.Context) []Proof {
	asker := prove.NewAsker(i.Conn)
	defer asker.Close()
	p := prove.Prometheus{Asker: asker, Base: i.Base}
	var proofs []Proof
	for _, s := range []step{
		{"ready", Running, false, func(ctx context.Context) (string, error) { return "", asker.Ready(ctx, i.Base+"/-/ready", i.gone) }},
		{"fresh samples for every job", Ingesting, false, func(ctx context.Context) (string, error) { return i.fresh(ctx, p) }},
		{"no samples out of bounds", Ingesting, true, func(ctx context.Context) (string, error) { return i.flat(ctx, p) }},
		{"history as before", Complete, false, func(ctx context.Context) (string, error) { return i.same(ctx, p) }},
	} {
		if s.extent > i.Extent {
			break
		}
		if i.Looking != nil {
			i.Looking(s.what)
		}
		said, err := i.limited(ctx, s)
		if errors.Is(err, errNothingToCompare) {
			continue
		}
		proof := Proof{What: s.what, Said: said, Err: err}
		if err != nil {
			proof.Said = err.Error()
		}
		if proofs = append(proofs, proof); err != nil {
			break
		}
	}
	return proofs
}

func (i Ingestion) limited(ctx context.Context, s step) (string, error) {
	if i.Limit == 0 || s.unlimited {
		return s.do(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, i.Limit)
	defer cancel()
	return s.do(ctx)
}

// runs proves no more of a component than that its unit runs and stays so.
func (i Ingestion) runs(ctx context.Context) []Proof {
	proof := Proof{What: "running", Said: i.Unit + " stays active"}
	for range 3 {
		if err := i.gone(ctx); err != nil {
			proof.Err, proof.Said = err, err.Error()
			break
		}
		if pause(ctx, time.Second) != nil {
			break
		}
	}
	return []Proof{proof}
}

// gone says that waiting is pointless: the unit failed.
func (i Ingestion) gone(ctx context.Context) error {
	res, err := i.Conn.Run(ctx, fleet.Cmd{Script: "systemctl show -p ActiveState --value -- " + fleet.Quote(i.Unit)})
	if state := strings.TrimSpace(res.Stdout); err == nil && (state == "failed" || state == "inactive") {
		return fault.With(fmt.Errorf("%s is %s", i.Unit, state), "See journalctl -u %s.", i.Unit)
	}
	return err
}

// discovery is how long a server may take until it knows its targets: its scrape manager takes what discovery found every 5 s
// (scrape/manager.go, discovery/manager.go).
const discovery = 15 * time.Second

// fresh waits until every job with targets has a sample of up from after the start, those included that had targets before.
func (i Ingestion) fresh(ctx context.Context, p prove.Prometheus) (string, error) {
	began := time.Now()
	for {
		jobs, missing, err := i.jobs(ctx, p)
		switch {
		case err == nil && len(missing) == 0 && jobs > 0:
			return fmt.Sprintf("%d of %d jobs", jobs, jobs), nil
		case err == nil && jobs == 0 && time.Since(began) > discovery:
			return "it has no targets", nil
		}
		if pauseErr := pause(ctx, 300*time.Millisecond); pauseErr != nil {
			if err == nil {
				err = fmt.Errorf("no fresh sample of %s", strings.Join(missing, ", "))
			}
			return "", errors.Join(err, pauseErr)
		}
	}
}

func (i Ingestion) jobs(ctx context.Context, p prove.Prometheus) (all int, missing []string, err error) {
	targets, err := p.Targets(ctx)
	if err != nil {
		return 0, nil, err
	}
	newest, err := p.Query(ctx, "max by (job) (timestamp(up))", time.Time{})
	if err != nil {
		return 0, nil, err
	}
	jobs := map[string]bool{}
	if i.Before != nil {
		for _, j := range i.Before.Jobs {
			jobs[j] = false
		}
	}
	for _, t := range targets {
		jobs[t.Job] = false
	}
	for _, v := range newest {
		if _, is := jobs[v.Labels["job"]]; is && v.Value >= float64(i.Since.UnixMilli())/1000 {
			jobs[v.Labels["job"]] = true
		}
	}
	for _, j := range slices.Sorted(maps.Keys(jobs)) {
		if !jobs[j] {
			missing = append(missing, j)
		}
	}
	return len(jobs), missing, nil
}

// flat reads the counters, waits three scrapes, and wants them unchanged.
func (i Ingestion) flat(ctx context.Context, p prove.Prometheus) (string, error) {
	interval, err := longest(ctx, p)
	if err != nil {
		return "", err
	}
	before, err := i.read(ctx, p)
	if err != nil {
		return "", err
	}
	if err := pause(ctx, 3*interval); err != nil {
		return "", fmt.Errorf("three scrapes take %v: %w", 3*interval, err)
	}
	after, err := i.read(ctx, p)
	if err != nil {
		return "", err
	}
	for n, counter := range counters {
		if rise := after[n] - before[n]; rise > 0 {
			return "", fmt.Errorf("%s rose by %g in %v", counter, rise, 3*interval)
		}
	}
	return fmt.Sprintf("both counters flat over %v, three scrapes", 3*interval), nil
}

// longest is the longest scrape interval of all targets, 15 s where none says it (Prometheus before 2.29).
func longest(ctx context.Context, p prove.Prometheus) (time.Duration, error) {
	targets, err := p.Targets(ctx)
	interval := time.Duration(0)
	for _, t := range targets {
		interval = max(interval, t.Interval)
	}
	if interval == 0 {
		interval = 15 * time.Second
	}
	return interval, err
}

func (i Ingestion) read(ctx context.Context, p prove.Prometheus) ([]float64, error) {
	page, err := p.Asker.Get(ctx, i.Base+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	samples := doctor.ParseMetrics(string(page))
	values := make([]float64, len(counters))
	for n, counter := range counters {
		values[n], _ = samples.Sum(counter)
	}
	return values, nil
}

var errNothingToCompare = errors.New("nothing to compare")

// same compares what can be queried of the time before the fault with what could be before.
func (i Ingestion) same(ctx context.Context, p prove.Prometheus) (string, error) {
	if i.Before == nil || len(i.Before.Samples) == 0 {
		return "", errNothingToCompare
	}
	now, err := historyOf(ctx, p, i.Before.At)
	if err != nil {
		return "", err
	}
	return i.Before.compare(now)
}

func (h History) compare(now History) (string, error) {
	var sum float64
	for series, n := range h.Samples {
		if now.Samples[series] < n {
			return "", fmt.Errorf("%s %s had %g samples in the %s before %s, and has %g now", series.Job, series.Instance, n, history, stamp(h.At), now.Samples[series])
		}
		sum += n
	}
	return fmt.Sprintf("%g samples of up of %d targets in the %s before %s, as before", sum, len(h.Samples), history, stamp(h.At)), nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
