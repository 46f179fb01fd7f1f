package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"github.com/prometheus/prometheus/scrape"
)

type target struct {
	DiscoveredLabels   labels.Labels       `json:"discoveredLabels"`
	Labels             labels.Labels       `json:"labels"`
	ScrapePool         string              `json:"scrapePool"`
	ScrapeURL          string              `json:"scrapeUrl"`
	GlobalURL          string              `json:"globalUrl"`
	LastError          string              `json:"lastError"`
	LastScrape         time.Time           `json:"lastScrape"`
	LastScrapeDuration float64             `json:"lastScrapeDuration"` // seconds
	Health             scrape.TargetHealth `json:"health"`
	ScrapeInterval     string              `json:"scrapeInterval"`
	ScrapeTimeout      string              `json:"scrapeTimeout"`
}

type droppedTarget struct {
	DiscoveredLabels labels.Labels `json:"discoveredLabels"`
	ScrapePool       string        `json:"scrapePool"`
}

type targetLists struct {
	ActiveTargets       []*target        `json:"activeTargets"`
	DroppedTargets      []*droppedTarget `json:"droppedTargets"`
	DroppedTargetCounts map[string]int   `json:"droppedTargetCounts"`
}

func (a *API) scrapePools(*http.Request) (*answer, error) {
	pools := a.Targets().ScrapePools()
	slices.Sort(pools)
	return &answer{data: map[string][]string{"scrapePools": pools}}, nil
}

func (a *API) targets(r *http.Request) (*answer, error) {
	pool, state := r.URL.Query().Get("scrapePool"), strings.ToLower(r.URL.Query().Get("state"))
	all := state == "" || state == "any"
	lists := &targetLists{ActiveTargets: []*target{}, DroppedTargets: []*droppedTarget{}}
	b := labels.NewBuilder(labels.EmptyLabels())
	if all || state == "active" {
		each(a.Targets().TargetsActive(), pool, func(name string, t *scrape.Target) {
			lists.ActiveTargets = append(lists.ActiveTargets, a.target(name, t, b))
		})
	}
	if all || state == "dropped" {
		lists.DroppedTargetCounts = a.Targets().TargetsDroppedCounts()
		each(a.Targets().TargetsDropped(), pool, func(name string, t *scrape.Target) {
			lists.DroppedTargets = append(lists.DroppedTargets, &droppedTarget{t.DiscoveredLabels(b), name})
		})
	}
	return &answer{data: lists}, nil
}

// each visits targets in the order of their pools; only those of one pool unless only is "".
func each(pools map[string][]*scrape.Target, only string, visit func(string, *scrape.Target)) {
	for _, name := range slices.Sorted(maps.Keys(pools)) {
		if only != "" && name != only {
			continue
		}
		for _, t := range pools[name] {
			visit(name, t)
		}
	}
}

func (a *API) target(pool string, t *scrape.Target, b *labels.Builder) *target {
	global, err := a.globalURL(t.URL())
	shown := &target{
		DiscoveredLabels: t.DiscoveredLabels(b), Labels: t.Labels(b), ScrapePool: pool,
		ScrapeURL: t.URL().String(), GlobalURL: global.String(),
		LastScrape: t.LastScrape(), LastScrapeDuration: t.LastScrapeDuration().Seconds(), Health: t.Health(),
		ScrapeInterval: t.GetValue(model.ScrapeIntervalLabel), ScrapeTimeout: t.GetValue(model.ScrapeTimeoutLabel),
	}
	if last := t.LastError(); last != nil {
		shown.LastError = last.Error()
	}
	if err != nil {
		shown.LastError = fmt.Sprintf("%s: %s", shown.LastError, err)
	}
	return shown
}

// globalURL is a target's URL as others reach it: localhost becomes the name of this host, and this server's own port its
// external address.
func (a *API) globalURL(u *url.URL) (*url.URL, error) {
	host, port, err := splitHostPort(u.Host)
	if err != nil || !slices.Contains([]string{"127.0.0.1", "localhost", "::1"}, host) {
		return u, err
	}
	_, own, err := net.SplitHostPort(a.Listen)
	if err != nil {
		return u, err
	}
	if port == own {
		u.Scheme, u.Host = a.External.Scheme, a.External.Host
		return u, nil
	}
	name, _, err := splitHostPort(a.External.Host)
	if err != nil {
		return u, err
	}
	u.Host = name
	if port != "" {
		u.Host = net.JoinHostPort(name, port)
	}
	return u, nil
}

// splitHostPort is net.SplitHostPort for an address whose port may be missing.
func splitHostPort(address string) (host, port string, err error) {
	host, port, err = net.SplitHostPort(address)
	var wrong *net.AddrError
	if errors.As(err, &wrong) && wrong.Err == "missing port in address" {
		host, _, err = net.SplitHostPort(address + ":80")
	}
	return host, port, err
}

type relabelStep struct {
	Rule   *relabel.Config `json:"rule"`
	Output labels.Labels   `json:"output"`
	Keep   bool            `json:"keep"`
}

// relabelSteps shows what each relabelling rule of a pool makes of labels.
func (a *API) relabelSteps(r *http.Request) (*answer, error) {
	pool, text := r.FormValue("scrapePool"), r.FormValue("labels")
	if pool == "" {
		return nil, badData(errors.New("no scrapePool parameter provided"))
	}
	if text == "" {
		return nil, badData(errors.New("no labels parameter provided"))
	}
	var l labels.Labels
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return nil, badData(fmt.Errorf("error parsing labels: %w", err))
	}
	job, err := a.Targets().ScrapePoolConfig(pool)
	if err != nil {
		return nil, badData(fmt.Errorf("error retrieving scrape config: %w", err))
	}
	steps := make([]relabelStep, len(job.RelabelConfigs))
	b, keep := labels.NewBuilder(l), true
	for i, rule := range job.RelabelConfigs {
		keep = keep && relabel.ProcessBuilder(b, rule)
		steps[i] = relabelStep{Rule: rule, Output: labels.EmptyLabels(), Keep: keep}
		if keep {
			steps[i].Output = b.Labels()
		}
	}
	return &answer{data: map[string][]relabelStep{"steps": steps}}, nil
}
