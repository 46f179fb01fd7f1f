package api

import (
	"unsafe"

	jsoniter "github.com/json-iterator/go"
	"github.com/modern-go/reflect2"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/jsonutil"
)

// encoding writes samples as upstream does: timestamps as seconds, values as strings, no reflection per point. All else is
// as encoding/json.
var encoding = newEncoding()

func newEncoding() jsoniter.API {
	api := jsoniter.Config{EscapeHTML: true, SortMapKeys: true, ValidateJsonRawMessage: true}.Froze()
	api.RegisterExtension(jsoniter.EncoderExtension{
		reflect2.TypeOf(promql.Vector{}):     encoder[promql.Vector](writeVector),
		reflect2.TypeOf(promql.Matrix{}):     encoder[promql.Matrix](writeMatrix),
		reflect2.TypeOf(promql.FPoint{}):     encoder[promql.FPoint](writeFloat),
		reflect2.TypeOf(exemplar.Exemplar{}): encoder[exemplar.Exemplar](writeExemplar),
		reflect2.TypeOf(labels.Labels{}):     encoder[labels.Labels](writeLabels),
	})
	return api
}

// encoder lets a function write values of one type.
type encoder[T any] func(T, *jsoniter.Stream)

// Encode is called by jsoniter with a pointer to a T: the extension maps types to encoders.
func (e encoder[T]) Encode(p unsafe.Pointer, s *jsoniter.Stream) { e(*(*T)(p), s) }

// IsEmpty matters for omitempty: an empty result is shown, empty labels are not.
func (e encoder[T]) IsEmpty(p unsafe.Pointer) bool {
	l, ok := any(*(*T)(p)).(labels.Labels)
	return ok && l.IsEmpty()
}

func writeVector(v promql.Vector, s *jsoniter.Stream) {
	list(s, v, func(sample promql.Sample) {
		s.WriteObjectStart()
		s.WriteObjectField("metric")
		writeLabels(sample.Metric, s)
		s.WriteMore()
		if sample.H == nil {
			s.WriteObjectField("value")
			writeFloat(promql.FPoint{T: sample.T, F: sample.F}, s)
		} else {
			s.WriteObjectField("histogram")
			writeHistogram(promql.HPoint{T: sample.T, H: sample.H}, s)
		}
		s.WriteObjectEnd()
	})
}

func writeMatrix(m promql.Matrix, s *jsoniter.Stream) {
	list(s, m, func(series promql.Series) {
		s.WriteObjectStart()
		s.WriteObjectField("metric")
		writeLabels(series.Metric, s)
		if len(series.Floats) > 0 {
			s.WriteMore()
			s.WriteObjectField("values")
			list(s, series.Floats, func(p promql.FPoint) { writeFloat(p, s) })
		}
		if len(series.Histograms) > 0 {
			s.WriteMore()
			s.WriteObjectField("histograms")
			list(s, series.Histograms, func(p promql.HPoint) { writeHistogram(p, s) })
		}
		s.WriteObjectEnd()
	})
}

func list[T any](s *jsoniter.Stream, items []T, write func(T)) {
	s.WriteArrayStart()
	for i := range items {
		if i > 0 {
			s.WriteMore()
		}
		write(items[i])
	}
	s.WriteArrayEnd()
}

func writeFloat(p promql.FPoint, s *jsoniter.Stream) {
	s.WriteArrayStart()
	jsonutil.MarshalTimestamp(p.T, s)
	s.WriteMore()
	jsonutil.MarshalFloat(p.F, s)
	s.WriteArrayEnd()
}

func writeHistogram(p promql.HPoint, s *jsoniter.Stream) {
	s.WriteArrayStart()
	jsonutil.MarshalTimestamp(p.T, s)
	s.WriteMore()
	jsonutil.MarshalHistogram(p.H, s)
	s.WriteArrayEnd()
}

func writeExemplar(e exemplar.Exemplar, s *jsoniter.Stream) {
	s.WriteObjectStart()
	s.WriteObjectField("labels")
	writeLabels(e.Labels, s)
	s.WriteMore()
	s.WriteObjectField("value")
	jsonutil.MarshalFloat(e.Value, s)
	s.WriteMore()
	s.WriteObjectField("timestamp")
	jsonutil.MarshalTimestamp(e.Ts, s)
	s.WriteObjectEnd()
}

func writeLabels(l labels.Labels, s *jsoniter.Stream) {
	s.WriteObjectStart()
	first := true
	l.Range(func(label labels.Label) {
		if !first {
			s.WriteMore()
		}
		first = false
		s.WriteObjectField(label.Name)
		s.WriteString(label.Value)
	})
	s.WriteObjectEnd()
}
