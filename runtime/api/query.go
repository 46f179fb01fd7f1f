package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/httputil"
	"github.com/prometheus/prometheus/util/stats"
)

// queryData is the data of query and query_range.
type queryData struct {
	ResultType parser.ValueType `json:"resultType"`
	Result     parser.Value     `json:"result"`
	Stats      stats.QueryStats `json:"stats,omitempty"`
}

// maxPoints per series of a range query: a week at 60 s, a year at 1 h.
const maxPoints = 11_000

func (a *API) query(r *http.Request) (*answer, error) {
	limit, err := limitParameter(r)
	if err != nil {
		return nil, err
	}
	at, err := timeParameter(r, "time", a.Now())
	if err != nil {
		return nil, err
	}
	return a.run(r, limit, func(ctx context.Context, o promql.QueryOpts) (promql.Query, error) {
		return a.Engine.NewInstantQuery(ctx, a.Storage, o, r.FormValue("query"), at)
	})
}

func (a *API) queryRange(r *http.Request) (*answer, error) {
	limit, err := limitParameter(r)
	if err != nil {
		return nil, err
	}
	start, end, step, err := rangeParameters(r)
	if err != nil {
		return nil, err
	}
	return a.run(r, limit, func(ctx context.Context, o promql.QueryOpts) (promql.Query, error) {
		return a.Engine.NewRangeQuery(ctx, a.Storage, o, r.FormValue("query"), start, end, step)
	})
}

func rangeParameters(r *http.Request) (start, end time.Time, step time.Duration, err error) {
	if start, err = parseTime(r.FormValue("start")); err != nil {
		return start, end, 0, badParameter(err, "start")
	}
	if end, err = parseTime(r.FormValue("end")); err != nil {
		return start, end, 0, badParameter(err, "end")
	}
	if end.Before(start) {
		return start, end, 0, badParameter(errors.New("end timestamp must not be before start time"), "end")
	}
	if step, err = parseDuration(r.FormValue("step")); err != nil {
		return start, end, 0, badParameter(err, "step")
	}
	if step <= 0 {
		return start, end, 0, badParameter(errors.New("zero or negative query resolution step widths are not accepted. Try a positive integer"), "step")
	}
	if step < time.Millisecond { // upstream's engine divides by it, in milliseconds
		return start, end, 0, badParameter(errors.New("steps of less than a millisecond are not accepted"), "step")
	}
	// Not by end.Sub(start), which is never more than 292 years.
	if span := float64(end.Unix() - start.Unix()); span > math.MaxInt64/1e9 {
		return start, end, 0, badParameter(errors.New("more than 292 years after start"), "end")
	}
	if end.Sub(start)/step > maxPoints {
		return start, end, 0, badData(errors.New("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)"))
	}
	return start, end, step, nil
}

// run makes a query with the options of the request and evaluates it. The result lives until the answer is closed.
func (a *API) run(r *http.Request, limit int, query func(context.Context, promql.QueryOpts) (promql.Query, error)) (*answer, error) {
	ctx := r.Context()
	if s := r.FormValue("timeout"); s != "" {
		timeout, err := parseDuration(s)
		if err != nil {
			return nil, badParameter(err, "timeout")
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	opts, err := queryOptions(r)
	if err != nil {
		return nil, badData(err)
	}
	q, err := query(ctx, opts)
	if ctx.Err() != nil && err != nil { // it waited for its turn, which is nothing that is wrong with it
		return nil, failed(err)
	}
	if err != nil {
		return nil, badParameter(err, "query")
	}
	ctx = httputil.ContextFromRequest(ctx, r)
	result := q.Exec(ctx)
	if result.Err != nil {
		q.Close()
		return nil, failed(result.Err)
	}
	value, warnings := truncate(result.Value, limit, result.Warnings)
	data := &queryData{ResultType: value.Type(), Result: value}
	if r.FormValue("stats") != "" {
		data.Stats = stats.NewQueryStats(q.Stats())
	}
	return &answer{data: data, warnings: warnings, close: q.Close}, nil
}

func queryOptions(r *http.Request) (promql.QueryOpts, error) {
	var lookback time.Duration
	if s := r.FormValue("lookback_delta"); s != "" {
		var err error
		if lookback, err = parseDuration(s); err != nil {
			return nil, fmt.Errorf("error parsing lookback delta duration: %w", err)
		}
	}
	return promql.NewPrometheusQueryOpts(r.FormValue("stats") == "all", lookback), nil
}

// truncate cuts a vector or matrix to limit series, unless limit is 0.
func truncate(v parser.Value, limit int, warnings annotations.Annotations) (parser.Value, annotations.Annotations) {
	if limit <= 0 {
		return v, warnings
	}
	switch all := v.(type) {
	case promql.Matrix:
		if len(all) > limit {
			return all[:limit], warnings.Add(errTruncated)
		}
	case promql.Vector:
		if len(all) > limit {
			return all[:limit], warnings.Add(errTruncated)
		}
	}
	return v, warnings
}

func (a *API) queryExemplars(r *http.Request) (*answer, error) {
	start, err := timeParameter(r, "start", minTime)
	if err != nil {
		return nil, err
	}
	end, err := timeParameter(r, "end", maxTime)
	if err != nil {
		return nil, err
	}
	if end.Before(start) {
		return nil, badData(errors.New("end timestamp must not be before start timestamp"))
	}
	expr, err := a.Parser.ParseExpr(r.FormValue("query"))
	if err != nil {
		return nil, badData(err)
	}
	selectors := parser.ExtractSelectors(expr)
	if len(selectors) == 0 {
		return &answer{}, nil
	}
	q, err := a.DB.ExemplarQuerier(r.Context())
	if err != nil {
		return nil, failed(err)
	}
	found, err := q.Select(timestamp.FromTime(start), timestamp.FromTime(end), selectors...)
	if err != nil {
		return nil, failed(err)
	}
	return &answer{data: found}, nil
}
