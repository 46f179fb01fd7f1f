package prove

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/monctl/monctl/installer/dashboard"
)

// BoardResult is what the queries of a dashboard gave.
type BoardResult struct {
	Asked, WithData int
	Explained       int                  // answered without data, by panels that say why they may have none
	Empty           []dashboard.Question // the others without data
}

// Nothing says whether no query gave data, and not all of them explain it.
func (r BoardResult) Nothing() bool { return r.WithData == 0 && len(r.Empty) > 0 }

// Panels names the panels of queries without data, each once.
func (r BoardResult) Panels() []string {
	var names []string
	for _, q := range r.Empty {
		if !slices.Contains(names, q.Panel) {
			names = append(names, q.Panel)
		}
	}
	return names
}

// Run asks every query of a dashboard through Grafana, with its variables filled in as for a person who opens it. A
// query that is refused is an error; one without data is in the result.
func (g Grafana) Run(ctx context.Context, d *dashboard.Dashboard, scrape time.Duration) (BoardResult, error) {
	view, err := g.choose(ctx, d, dashboard.ViewOf(scrape))
	if err != nil {
		return BoardResult{}, err
	}
	var r BoardResult
	var errs []error
	for _, q := range d.Questions(view) {
		if q.Hidden {
			continue
		}
		r.Asked++
		n, err := 0, q.Err
		if err == nil {
			n, err = g.count(ctx, q)
		}
		switch {
		case err != nil && !refused(err):
			return r, fmt.Errorf("datasource %s: %w", q.Datasource.UID, err)
		case err != nil:
			errs = append(errs, fmt.Errorf("panel %q: %w", q.Panel, err))
		case n > 0:
			r.WithData++
		case q.Empty != "":
			r.Explained++
		default:
			r.Empty = append(r.Empty, q)
		}
	}
	return r, firstOf(errs)
}

// refused says whether a query itself was refused; all else is the datasource's, and the same for every query.
func refused(err error) bool {
	var status *StatusError
	return !errors.As(err, &status) || status.Status/100 == 4
}

// firstOf is the first of several errors, with the number of the others.
func firstOf(errs []error) error {
	if len(errs) < 2 {
		return errors.Join(errs...)
	}
	return fmt.Errorf("%w (and %d more)", errs[0], len(errs)-1)
}

// Fills is Run, again and again while queries have no data yet: a rate has a value after the second scrape, and a rule's
// result after the next evaluation. It ends when a scrape brought nothing new, for a dashboard without any data after
// three.
func (g Grafana) Fills(ctx context.Context, d *dashboard.Dashboard, scrape time.Duration) (BoardResult, error) {
	round := scrape + slack
	last := time.Now().Add(3 * round)
	for empty, patience := math.MaxInt, time.Now().Add(round); ; {
		r, err := g.Run(ctx, d, scrape)
		now := time.Now()
		if len(r.Empty) < empty {
			empty, patience = len(r.Empty), now.Add(round)
		}
		waits := r.Nothing() || now.Before(patience)
		if err != nil || len(r.Empty) == 0 || !waits || now.After(last) || pause(ctx, time.Second) != nil {
			return r, err
		}
	}
}

// count asks one query about the last moment, or for logs about the last hour, and says how many values there are.
func (g Grafana) count(ctx context.Context, q dashboard.Question) (int, error) {
	path, question := "/api/v1/query", url.Values{"query": {q.Ready}}
	if q.Datasource.Type == dashboard.Loki {
		path = "/loki/api/v1/query_range"
		question.Set("start", strconv.FormatInt(time.Now().Add(-time.Hour).UnixNano(), 10))
		question.Set("limit", "1")
		question.Set("step", "60s")
	}
	body, err := g.ask(ctx, q.Datasource.UID, path, question)
	if err != nil {
		return 0, err
	}
	return entries(body)
}
