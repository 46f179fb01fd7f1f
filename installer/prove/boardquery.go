package prove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// BoardResult is what the queries of a dashboard gave.
type BoardResult struct {
	Asked, WithData int
	Empty           []PanelQuery // answered without data
	Foreign         int          // queries to datasources that are neither Prometheus nor Loki: not asked
}

// Nothing says whether no query gave data.
func (r BoardResult) Nothing() bool { return r.Asked > 0 && r.WithData == 0 }

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
func (g Grafana) Run(ctx context.Context, b Board, scrape time.Duration) (BoardResult, error) {
	values, err := g.values(ctx, b, scrape)
	if err != nil {
		return BoardResult{}, err
	}
	var r BoardResult
	var errs []error
	for _, q := range b.Queries {
		q.Datasource.UID, q.Expr = fill(q.Datasource.UID, values), fill(q.Expr, values)
		if q.Datasource.Type != "prometheus" && q.Datasource.Type != "loki" {
			r.Foreign++
			continue
		}
		r.Asked++
		n, err := g.count(ctx, q)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("panel %q: %w", q.Panel, err))
		case n == 0:
			r.Empty = append(r.Empty, q)
		default:
			r.WithData++
		}
	}
	return r, errors.Join(errs...)
}

// Fills is Run, again and again while queries have no data yet: a rate has a value after the second scrape, and a rule's
// result after the next evaluation. It ends when a scrape brought nothing new, for a dashboard without any data after
// three.
func (g Grafana) Fills(ctx context.Context, b Board, scrape time.Duration) (BoardResult, error) {
	round := scrape + slack
	last := time.Now().Add(3 * round)
	for empty, patience := len(b.Queries)+1, time.Now().Add(round); ; {
		r, err := g.Run(ctx, b, scrape)
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
func (g Grafana) count(ctx context.Context, q PanelQuery) (int, error) {
	path, question := "/api/v1/query", url.Values{"query": {q.Expr}}
	if q.Datasource.Type == "loki" {
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

// values fills in the variables in their order: a later one may ask with an earlier one.
func (g Grafana) values(ctx context.Context, b Board, scrape time.Duration) (map[string]string, error) {
	values := builtIn(scrape)
	for _, v := range b.Variables {
		value, err := g.value(ctx, v, values)
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", v.Name, err)
		}
		values[v.Name] = value
	}
	return values, nil
}

func (g Grafana) value(ctx context.Context, v Variable, known map[string]string) (string, error) {
	switch {
	case v.AllValue != "":
		return v.AllValue, nil
	case v.Type == "datasource":
		return g.sourceOf(ctx, v.Query)
	case v.Type != "query":
		choice, _, _ := strings.Cut(v.Query, ",")
		if v.Current != "" && !strings.HasPrefix(v.Current, "$__") {
			choice = v.Current
		}
		return strings.TrimSpace(choice), nil
	}
	m := labelValues.FindStringSubmatch(fill(v.Query, known))
	if m == nil {
		return ".*", nil // query_result() and metrics(): any value will do for a proof
	}
	list, err := g.labelValues(ctx, Source{v.Datasource.Type, fill(v.Datasource.UID, known)}, strings.TrimSpace(m[1]), m[2])
	return v.pick(list), err
}

// sourceOf is the UID of the first datasource of a type.
func (g Grafana) sourceOf(ctx context.Context, kind string) (string, error) {
	body, err := g.get(ctx, "/api/datasources")
	if err != nil {
		return "", err
	}
	var list []Source
	if err := json.Unmarshal(body, &list); err != nil {
		return "", fmt.Errorf("datasources: %w", err)
	}
	i := slices.IndexFunc(list, func(s Source) bool { return s.Type == kind })
	if i < 0 {
		return "", fmt.Errorf("there is no datasource of type %s", kind)
	}
	return list[i].UID, nil
}

// labelValues lists the values of a label on the series of a selector, "" for all.
func (g Grafana) labelValues(ctx context.Context, s Source, selector, label string) ([]string, error) {
	path, question := "/api/v1/label/"+label+"/values", url.Values{}
	key := "match[]"
	if s.Type == "loki" {
		path, key = "/loki"+path, "query"
	}
	if selector != "" {
		question.Set(key, selector)
	}
	body, err := g.ask(ctx, s.UID, path, question)
	if err != nil {
		return nil, err
	}
	var answer struct{ Data []string }
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("not a list of values: %w", err)
	}
	return answer.Data, nil // sorted by the server
}
