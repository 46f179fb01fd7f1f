package installer

import (
	"context"
	"strings"
	"time"

	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
)

// A Prometheus scrapes a target for the first time at a moment that it derives from the target's labels, somewhere
// within one scrape interval after it starts. So that a fresh Prometheus proves its targets in about a second instead
// of fifteen, it starts with an interval of one second; once its targets are up it gets the configuration of the
// plan and reloads. A run that is cut off in between is put right by the next one, which sees the file differ.

// quickProofFor bounds the time with the short interval.
const quickProofFor = 15 * time.Second

// quickFiles are, per host, the files that a change writes in place of those of the plan, by key.
type quickFiles map[string]map[string]resource.File

// quickProof gives, per host that starts a Prometheus, its configuration file with the short interval.
func (r *Run) quickProof(wave []*Host) quickFiles {
	quick := quickFiles{}
	var fast *desired.Stack
	for _, h := range wave {
		if !starts(h.Plan, desired.UnitName("prometheus")) {
			continue
		}
		if fast == nil {
			fast = r.Stack.Override("prometheus", map[string]any{"scrape_interval": "1s", "scrape_timeout": "1s"})
		}
		resources, err := fast.Resources(h.Name, randomSecret)
		if err != nil {
			continue // the plan itself was made of the same parts; without the short interval the proof only takes longer
		}
		for _, res := range resources {
			f, ok := res.(resource.File)
			if ok && strings.HasSuffix(f.Path, "/prometheus/prometheus.yml") {
				quick[h.Name] = map[string]resource.File{f.Key(): f}
			}
		}
	}
	return quick
}

func starts(p plan.Plan, unit string) bool {
	for _, c := range p.Changes {
		if s, ok := c.Resource.(resource.Service); ok && s.Unit == unit {
			return c.Action == plan.Start
		}
	}
	return false
}

// endQuickProof gives a Prometheus the configuration of the plan.
func (r *Run) endQuickProof(ctx context.Context, h *Host) error {
	final := plan.Plan{Host: h.Name}
	for _, c := range h.Plan.Changes {
		switch res := c.Resource.(type) {
		case resource.File:
			if strings.HasSuffix(res.Path, "/prometheus/prometheus.yml") {
				final.Changes = append(final.Changes, c)
			}
		case resource.Service:
			if res.Unit == desired.UnitName("prometheus") {
				final.Changes = append(final.Changes, plan.Change{Resource: res, Action: plan.Reload, Why: "proven"})
			}
		}
	}
	return r.applyPlan(ctx, h, final)
}
