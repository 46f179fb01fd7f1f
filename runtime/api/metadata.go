package api

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/scrape"
)

type targetMetadata struct {
	Target       labels.Labels    `json:"target"`
	MetricFamily string           `json:"metric,omitempty"`
	Type         model.MetricType `json:"type"`
	Help         string           `json:"help"`
	Unit         string           `json:"unit"`
}

// number reads an optional whole number; -1 where there is none.
func number(r *http.Request, name string) (int, error) {
	s := r.FormValue(name)
	if s == "" {
		return -1, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, badData(errors.New(name + " must be a number"))
	}
	return n, nil
}

// known is what a target said of one metric, or of all when metric is "".
func known(t *scrape.Target, metric string) []scrape.MetricMetadata {
	if metric == "" {
		return t.ListMetadata()
	}
	if m, ok := t.GetMetadata(metric); ok {
		return []scrape.MetricMetadata{m}
	}
	return nil
}

func (a *API) targetMetadata(r *http.Request) (*answer, error) {
	limit, err := number(r, "limit")
	if err != nil {
		return nil, err
	}
	var matchers []*labels.Matcher
	if s := r.FormValue("match_target"); s != "" {
		if matchers, err = a.Parser.ParseMetricSelector(s); err != nil {
			return nil, badParameter(err, "match_target")
		}
	}
	metric := r.FormValue("metric")
	found := []targetMetadata{}
	b := labels.NewBuilder(labels.EmptyLabels())
	each(a.Targets().TargetsActive(), "", func(_ string, t *scrape.Target) {
		l := t.Labels(b)
		if limit >= 0 && len(found) >= limit || !matches(l, matchers) {
			return
		}
		for _, m := range known(t, metric) {
			one := targetMetadata{Target: l, MetricFamily: m.MetricFamily, Type: m.Type, Help: m.Help, Unit: m.Unit}
			if metric != "" {
				one.MetricFamily = "" // the client asked for it by name
			}
			found = append(found, one)
		}
	})
	return &answer{data: found}, nil
}

func matches(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// metadata merges what all targets say of their metrics.
func (a *API) metadata(r *http.Request) (*answer, error) {
	limit, err := number(r, "limit")
	if err != nil {
		return nil, err
	}
	perMetric, err := number(r, "limit_per_metric")
	if err != nil {
		return nil, err
	}
	metric := r.FormValue("metric")
	seen := map[string]map[metadata.Metadata]bool{}
	merged := map[string][]metadata.Metadata{}
	each(a.Targets().TargetsActive(), "", func(_ string, t *scrape.Target) {
		for _, m := range known(t, metric) {
			one := metadata.Metadata{Type: m.Type, Help: m.Help, Unit: m.Unit}
			name := m.MetricFamily
			full := perMetric > 0 && len(merged[name]) >= perMetric || limit >= 0 && merged[name] == nil && len(merged) >= limit
			if full || seen[name][one] {
				continue
			}
			if seen[name] == nil {
				seen[name] = map[metadata.Metadata]bool{}
			}
			seen[name][one] = true
			merged[name] = append(merged[name], one)
		}
	})
	return &answer{data: merged}, nil
}
