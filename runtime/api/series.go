package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

func (a *API) labelNames(r *http.Request) (*answer, error) {
	return a.words(r, func(q storage.Querier, hints *storage.LabelHints, m []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelNames(r.Context(), hints, m...)
	})
}

func (a *API) labelValues(r *http.Request) (*answer, error) {
	name := r.PathValue("name")
	if strings.HasPrefix(name, "U__") {
		name = model.UnescapeName(name, model.ValueEncodingEscaping)
	}
	if !model.UTF8Validation.IsValidLabelName(name) {
		return nil, badData(fmt.Errorf("invalid label name: %q", name))
	}
	return a.words(r, func(q storage.Querier, hints *storage.LabelHints, m []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return q.LabelValues(r.Context(), name, hints, m...)
	})
}

// words collects label names or values over all match[] sets, sorted, each once.
func (a *API) words(r *http.Request, ask func(storage.Querier, *storage.LabelHints, []*labels.Matcher) ([]string, annotations.Annotations, error)) (*answer, error) {
	limit, err := limitParameter(r)
	if err != nil {
		return nil, err
	}
	start, end, err := window(r)
	if err != nil {
		return nil, err
	}
	sets, err := a.matchers(r.Form["match[]"])
	if err != nil {
		return nil, badData(err)
	}
	if len(sets) == 0 {
		sets = [][]*labels.Matcher{nil}
	}
	q, err := a.Storage.Querier(start, end)
	if err != nil {
		return nil, failed(err)
	}
	defer q.Close()
	words := []string{}
	var warnings annotations.Annotations
	for _, set := range sets {
		found, warned, err := ask(q, &storage.LabelHints{Limit: hint(limit)}, set)
		if err != nil {
			return nil, failed(err)
		}
		for _, w := range found {
			words = append(words, strings.Clone(w)) // it is memory of the block, which may be unmapped after Close
		}
		warnings = warnings.Merge(warned)
	}
	slices.Sort(words)
	words = slices.Compact(words)
	if limit > 0 && len(words) > limit {
		words, warnings = words[:limit], warnings.Add(errTruncated)
	}
	return &answer{data: words, warnings: warnings}, nil
}

func (a *API) series(r *http.Request) (*answer, error) {
	if len(r.Form["match[]"]) == 0 {
		return nil, badData(errors.New("no match[] parameter provided"))
	}
	limit, err := limitParameter(r)
	if err != nil {
		return nil, err
	}
	start, end, err := window(r)
	if err != nil {
		return nil, err
	}
	sets, err := a.matchers(r.Form["match[]"])
	if err != nil {
		return nil, badParameter(err, "match[]")
	}
	q, err := a.Storage.Querier(start, end)
	if err != nil {
		return nil, failed(err)
	}
	found, warnings, err := collect(r, selectSeries(r, q, sets, start, end, limit), limit)
	if err != nil {
		q.Close()
		return nil, failed(err)
	}
	return &answer{data: found, warnings: warnings, close: func() { q.Close() }}, nil
}

func selectSeries(r *http.Request, q storage.Querier, sets [][]*labels.Matcher, start, end int64, limit int) storage.SeriesSet {
	hints := &storage.SelectHints{Start: start, End: end, Func: "series", Limit: hint(limit)} // "series": no samples are needed
	if len(sets) == 1 {
		return q.Select(r.Context(), false, hints, sets[0]...)
	}
	var all []storage.SeriesSet
	for _, set := range sets {
		all = append(all, q.Select(r.Context(), true, hints, set...)) // sorted, to be merged
	}
	return storage.NewMergeSeriesSet(all, 0, storage.ChainedSeriesMerge)
}

// checkEvery is the number of series after which it is looked whether the client is still there.
const checkEvery = 128

func collect(r *http.Request, set storage.SeriesSet, limit int) ([]labels.Labels, annotations.Annotations, error) {
	found := []labels.Labels{}
	warnings := set.Warnings()
	for set.Next() {
		if len(found)%checkEvery == 0 && r.Context().Err() != nil {
			return nil, nil, r.Context().Err()
		}
		if limit > 0 && len(found) == limit {
			return found, warnings.Add(errTruncated), nil
		}
		found = append(found, set.At().Labels())
	}
	return found, warnings, set.Err()
}
