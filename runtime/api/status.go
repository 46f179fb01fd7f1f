package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/index"
	"google.golang.org/protobuf/encoding/protojson"
)

// BuildInfo is /api/v1/status/buildinfo. Clients decide by Version what they may ask for, so it is the release of
// Prometheus that is built in.
type BuildInfo struct {
	Version   string `json:"version"`
	Revision  string `json:"revision"`
	Branch    string `json:"branch"`
	BuildUser string `json:"buildUser"`
	BuildDate string `json:"buildDate"`
	GoVersion string `json:"goVersion"`
}

// RuntimeInfo is /api/v1/status/runtimeinfo.
type RuntimeInfo struct {
	StartTime           time.Time `json:"startTime"`
	CWD                 string    `json:"CWD"`
	Hostname            string    `json:"hostname"`
	ServerTime          time.Time `json:"serverTime"`
	ReloadConfigSuccess bool      `json:"reloadConfigSuccess"`
	LastConfigTime      time.Time `json:"lastConfigTime"`
	CorruptionCount     int64     `json:"corruptionCount"`
	GoroutineCount      int       `json:"goroutineCount"`
	GOMAXPROCS          int       `json:"GOMAXPROCS"`
	GOMEMLIMIT          int64     `json:"GOMEMLIMIT"`
	GOGC                string    `json:"GOGC"`
	GODEBUG             string    `json:"GODEBUG"`
	StorageRetention    string    `json:"storageRetention"`
}

func (a *API) statusConfig(*http.Request) (*answer, error) {
	return &answer{data: map[string]string{"yaml": a.ConfigText()}}, nil
}

func (a *API) statusBuild(*http.Request) (*answer, error) { return &answer{data: a.Build}, nil }

func (a *API) statusFlags(*http.Request) (*answer, error) { return &answer{data: a.Flags}, nil }

func (a *API) statusRuntime(*http.Request) (*answer, error) {
	info := a.RuntimeInfo()
	n, err := a.gauge("prometheus_tsdb_wal_corruptions_total")
	if err != nil {
		return nil, internal(fmt.Errorf("error gathering runtime status: %w", err))
	}
	info.CorruptionCount = int64(n)
	return &answer{data: info}, nil
}

// gauge is the value of a metric of this process without labels, 0 when there is none.
func (a *API) gauge(name string) (float64, error) {
	families, err := a.Gatherer.Gather()
	if err != nil {
		return 0, err
	}
	for _, f := range families {
		if f.GetName() == name && len(f.GetMetric()) > 0 {
			m := f.GetMetric()[0]
			return m.GetGauge().GetValue() + m.GetCounter().GetValue(), nil
		}
	}
	return 0, nil
}

// features are unescaped, because names are PromQL operators such as >=.
type features map[string]map[string]bool

// MarshalJSON leaves < and > as they are.
func (f features) MarshalJSON() ([]byte, error) {
	return jsoniter.Config{SortMapKeys: true}.Froze().Marshal(map[string]map[string]bool(f))
}

func (a *API) features(*http.Request) (*answer, error) {
	return &answer{data: features(a.Features())}, nil
}

// notifications are what upstream shows on its page; this server says such things in its log and as alerts.
func (a *API) notifications(*http.Request) (*answer, error) { return &answer{data: []any{}}, nil }

func (a *API) statusWALReplay(*http.Request) (*answer, error) {
	s, err := a.WALReplay()
	if err != nil {
		return nil, internal(err)
	}
	return &answer{data: struct {
		Min     int `json:"min"`
		Max     int `json:"max"`
		Current int `json:"current"`
	}{s.Min, s.Max, s.Current}}, nil
}

func (a *API) statusBlocks(*http.Request) (*answer, error) {
	return &answer{data: map[string][]tsdb.BlockMeta{"blocks": a.DB.BlockMetas()}}, nil
}

type stat struct {
	Name  string `json:"name"`
	Value uint64 `json:"value"`
}

func (a *API) statusTSDB(r *http.Request) (*answer, error) {
	const most = 10_000
	limit := 10
	if s := r.FormValue("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, badData(errors.New("limit must be a positive number"))
		}
		if n > most {
			return nil, badData(fmt.Errorf("limit must not exceed %d", most))
		}
		limit = n
	}
	chunks, err := a.gauge("prometheus_tsdb_head_chunks")
	if err != nil {
		return nil, internal(fmt.Errorf("error gathering runtime status: %w", err))
	}
	s := a.DB.Head().Stats(model.MetricNameLabel, limit)
	return &answer{data: map[string]any{
		"headStats": map[string]any{
			"numSeries": s.NumSeries, "numLabelPairs": s.IndexPostingStats.NumLabelPairs, "chunkCount": int64(chunks),
			"minTime": s.MinTime, "maxTime": s.MaxTime,
		},
		"seriesCountByMetricName":     shownStats(s.IndexPostingStats.CardinalityMetricsStats),
		"labelValueCountByLabelName":  shownStats(s.IndexPostingStats.CardinalityLabelStats),
		"memoryInBytesByLabelName":    shownStats(s.IndexPostingStats.LabelValueStats),
		"seriesCountByLabelValuePair": shownStats(s.IndexPostingStats.LabelValuePairsStats),
	}}, nil
}

func shownStats(stats []index.Stat) []stat {
	shown := make([]stat, len(stats))
	for i, s := range stats {
		shown[i] = stat{s.Name, s.Count}
	}
	return shown
}

func (a *API) selfMetrics(r *http.Request) (*answer, error) {
	var only *regexp.Regexp
	if pattern := r.FormValue("metric_name_pattern"); pattern != "" {
		var err error
		if only, err = regexp.Compile("^(?:" + pattern + ")$"); err != nil {
			return nil, badData(fmt.Errorf("invalid metric_name_pattern: %w", err))
		}
	}
	families, err := a.Gatherer.Gather()
	if err != nil {
		return nil, internal(fmt.Errorf("error gathering self metrics: %w", err))
	}
	shown := []json.RawMessage{}
	for _, f := range families {
		if only != nil && !only.MatchString(f.GetName()) {
			continue
		}
		text, err := protojson.Marshal(f)
		if err != nil {
			return nil, internal(fmt.Errorf("error marshaling metric family %q: %w", f.GetName(), err))
		}
		shown = append(shown, text)
	}
	return &answer{data: shown}, nil
}
