package data

import (
	"testing"
	"time"
)

// managed is where monctl's own components are.
const (
	managedUnit = "monctl-prometheus.service"
	managedData = "/var/lib/monctl/prometheus"
)

// shapes are the ways in which the future gets into a directory (failures.md B).
var shapes = map[string]damage{
	"head":   {good: 72 * time.Hour, ahead: 31768 * time.Second, span: 10 * time.Minute},
	"blocks": {good: 72 * time.Hour, ahead: 31768 * time.Second, span: 26 * time.Hour, blocks: true},
}

// TestRepair: a real Prometheus refuses what it scrapes; after the repair it takes it, and no good sample is lost. The undo
// brings the damage back.
func TestRepair(t *testing.T) {
	for name, c := range map[string]struct{ host, shape string }{
		"2.42 head":       {"h1", "head"},
		"2.42 blocks":     {"h1", "blocks"},
		"2.42 arm64 head": {"a1", "head"},
	} {
		t.Run(name, func(t *testing.T) {
			h := host(t, c.host)
			p := prometheus{t, h, 9090}
			g := shapes[c.shape].under(t, h, managedUnit, managedData)
			p.refuses()
			target := c.host + "/prometheus"
			data(t, "inspect", target).want(t, changes, managedData)
			data(t, "repair", target, "--plan").want(t, changes, "stop "+managedUnit, "start "+managedUnit)
			p.refuses() // a plan changes nothing
			data(t, "repair", target, "--yes="+target).want(t, done, "fresh samples for every job", "both counters flat")
			p.takes()
			p.kept(g)
			data(t, "inspect", target).want(t, done)
			data(t, "repair", target).want(t, done)
		})
	}
}
