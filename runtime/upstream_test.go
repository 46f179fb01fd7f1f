package runtime

import (
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/common/route"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"
	"github.com/prometheus/prometheus/util/notifications"
	upstream "github.com/prometheus/prometheus/web/api/v1"

	"github.com/prometheus/client_golang/prometheus"
)

// storeAt is when the stored samples begin, in ms: 100 samples 15 s apart.
const storeAt = int64(1_700_000_000_000)

// upstreamAPI is Prometheus' own API over the parts of a monitor.
func upstreamAPI(t *testing.T, m *Monitor) http.Handler {
	t.Helper()
	db := adminStats{m.store.db, m.stats}
	o := m.apiOptions()
	api := upstream.NewAPI(m.engine, m.store.all, nil, nil, m.store.db,
		func(context.Context) upstream.ScrapePoolsRetriever { return m.scrape },
		func(context.Context) upstream.TargetRetriever { return m.scrape },
		func(context.Context) upstream.AlertmanagerRetriever { return m.alerts },
		func() config.Config { return *m.config.Load().Config }, o.Flags,
		upstream.GlobalURLOptions{ListenAddress: o.Listen, Host: o.External.Host, Scheme: o.External.Scheme},
		func(h http.HandlerFunc) http.HandlerFunc { return h }, db, m.store.db.Dir(), false, false, 0, promslog.NewNopLogger(),
		func(context.Context) upstream.RulesRetriever { return m.rules },
		50_000_000, 10, 1<<20, false, nil,
		func() (upstream.RuntimeInfo, error) { return upstream.RuntimeInfo(m.runtimeInfo()), nil },
		&upstream.PrometheusVersion{Version: o.Build.Version, Revision: o.Build.Revision, GoVersion: o.Build.GoVersion},
		func() []notifications.Notification { return nil }, nil, m.reg, prometheus.NewRegistry(), nil,
		false, nil, false, false, false, false, m.o.Lookback, false, false, nil, m.features, upstream.OpenAPIOptions{}, m.parser)
	r := route.New()
	api.Register(r)
	return http.StripPrefix("/api/v1", r)
}

// adminStats is upstream's wrapper of the TSDB, which lives in its main package.
type adminStats struct {
	*tsdb.DB
	stats *tsdb.DBStats
}

func (a adminStats) Stats(label string, limit int) (*tsdb.Stats, error) {
	return a.Head().Stats(label, limit), nil
}
func (a adminStats) BlockMetas() ([]tsdb.BlockMeta, error) { return a.DB.BlockMetas(), nil }
func (a adminStats) WALReplayStatus() (tsdb.WALReplayStatus, error) {
	return a.stats.Head.WALReplayStatus.GetWALReplayStatus(), nil
}

// comparable is a monitor with targets, rules, alerts, an Alertmanager that is not there, and stored samples of all kinds.
func comparable(t *testing.T) *Monitor {
	t.Helper()
	target := exposing(t, "# HELP app_total What it did.\n# TYPE app_total counter\napp_total{way=\"in\"} 3\n# TYPE app_gauge gauge\napp_gauge 1\n")
	rules := file(t, "rules.yml", `groups:
- name: one
  interval: 1s
  rules:
  - {record: "app:total:sum", expr: sum(app_total), labels: {team: a}}
  - {alert: Always, expr: vector(1) > 0, labels: {severity: page}, annotations: {summary: "value {{ $value }} <b>"}}
- name: two
  rules:
  - {alert: Never, expr: absent(up) and on() vector(0) > 1, for: 5m, keep_firing_for: 1m}
`)
	m := running(t, Options{AdminAPI: true, ConfigFile: file(t, "prometheus.yml", `global:
  scrape_interval: 1s
  external_labels: {region: "eu", replica: a}
rule_files: ["`+rules+`"]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:1"]}]}]}
storage: {exemplars: {max_exemplars: 100}, tsdb: {out_of_order_time_window: 200y}}
scrape_configs:
- job_name: app
  static_configs: [{targets: ["`+target+`"], labels: {"utf8.name": "ü"}}]
  relabel_configs: [{source_labels: [job], target_label: again, regex: "a(.*)", replacement: "$1"}]
- job_name: dropped
  static_configs: [{targets: ["127.0.0.1:2"]}]
  relabel_configs: [{action: drop, source_labels: [job], regex: dropped}]
- job_name: down
  static_configs: [{targets: ["127.0.0.1:3"]}]
`)})
	fill(t, m)
	until(t, "the scrapes, the rules and the alert", func() bool {
		_, q := get(t, m, "/api/v1/query?query=app:total:sum")
		_, alerts := get(t, m, "/api/v1/alerts")
		_, down := get(t, m, "/api/v1/query?query=up{job=%22down%22}")
		return strings.Contains(q, `"3"`) && strings.Contains(alerts, "firing") && strings.Contains(down, `"0"`)
	})
	return m
}

// fill writes samples of the past: floats, special floats, histograms of both kinds, exemplars, awkward labels.
func fill(t *testing.T, m *Monitor) {
	t.Helper()
	a := m.store.db.Appender(t.Context())
	add := func(l labels.Labels, n int64, v float64) {
		if _, err := a.Append(0, l, storeAt+n*15_000, v); err != nil {
			t.Fatal(err)
		}
	}
	hist := func(l labels.Labels, n int64, h *histogram.Histogram, fh *histogram.FloatHistogram) {
		if _, err := a.AppendHistogram(0, l, storeAt+n*15_000, h, fh); err != nil {
			t.Fatal(err)
		}
	}
	for n := range int64(100) {
		for _, instance := range []string{"a", "b", "c<d>\"\\\n\u2028"} {
			add(labels.FromStrings("__name__", "stored_total", "instance", instance), n, float64(n*7)+0.1)
			for _, le := range []string{"0.1", "1", "+Inf"} {
				add(labels.FromStrings("__name__", "classic_bucket", "instance", instance, "le", le), n, float64(n*int64(len(le))))
			}
		}
		add(labels.FromStrings("__name__", "special"), n, []float64{1e-9, 1e25, -1.5, 0, inf(1), inf(-1), nan()}[n%7])
		hist(labels.FromStrings("__name__", "native"), n, tsdbutil.GenerateTestHistogram(n), nil)
		hist(labels.FromStrings("__name__", "native_float"), n, nil, tsdbutil.GenerateTestFloatHistogram(n))
		hist(labels.FromStrings("__name__", "native_custom"), n, tsdbutil.GenerateTestCustomBucketsHistogram(n), nil)
	}
	ref, err := a.Append(0, labels.FromStrings("__name__", "with_exemplar"), storeAt, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.AppendExemplar(ref, labels.FromStrings("__name__", "with_exemplar"), exemplar.Exemplar{Labels: labels.FromStrings("trace", "x<y"), Value: 0.5, Ts: storeAt, HasTs: true}); err != nil {
		t.Fatal(err)
	}
	if err := a.Commit(); err != nil {
		t.Fatal(err)
	}
}

// paths are requests whose answers do not change from one moment to the next.
var paths = []string{
	`/query?time=1700000600&query=stored_total`,
	`/query?time=1700000600.123&query=rate(stored_total[5m])&stats=true`,
	`/query?time=2023-11-14T22:23:20Z&query=sum by (instance) (stored_total)`,
	`/query?time=1700000600&query=stored_total[1m]`,
	`/query?time=1700000600&query=special[3m]`,
	`/query?time=1700000600&query=special offset 15s`,
	`/query?time=1700000600&query=native`,
	`/query?time=1700000600&query=native[1m]`,
	`/query?time=1700000600&query=native_float`,
	`/query?time=1700000600&query=native_custom`,
	`/query?time=1700000600&query=histogram_quantile(0.9, rate(native[5m]))`,
	`/query?time=1700000600&query=histogram_quantile(0.9, sum by (le) (rate(classic_bucket[5m])))`,
	`/query?time=1700000600&query=1+1`, `/query?time=1700000600&query="a<b>"`, `/query?time=1700000600&query=nothing`,
	`/query?time=1700000600&query=stored_total&limit=2`, `/query?time=1700000600&query=stored_total&limit=-1`, `/query?query=1&limit=x`,
	`/query?time=1700000600&query=stored_total&lookback_delta=1s`, `/query?time=1700000600&query=stored_total&lookback_delta=x`,
	`/query?time=1700000600&query=rate(native[5m]) + stored_total`, `/query?time=1700000600&query=rate(special[5m])`, `/query?time=1700000600&query=sum(native, special)`,
	`/query?time=1700000600&query=rate(stored_bytes[5m])`, `/query?time=1700000600&query=quantile(2, stored_total)`,
	`/query?query=sum(`, `/query?query=`, `/query`, `/query?query=1&time=x`, `/query?query=1&timeout=x`,
	`/query?time=1700000600&query=stored_total * on () stored_total`,
	`/query?time=1700000600&query={__name__=~".*"}`,
	`/query_range?query=stored_total&start=1700000000&end=1700000300&step=30`,
	`/query_range?query=rate(stored_total[1m])&start=1700000000&end=1700000300&step=30s&stats=true`,
	`/query_range?query=native&start=1700000000&end=1700000300&step=60`, `/query_range?query=special&start=1700000000&end=1700000300&step=15`,
	`/query_range?query=stored_total or native&start=1700000000&end=1700000300&step=60&limit=1`,
	`/query_range?query=1&start=1700000000&end=1700000300&step=0`, `/query_range?query=1&start=1700000000&end=1700000300&step=-1`,
	`/query_range?query=1&start=1700000300&end=1700000000&step=1`, `/query_range?query=1&start=x&end=1&step=1`, `/query_range?query=1&start=1&end=x&step=1`,
	`/query_range?query=1&start=0&end=1700000000&step=1`, `/query_range?query=1&start=1&end=2&step=99999999999999`, `/query_range?query=stored_total[1m]&start=1&end=2&step=1`,
	`/query_range`, `/query_exemplars?query=with_exemplar&start=1699999000&end=1700001000`, `/query_exemplars?query=1`, `/query_exemplars?query=(`,
	`/query_exemplars?query=up&start=2&end=1`, `/query_exemplars?query=nothing`,
	`/series?match[]=stored_total`, `/series?match[]=stored_total&match[]={__name__=~"native.*"}`, `/series`, `/series?match[]={a=""}`, `/series?match[]=(`,
	`/series?match[]=stored_total&limit=1`, `/series?match[]=nothing`, `/series?match[]=stored_total&start=1&end=2`,
	`/labels`, `/labels?match[]=stored_total`, `/labels?match[]=stored_total&match[]=classic_bucket`, `/labels?match[]=nothing`, `/labels?limit=2`, `/labels?match[]=(`, `/labels?start=x`,
	`/label/instance/values`, `/label/instance/values?match[]=stored_total&match[]=up`, `/label/__name__/values?limit=3`, `/label/nothing/values`, `/label/U__utf8_2e_name/values`, `/label/utf8.name/values`,
	`/label/instance/values?match[]=(`, `/label/instance/values?end=x`,
	`/format_query?query=sum(rate(a[5m]))by(x)`, `/format_query?query=(`, `/format_query`,
	`/parse_query?query=sum by (x) (rate(a{b=~"c",d!="e"}[5m] offset 1h)) / on (x) group_left (y) min_over_time(b[1h:5m] @ end()) > bool -1`,
	`/parse_query?query="text"`, `/parse_query?query=(`, `/parse_query?query=quantile(0.9, a @ 12) or -vector(time())`,
	`/scrape_pools`, `/targets/relabel_steps?scrapePool=app&labels={"job":"app"}`, `/targets/relabel_steps?scrapePool=dropped&labels={"job":"dropped"}`,
	`/targets/relabel_steps?scrapePool=app`, `/targets/relabel_steps?scrapePool=x&labels={}`, `/targets/relabel_steps`, `/targets/relabel_steps?scrapePool=app&labels=x`,
	`/targets?state=dropped`, `/targets?state=active&scrapePool=nothing`, `/targets/metadata`, `/targets/metadata?metric=app_total`, `/targets/metadata?match_target={job="nothing"}`,
	`/targets/metadata?match_target=(`, `/targets/metadata?limit=x`, `/targets/metadata?limit=0`, `/metadata`, `/metadata?metric=app_total`, `/metadata?limit=x`, `/metadata?limit_per_metric=x`, `/metadata?limit=0`,
	`/alertmanagers`, `/rules?type=x`, `/rules?exclude_alerts=x`, `/rules?group_limit=0`, `/rules?group_limit=x`, `/rules?group_next_token=x`, `/rules?group_limit=1&group_next_token=x`, `/rules?match[]=(`,
	`/rules?rule_name[]=nothing`, `/status/config`, `/status/buildinfo`, `/status/flags`, `/status/tsdb/blocks`, `/status/walreplay`, `/status/tsdb?limit=0`, `/status/tsdb?limit=20000`, `/status/tsdb?limit=x`,
	`/status/self_metrics?metric_name_pattern=(`, `/features`, `/nothing`,
}

// moving are requests whose answers hold times, states and counts; those are blanked before they are compared.
var moving = []string{
	`/targets`, `/targets?state=active`, `/targets?scrapePool=app`, `/alerts`, `/rules`, `/rules?type=alert`, `/rules?type=record`, `/rules?exclude_alerts=true`,
	`/rules?rule_name[]=Always`, `/rules?rule_group[]=two`, `/rules?group_limit=1`, `/rules?file[]=nothing`, `/rules?match[]={team="a"}`, `/status/runtimeinfo`, `/status/tsdb`, `/status/tsdb?limit=2`,
	`/query?query=up&stats=all&time=1700000600`,
}

var blanked = regexp.MustCompile(`"(lastScrape|lastEvaluation|activeAt|serverTime|keepFiringSince)":"[^"]*"|"(lastScrapeDuration|evaluationTime|goroutineCount|value|numSeries|chunkCount|numLabelPairs|maxTime|execQueueTime|execTotalTime|evalTotalTime|innerEvalTime|queryPreparationTime|resultSortTime)":[0-9.e-]+|"[a-zA-Z]+Time":[0-9.e-]+`)

func TestAnswersAsUpstream(t *testing.T) {
	m := comparable(t)
	ours, theirs := *m.web.handler.Load(), upstreamAPI(t, m)
	for _, path := range paths {
		compare(t, path, answerOf(ours, http.MethodGet, path), answerOf(theirs, http.MethodGet, path))
		if strings.HasPrefix(path, "/query") {
			compare(t, "POST "+path, answerOf(ours, http.MethodPost, path), answerOf(theirs, http.MethodPost, path))
		}
	}
	for _, path := range moving {
		compare(t, path, answerOf(ours, http.MethodGet, path), answerOf(theirs, http.MethodGet, path))
	}
}

// reply is what a handler answered.
type reply struct {
	code int
	kind string
	body string
}

func answerOf(h http.Handler, method, path string) reply {
	name, query, _ := strings.Cut(path, "?")
	values, err := url.ParseQuery(strings.ReplaceAll(query, "+", "%2B"))
	if err != nil {
		panic(err)
	}
	target, body := "/api/v1"+name+"?"+values.Encode(), ""
	if method == http.MethodPost {
		target, body = "/api/v1"+name, values.Encode()
	}
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return reply{w.Code, w.Header().Get("Content-Type"), w.Body.String()}
}

// unordered are answers that upstream gives in the order of a map.
func unordered(path string) bool {
	return strings.HasPrefix(path, "/targets/metadata") || strings.HasPrefix(path, "/metadata") || strings.HasPrefix(path, "/status/tsdb")
}

func compare(t *testing.T, path string, ours, theirs reply) {
	t.Helper()
	if path == "/nothing" { // the words of a 404 are the router's
		ours.body, theirs.body = "", ""
	}
	ours.body, theirs.body = blanked.ReplaceAllString(ours.body, `"$1$2":0`), blanked.ReplaceAllString(theirs.body, `"$1$2":0`)
	if unordered(path) {
		ours.body, theirs.body = sorted(ours.body), sorted(theirs.body)
	}
	if diff := cmp.Diff(theirs, ours, cmp.AllowUnexported(reply{})); diff != "" {
		t.Errorf("%s (-upstream +ours):\n%s", path, diff)
	}
}

// sorted is a JSON text with its keys, and the elements of its arrays, in order.
func sorted(text string) string {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	return encode(order(v))
}

func order(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = order(v[k])
		}
	case []any:
		for i := range v {
			v[i] = order(v[i])
		}
		slices.SortFunc(v, func(a, b any) int { return strings.Compare(encode(a), encode(b)) })
	}
	return v
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func inf(sign int) float64 { return math.Inf(sign) }
func nan() float64         { return math.NaN() }
