package compliance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"
)

// The tester's queries look up to 10 min to both sides of the time that they are about.
const (
	every  = 5 * time.Second
	behind = 40 * time.Minute // of data
	end    = 11 * time.Minute // before its end, that is asked about
)

// TestPromQL asks both servers the tester's queries over the same data.
func TestPromQL(t *testing.T) {
	monctl, reference := programs(t)
	dir := suite(t, "promql")
	tester := filepath.Join(dir, "tester")
	build := exec.Command("go", "build", "-o", tester, "./cmd/promql-compliance-tester")
	build.Dir, build.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ours, theirs := start(t, monctl), start(t, reference)
	now := time.Now().Truncate(every)
	fill(t, now, ours, theirs)
	config := filepath.Join(dir, "both.yml")
	text := fmt.Sprintf("reference_target_config: {query_url: 'http://%s'}\ntest_target_config: {query_url: 'http://%s'}\n"+
		"query_time_parameters: {end_time: '%s', range_in_seconds: 600, resolution_in_seconds: 10}\n", theirs, ours, now.Add(-end).UTC().Format(time.RFC3339))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tester, "-config-file="+config, "-config-file="+queries(t, dir), "-output-format=json", "-output-passing")
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Fatalf("%v: %.2000s", err, problems.String())
	}
	var answer struct {
		Results []struct {
			TestCase          struct{ Query string }
			Diff              string
			UnexpectedFailure string
			UnexpectedSuccess bool
		}
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		t.Fatal(err)
	}
	good := 0
	for _, r := range answer.Results {
		if r.Diff != "" || r.UnexpectedFailure != "" || r.UnexpectedSuccess {
			t.Errorf("%s: %.300s %s", r.TestCase.Query, r.Diff, r.UnexpectedFailure)
			continue
		}
		good++
	}
	t.Logf("| PromQL | %d of %d queries as Prometheus answers | |", good, len(answer.Results))
	if len(answer.Results) < 500 {
		t.Errorf("only %d queries were asked", len(answer.Results))
	}
}

// queries are the suite's without two that want a label named ~invalid to be refused: Prometheus 3 allows it, and the tester ends there.
func queries(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "promql-test-queries.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	dropped := 0
	lines := strings.SplitAfter(string(text), "\n")
	for i := 0; i < len(lines); i++ {
		if strings.Contains(lines[i], `"~invalid"`) && strings.Contains(lines[i+1], "should_fail") {
			dropped++
			i++
			continue
		}
		kept = append(kept, lines[i])
	}
	if dropped != 2 {
		t.Errorf("%d queries were left out, want 2", dropped)
	}
	file := filepath.Join(dir, "kept.yml")
	if err := os.WriteFile(file, []byte(strings.Join(kept, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// fill writes the same samples to all servers, of the metrics that the queries name: those of PromLabs' demo service.
func fill(t *testing.T, now time.Time, addresses ...string) {
	t.Helper()
	const batch = 5 * time.Minute
	for from := now.Add(-behind); from.Before(now); from = from.Add(batch) {
		var request prompb.WriteRequest
		for instance := range 3 {
			for _, s := range demo(instance) {
				series := prompb.TimeSeries{Labels: s.labels(instance)}
				for at := from; at.Before(from.Add(batch)) && !at.After(now); at = at.Add(every) {
					if v, is := s.value(at.Unix() + int64(17*instance)); is {
						series.Samples = append(series.Samples, prompb.Sample{Timestamp: at.UnixMilli(), Value: v})
					}
				}
				if len(series.Samples) > 0 {
					request.Timeseries = append(request.Timeseries, series)
				}
			}
		}
		raw, err := request.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range addresses {
			post(t, "http://"+address+"/api/v1/write", snappy.Encode(nil, raw))
		}
	}
}

func post(t *testing.T, url string, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "snappy")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode/100 != 2 {
		t.Fatalf("%s: %d %.300s", url, resp.StatusCode, text)
	}
}

// curve is one series; value says at a time in Unix seconds whether there is a sample.
type curve struct {
	name  string
	pairs []string // name and value of labels, sorted
	value func(at int64) (v float64, is bool)
}

func (c curve) labels(instance int) []prompb.Label {
	list := []prompb.Label{{Name: "__name__", Value: c.name}}
	all := append([]string{"instance", fmt.Sprintf("demo.promlabs.com:1000%d", instance), "job", "demo"}, c.pairs...)
	for i := 0; i < len(all); i += 2 {
		list = append(list, prompb.Label{Name: all[i], Value: all[i+1]})
	}
	return list
}

// demo are the series of one instance.
func demo(instance int) []curve {
	always := func(f func(at float64) float64) func(int64) (float64, bool) {
		return func(at int64) (float64, bool) { return f(float64(at % 100_000)), true }
	}
	var list []curve
	for i, kind := range []string{"buffers", "cached", "free", "used"} {
		list = append(list, curve{"demo_memory_usage_bytes", []string{"type", kind}, always(func(at float64) float64 {
			return 1e8*float64(1+i) + 2e7*math.Sin(at/300+float64(i)) + float64(instance)
		})})
	}
	for i, mode := range []string{"idle", "system", "user"} {
		list = append(list, curve{"demo_cpu_usage_seconds_total", []string{"mode", mode}, always(func(at float64) float64 {
			return math.Mod(at*float64(1+i)/10, 700) // it is reset now and then
		})})
	}
	list = append(
		list,
		curve{"demo_num_cpus", nil, always(func(float64) float64 { return 4 })},
		curve{"demo_disk_usage_bytes", nil, always(func(at float64) float64 { return 1e9 + 1e4*at })},
		curve{"demo_batch_last_success_timestamp_seconds", nil, func(at int64) (float64, bool) { return float64(at - at%120), true }},
		curve{"demo_intermittent_metric", nil, func(at int64) (float64, bool) {
			switch phase := at % 120; {
			case phase < 60:
				return 1, true
			case phase < 60+int64(every.Seconds()):
				return math.Float64frombits(value.StaleNaN), true
			}
			return 0, false
		}},
	)
	bounds := []string{"0.001", "0.01", "0.05", "0.1", "0.5", "1", "5", "+Inf"}
	for i, le := range bounds {
		list = append(list, curve{"demo_api_request_duration_seconds_bucket", []string{"le", le, "method", "GET", "path", "/api/foo", "status", "200"}, always(func(at float64) float64 {
			return math.Floor(at * float64(i+1) / float64(len(bounds)))
		})})
	}
	for _, name := range []string{"demo_api_request_duration_seconds_count", "demo_api_request_duration_seconds_sum"} {
		list = append(list, curve{name, []string{"method", "GET", "path", "/api/foo", "status", "200"}, always(math.Floor)})
	}
	return list
}
