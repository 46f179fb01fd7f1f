package api

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"google.golang.org/protobuf/proto"
)

// federate serves the newest sample of every series that match[] selects, of the local data, with external labels.
func (a *API) federate(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, fmt.Sprintf("error parsing form values: %v", err), http.StatusBadRequest)
		return
	}
	sets, err := a.Parser.ParseMetricSelectors(r.Form["match[]"])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	samples, err := a.newest(r, sets)
	if err != nil {
		a.federationErrors.Inc()
		code := http.StatusInternalServerError
		if errors.Is(err, tsdb.ErrNotReady) {
			code = http.StatusServiceUnavailable
		}
		http.Error(w, err.Error(), code)
		return
	}
	format := expfmt.Negotiate(r.Header)
	w.Header().Set("Content-Type", string(format))
	encode := expfmt.NewEncoder(w, format)
	for _, family := range families(samples, a.Config().GlobalConfig.ExternalLabels.Map(), isProto(format)) {
		if err := encode.Encode(family); err != nil {
			a.federationErrors.Inc()
			a.Log.Error("federation", "err", err)
			return
		}
	}
}

func isProto(format expfmt.Format) bool {
	switch format.FormatType() {
	case expfmt.TypeProtoDelim, expfmt.TypeProtoText, expfmt.TypeProtoCompact:
		return true
	}
	return false
}

// newest reads the last sample within the lookback, by name; stale series are left out.
func (a *API) newest(r *http.Request, matchers [][]*labels.Matcher) (promql.Vector, error) {
	now := a.Now()
	mint, maxt := timestamp.FromTime(now.Add(-a.Lookback)), timestamp.FromTime(now)
	q, err := a.Local.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	var sets []storage.SeriesSet
	for _, m := range matchers {
		sets = append(sets, q.Select(r.Context(), true, &storage.SelectHints{Start: mint, End: maxt}, m...))
	}
	set := storage.NewMergeSeriesSet(sets, 0, storage.ChainedSeriesMerge)
	buffer := storage.NewBuffer(a.Lookback.Milliseconds())
	var samples promql.Vector
	var it chunkenc.Iterator
	for n := 0; set.Next(); n++ {
		if n%checkEvery == 0 && r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		it = set.At().Iterator(it)
		buffer.Reset(it)
		if s, ok := last(buffer, maxt); ok {
			s.Metric = set.At().Labels().Copy() // it is memory of the block, which may be unmapped after Close
			samples = append(samples, s)
		}
	}
	a.federationWarnings.Add(float64(len(set.Warnings())))
	slices.SortStableFunc(samples, func(x, y promql.Sample) int {
		return strings.Compare(x.Metric.Get(model.MetricNameLabel), y.Metric.Get(model.MetricNameLabel))
	})
	return samples, set.Err()
}

// last is the sample at maxt or the newest one before it; not ok when there is none or the series ended.
func last(it *storage.BufferedSeriesIterator, maxt int64) (s promql.Sample, ok bool) {
	switch it.Seek(maxt) {
	case chunkenc.ValFloat:
		s.T, s.F = it.At()
	case chunkenc.ValHistogram, chunkenc.ValFloatHistogram:
		s.T, s.H = it.AtFloatHistogram(nil)
	default:
		before, found := it.PeekBack(1)
		if !found {
			return s, false
		}
		s.T = before.T()
		switch before.Type() {
		case chunkenc.ValFloat:
			s.F = before.F()
		case chunkenc.ValHistogram:
			s.H = before.H().ToFloat(nil)
		case chunkenc.ValFloatHistogram:
			s.H = before.FH().Copy() // the buffer is used again
		default:
			return s, false
		}
	}
	return s, !value.IsStaleNaN(s.F) && (s.H == nil || !value.IsStaleNaN(s.H.Sum))
}

// families makes metric families of samples that are sorted by name. A name with floats and histograms becomes several
// families, which Prometheus reads. Text formats cannot carry native histograms: they are left out there.
func families(samples promql.Vector, external map[string]string, native bool) []*dto.MetricFamily {
	if _, ok := external[model.InstanceLabel]; !ok {
		external[model.InstanceLabel] = "" // so that honor_labels keeps a missing instance
	}
	var all []*dto.MetricFamily
	for _, s := range samples {
		name := s.Metric.Get(model.MetricNameLabel)
		if name == "" || s.H != nil && !s.H.UsesCustomBuckets() && !native {
			continue
		}
		kind := familyType(s.H)
		if n := len(all); n == 0 || all[n-1].GetName() != name || all[n-1].GetType() != kind {
			all = append(all, &dto.MetricFamily{Name: proto.String(name), Type: kind.Enum()})
		}
		family := all[len(all)-1]
		family.Metric = append(family.Metric, federated(s, external))
	}
	return all
}

func familyType(h *histogram.FloatHistogram) dto.MetricType {
	switch {
	case h == nil:
		return dto.MetricType_UNTYPED
	case h.CounterResetHint == histogram.GaugeType:
		return dto.MetricType_GAUGE_HISTOGRAM
	}
	return dto.MetricType_HISTOGRAM
}

func federated(s promql.Sample, external map[string]string) *dto.Metric {
	m := &dto.Metric{TimestampMs: proto.Int64(s.T)}
	add := func(name, value string) {
		m.Label = append(m.Label, &dto.LabelPair{Name: proto.String(name), Value: proto.String(value)})
	}
	s.Metric.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel && l.Value != "" {
			add(l.Name, l.Value)
		}
	})
	for _, name := range slices.Sorted(maps.Keys(external)) {
		if s.Metric.Get(name) == "" {
			add(name, external[name])
		}
	}
	switch {
	case s.H == nil:
		m.Untyped = &dto.Untyped{Value: proto.Float64(s.F)}
	case s.H.UsesCustomBuckets():
		m.Histogram = classic(s.H)
	default:
		m.Histogram = nativeHistogram(s.H)
	}
	return m
}
