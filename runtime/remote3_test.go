package runtime

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gogo/protobuf/proto"
	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
)

// post sends a body that is packed, or says so, to the receiver of remote write or to remote read.
func post(t *testing.T, m *Monitor, path, kind string, body []byte) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.URL().String()+"api/v1/"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Content-Encoding", "snappy")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func marshalled(t *testing.T, message proto.Message) []byte {
	t.Helper()
	raw, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return snappy.Encode(nil, raw)
}

const (
	typeV1 = "application/x-protobuf"
	typeV2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
)

func TestRemoteWriteGarbage(t *testing.T) {
	m := running(t, Options{RemoteWrite: true, ConfigFile: file(t, "p.yml", "global: {}\n")})
	now := time.Now().UnixMilli()
	v1 := func(h []prompb.Histogram, pairs ...string) []byte {
		series := prompb.TimeSeries{Histograms: h}
		if h == nil {
			series.Samples = []prompb.Sample{{Value: 1, Timestamp: now}}
		}
		for i := 0; i < len(pairs); i += 2 {
			series.Labels = append(series.Labels, prompb.Label{Name: pairs[i], Value: pairs[i+1]})
		}
		return marshalled(t, &prompb.WriteRequest{Timeseries: []prompb.TimeSeries{series}})
	}
	v2 := func(symbols ...string) []byte {
		series := writev2.TimeSeries{Samples: []writev2.Sample{{Value: 1, Timestamp: now}}}
		for i := range symbols {
			series.LabelsRefs = append(series.LabelsRefs, uint32(i+1)) //nolint:gosec // some
		}
		return marshalled(t, &writev2.Request{Symbols: append([]string{""}, symbols...), Timeseries: []writev2.TimeSeries{series}})
	}
	broken := func(schema int32, length uint32) []prompb.Histogram {
		return []prompb.Histogram{{
			Timestamp: now, Schema: schema, Count: &prompb.Histogram_CountInt{CountInt: 1},
			PositiveSpans: []prompb.BucketSpan{{Offset: 0, Length: length}}, PositiveDeltas: []int64{1},
		}}
	}
	var labelled []string
	for n := range 200 {
		labelled = append(labelled, fmt.Sprintf("l%03d", n), "x")
	}
	empty := bytes.Repeat([]byte{0x0a, 0x00}, 2_000_000) // as many series of nothing: four MB that would take hundreds
	for name, c := range map[string]struct {
		kind, want string
		code       int
		body       []byte
	}{
		"not snappy":         {typeV1, "not packed by snappy's block format", http.StatusBadRequest, bytes.Repeat([]byte{0xff}, 100)},
		"nothing":            {typeV1, "not packed by snappy's block format", http.StatusBadRequest, nil},
		"4 GB, it claims":    {typeV1, "decoded size exceeds the 33554432 bytes limit", http.StatusBadRequest, append(binary.AppendUvarint(nil, 1<<32-1), "abc"...)},
		"cut":                {typeV1, "corrupt input", http.StatusBadRequest, append(binary.AppendUvarint(nil, 30<<20), "abc"...)},
		"not protobuf":       {typeV1, "proto: ", http.StatusBadRequest, snappy.Encode(nil, []byte("hello, world, hello"))},
		"not protobuf, 2.0":  {typeV2, "proto: ", http.StatusBadRequest, snappy.Encode(nil, []byte("hello, world, hello"))},
		"another type":       {"text/plain", "expected application/x-protobuf", http.StatusUnsupportedMediaType, v1(nil, "__name__", "a")},
		"unknown message":    {typeV1 + ";proto=a.B", "unknown type for remote write protobuf message", http.StatusUnsupportedMediaType, v1(nil, "__name__", "a")},
		"millions of series": {typeV1, "more than 1000000 series, labels and samples", http.StatusBadRequest, snappy.Encode(nil, empty)},
		"labels":             {typeV1, "a series with 201 labels, more than 128", http.StatusBadRequest, v1(nil, append([]string{"__name__", "a"}, labelled...)...)},
		"long name":          {typeV1, "a label's name of 5000 bytes, more than 1024: nnn", http.StatusBadRequest, v1(nil, "__name__", "a", strings.Repeat("n", 5000), "x")},
		"long value":         {typeV1, "a value of 1000000 bytes, more than 65536, of label l", http.StatusBadRequest, v1(nil, "__name__", "a", "l", strings.Repeat("v", 1_000_000))},
		"long value, 2.0":    {typeV2, "a value of 100000 bytes, more than 65536, of label l", http.StatusBadRequest, v2("__name__", "a", "l", strings.Repeat("v", 100_000))},
		"utf8, 2.0":          {typeV2, "invalid metric name or labels", http.StatusBadRequest, v2("__name__", "a", "l", "\xff")},
		"no such symbol":     {typeV2, "labels", http.StatusBadRequest, marshalled(t, &writev2.Request{Timeseries: []writev2.TimeSeries{{LabelsRefs: []uint32{1 << 30, 1 << 31}, Samples: []writev2.Sample{{Timestamp: now}}}}})},
		"broken spans":       {typeV1, "need", http.StatusBadRequest, v1(broken(0, 1<<31), "__name__", "h")},
		"broken, fine":       {typeV1, "need", http.StatusBadRequest, v1(broken(50, 1<<31), "__name__", "h")},
		"unknown schema":     {typeV1, "schema", http.StatusBadRequest, v1(broken(1000, 1), "__name__", "h")},
	} {
		if code, body := post(t, m, "write", c.kind, c.body); code != c.code || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %.300s", name, code, body)
		}
	}
	// Version 1 has no way to say that a part was not taken: it is left out, and counted.
	for name, body := range map[string][]byte{"utf8": v1(nil, "__name__", "dropped", "l", "\xff"), "no name": v1(nil, "l", "dropped"), "a label twice": v1(nil, "__name__", "dropped", "l", "x", "l", "y")} {
		if code, body := post(t, m, "write", typeV1, body); code != http.StatusNoContent {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
	if _, body := get(t, m, "/metrics"); !strings.Contains(body, "prometheus_api_remote_write_invalid_labels_samples_total") {
		t.Error("what is left out is not counted")
	}
	if _, body := get(t, m, `/api/v1/series?match[]={__name__=~".%2b"}`); !strings.Contains(body, `"data":[]`) {
		t.Errorf("some of it was stored: %s", body)
	}
	if code, body := write(t, m, "after", prompb.Sample{Value: 1, Timestamp: now}); code != http.StatusNoContent {
		t.Errorf("after them: %d %s", code, body)
	}
}

// A regular expression that comes by remote read is held to the same limits as one of a query.
func TestRemoteReadGarbage(t *testing.T) {
	m := running(t, Options{ConfigFile: file(t, "p.yml", "global: {}\n")})
	matching := func(pattern string) []byte {
		return marshalled(t, &prompb.ReadRequest{Queries: []*prompb.Query{{EndTimestampMs: 1, Matchers: []*prompb.LabelMatcher{{Type: prompb.LabelMatcher_RE, Name: "a", Value: pattern}}}}})
	}
	for want, body := range map[string][]byte{
		"corrupt input":             []byte("hello"),
		"decoded length 4294967295": append(binary.AppendUvarint(nil, 1<<32-1), "abc"...),
		"proto: ":                   snappy.Encode(nil, []byte("hello, world, hello")),
		"repetitions {n} make them": matching(strings.Repeat("x{1000}", 100)),
		"missing closing ):":        matching("(a"),
	} {
		if code, got := post(t, m, "read", typeV1, body); code/100 == 2 || !strings.Contains(got, want) {
			t.Errorf("%d %.200s, want %s", code, got, want)
		}
	}
	if code, body := post(t, m, "read", typeV1, matching("x{1,3}")); code != http.StatusOK {
		t.Errorf("a good one: %d %s", code, body)
	}
}
