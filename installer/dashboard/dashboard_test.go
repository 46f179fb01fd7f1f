package dashboard

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monctl/monctl/fleet/fault"
)

// read gives a dashboard with one panel of the queries, in the language of a datasource's type.
func read(t *testing.T, variables, kind string, queries ...string) *Dashboard {
	t.Helper()
	var targets []string
	for n, q := range queries {
		targets = append(targets, fmt.Sprintf(`{"refId": "%c", "expr": %q}`, 'A'+n, q))
	}
	d, err := Read("dashboards/x.json", fmt.Appendf(nil, `{"title": "X", "uid": "x", "templating": {"list": [%s]},
		"panels": [{"id": 1, "type": "timeseries", "title": "P", "datasource": {"type": %q, "uid": "u"}, "targets": [%s]}]}`,
		variables, kind, strings.Join(targets, ",")))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const variables = `{"name": "application", "type": "query", "query": "label_values(jvm_info, application)"}, {"name": "instance", "type": "query", "query": {"query": "label_values(up{job=\"a\"}, instance)", "refId": "x"}, "datasource": {"type": "prometheus", "uid": "u"}},
	{"name": "host", "type": "query", "query": "label_values(up, host)", "allValue": ".*", "includeAll": true},
	{"name": "metric", "type": "query", "query": "metrics(node.*)", "current": {"value": "node_load1"}},
	{"name": "mode", "type": "custom", "query": "idle,user", "current": {"value": ["$__all"]}},
	{"name": "quantile", "type": "custom", "query": "0.9 : 0.9,0.5"},
	{"name": "step", "type": "interval", "query": "5m,1h"},
	{"name": "search", "type": "textbox", "query": ""}`

func TestMetricQueriesAreMadeReady(t *testing.T) {
	for query, want := range map[string]string{
		`up`: `up`,
		`rate(http_server_requests_seconds_count{application="$application",instance="$instance"}[1m])`: `rate(http_server_requests_seconds_count{application=~".+",instance=~".+"}[1m])`,
		`rate(a{instance=~"$instance"}[$__rate_interval])`:                                              `rate(a{instance=~".+"}[1m])`,
		`rate(a{host=~"${host:pipe}", x!="[[instance]]"}[${__interval}])`:                               `rate(a{host=~".*"}[15s])`,
		`a{instance="$instance:9100"}`:                                                                  `a{instance=~".+:9100"}`,
		`a{instance=~"$instance.*"}`:                                                                    `a{instance=~".+.*"}`,
		`a{m="$mode"} / $quantile`:                                                                      `a{m=~".+"} / 0.9`,
		`avg_over_time(${metric}{instance=~'$instance'}[$step])`:                                        `avg_over_time(node_load1{instance=~".+"}[5m])`,
		`increase(a[$__range]) * $__range_s`:                                                            `increase(a[3600s]) * 3600`,
		`label_replace(a{i="$instance"}, "x", "$1", "y", "(.*)")`:                                       `label_replace(a{i=~".+"}, "x", "$1", "y", "(.*)")`,
	} {
		q := read(t, variables, "prometheus", query).Questions(LastHour)
		last := q[len(q)-1]
		if last.Err != nil || last.Ready != want {
			t.Errorf("%s\n got %s %v\nwant %s", query, last.Ready, last.Err, want)
		}
	}
}

func TestQueriesThatAreNotUnderstood(t *testing.T) {
	for query, want := range map[string]string{
		`rate(a[5m]`:                   "unclosed left parenthesis",
		`a{x="$nobody"}`:               "there is no variable $nobody",
		`topk($nobody, a)`:             "nothing is known of the value of $nobody",
		`sum(a) by (instance) {x="y"}`: "unexpected",
	} {
		q := read(t, variables, "prometheus", query).Questions(LastHour)
		if last := q[len(q)-1]; last.Err == nil || !strings.Contains(last.Err.Error(), want) || last.Ready != "" {
			t.Errorf("%s: %q %v, want %q", query, last.Ready, last.Err, want)
		}
	}
}

func TestLogQueriesAreMadeReady(t *testing.T) {
	for query, want := range map[string]string{
		`{app="corea", level="DEBUG"}`:                                               `{app="corea", level="DEBUG"}`,
		`{app=~"$application"} |= "$search" | json | duration > 1s`:                  `{app=~".+"} |= "" | json | duration > 1s`,
		"{app=\"$application\"} |~ `(?i)$search` != \"x|y\"":                         "{app=~\".+\"} |~ `(?i)` != \"x|y\"",
		`sum by (level) (count_over_time({instance=~"$instance"}[$__interval]))`:     `sum by (level) (count_over_time({instance=~".+"}[15s]))`,
		`topk(5, sum by (app) (bytes_rate({app=~".+"} |= "a" [5m]))) > 0`:            `topk(5, sum by (app) (bytes_rate({app=~".+"} |= "a" [5m]))) > 0`,
		`max_over_time({app="a"} | logfmt | unwrap duration(took) [1m]) by (host)`:   `max_over_time({app="a"} | logfmt | unwrap duration(took) [1m]) by (host)`,
		`sum(rate({app="a"}[1m])) / sum(rate({app="b"}[1m] |= "x")) != 0`:            `sum(rate({app="a"}[1m])) / sum(rate({app="b"}[1m] |= "x")) != 0`,
		`{job="journal"} | label_format a="{{.b}}" | (level="ERROR" or status>=500)`: `{job="journal"} | label_format a="{{.b}}" | (level="ERROR" or status>=500)`,
	} {
		q := read(t, variables, "loki", query).Questions(LastHour)
		last := q[len(q)-1]
		if last.Err != nil || last.Ready != want {
			t.Errorf("%s\n got %s %v\nwant %s", query, last.Ready, last.Err, want)
		}
	}
	for query, want := range map[string]string{
		`{app="corea"`:                       "no end",
		`rate({app="a"}[5m]`:                 "unclosed left parenthesis",
		`{app=~".*"}`:                        "matches every stream",
		`{host=~"$host"}`:                    "matches every stream", // when all are chosen
		`{}`:                                 "selector {}",
		`{app="a"} |~ "("`:                   "missing closing )",
		`{app="a"} |= error`:                 "want a quoted text",
		`{app="a"} |= "error`:                "has no end",
		`{app="a"} | jsn`:                    `there is no stage "| jsn"`,
		`sum by level (rate({app="a"}[1m]))`: "unexpected",
		`frequency({app="a"}[1m])`:           "unknown function",
		`up`:                                 "it has no selector",
	} {
		q := read(t, variables, "loki", query).Questions(LastHour)
		if last := q[len(q)-1]; last.Err == nil || !strings.Contains(last.Err.Error(), want) {
			t.Errorf("%s: %v, want %q", query, last.Err, want)
		}
	}
}

func TestMetricsThatAreMissing(t *testing.T) {
	have := NameList{"up", "node_load1", "node_cpu_seconds_total"}
	for query, want := range map[string][]string{
		`up`:                           nil,
		`rate(gone[5m]) / up + gone`:   {"gone"},
		`gone or node_load1`:           nil,
		`gone or lost`:                 {"gone", "lost"},
		`absent(gone) and up`:          nil,
		`up unless gone`:               nil,
		`{__name__=~"node_.*"}`:        nil,
		`{__name__=~"redis_.*"}`:       {"redis_.*"},
		`sum(rate(gone[5m:]) ) by (x)`: {"gone"},
	} {
		q := read(t, "", "prometheus", query).Questions(LastHour)
		if diff := cmp.Diff(want, q[0].Missing(have)); q[0].Err != nil || diff != "" {
			t.Errorf("%s: %v %s", query, q[0].Err, diff)
		}
	}
}

func TestVariablesAskToo(t *testing.T) {
	d := read(t, variables, "prometheus", "up")
	got := map[string]string{}
	for _, q := range append(d.Choices(LastHour), d.Questions(LastHour)...) {
		got[q.Panel] = q.Ready
	}
	want := map[string]string{"variable $application": "jvm_info", "variable $instance": `up{job="a"}`, "variable $host": "up", "P": "up"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"jvm_info", "up"}, d.Needs(LastHour)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoDashboard(t *testing.T) {
	for src, want := range map[string]string{
		"":                               "x.json: it is empty",
		"<!DOCTYPE html><html></html>":   "x.json: it is a web page",
		"{\n  \"title\": \"X\",\n  oops": "x.json:3:",
		"[1]":                            "it is not the JSON of a dashboard",
		`{"title": "X"} {}`:              "there is more after the dashboard",
		`{"panels": []}`:                 "it has no title",
		`{"title": "X"}`:                 "it has no panels",
		`{"title": "X", "uid": "a b", "panels": []}`:                                                   `uid "a b"`,
		`{"apiVersion": "dashboard.grafana.app/v2beta1", "kind": "Dashboard", "spec": {"title": "X"}}`: "schema version 2 (dashboard.grafana.app/v2beta1)",
		`{"title": "X", "elements": {}, "layout": {}}`:                                                 "schema version 2",
		`{"title": "` + strings.Repeat("x", Largest) + `"}`:                                            "larger than 4 MB",
	} {
		_, err := Read("x.json", []byte(src))
		if err == nil || !strings.Contains(err.Error(), want) || fault.KindOf(err) != fault.Usage {
			t.Errorf("%.60s: %v, want %q", src, err, want)
		}
	}
	for _, src := range []string{
		`{"dashboard": {"title": "X", "panels": [], "uid": "u"}, "meta": {}}`,
		`{"apiVersion": "dashboard.grafana.app/v1beta1", "kind": "Dashboard", "metadata": {"name": "u"}, "spec": {"title": "X", "panels": []}}`,
		`{"title": "X", "uid": "u", "rows": [{"panels": [{"type": "graph", "targets": [{"expr": "up"}]}]}]}`,
	} {
		if d, err := Read("x.json", []byte(src)); err != nil || d.Title != "X" || d.UID != "u" {
			t.Errorf("%s: %+v %v", src, d, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"title": "X", "panels": [{"targets": [{"expr": "a{b=\"$c\"}"}, {"expr": "{a=\"b\"} |= \"", "datasource": {"type": "loki"}}]}]}`))
	f.Fuzz(func(_ *testing.T, src []byte) {
		if d, err := Read("x.json", src); err == nil {
			d.Questions(LastHour)
		}
	})
}
