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
	"merged": {good: 72 * time.Hour, ahead: 31768 * time.Second, span: 26 * time.Hour, blocks: true, merged: true},
	"late":   {good: 72 * time.Hour, ahead: 31768 * time.Second, span: 10 * time.Minute, late: true},
	"junk":   {good: 72 * time.Hour, ahead: 31768 * time.Second, span: 130 * time.Minute, junk: true},
}

// TestRepair: a real Prometheus refuses what it scrapes; after the repair it takes it, and no good sample is lost. The undo
// brings the damage back.
func TestRepair(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ host, shape string }{
		"2.42 head":       {"h1", "head"},
		"2.42 blocks":     {"h3", "blocks"},
		"2.42 arm64 head": {"a1", "head"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := host(t, c.host)
			p := prometheus{t, h, 9090}
			g := shapes[c.shape].under(t, h, managedUnit, managedData)
			p.refuses()
			target := c.host + "/prometheus"
			emulated := h.Arch != "amd64" // every start takes seconds there
			if !emulated {
				data(t, "inspect", target).want(t, changes, managedData)
				data(t, "repair", target, "--plan").want(t, changes, "stop "+managedUnit, "start "+managedUnit)
				p.refuses() // a plan changes nothing
			}
			data(t, "repair", target, "--yes="+target).want(t, done, "fresh samples for every job", "both counters flat")
			p.takes()
			p.kept(g)
			if !emulated {
				data(t, "inspect", target).want(t, done)
				data(t, "repair", target).want(t, done)
			}
		})
	}
}

// TestOtherShapes: a block with good samples and those of the future, samples out of order, and a damaged log, on which Prometheus was
// not started, or was, which cut it.
func TestOtherShapes(t *testing.T) {
	t.Parallel()
	if !long {
		t.Skip("MONCTL_LAB_LONG is not set")
	}
	h := host(t, "h1")
	for name, c := range map[string]struct {
		shape   string
		stopped bool
		words   []string
	}{
		"merged":            {"merged", false, []string{"repair, rewrite", "anew without the future"}},
		"late":              {"late", false, []string{"repair, rewrite"}},
		"log damaged":       {"junk", true, []string{"repair, rebuild", "not kept: exemplars and metadata of the head"}},
		"log damaged, used": {"junk", false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := prometheus{t, h, 9090}
			g := shapes[c.shape].place(t, h, managedUnit, managedData)
			if !c.stopped {
				on(t, h, "systemctl start "+managedUnit)
				p.refuses()
			}
			data(t, "inspect", "h1/prometheus").want(t, changes)
			data(t, "repair", "h1/prometheus", "--yes=h1/prometheus").want(t, done, append(c.words, "0 lost", "both counters flat")...)
			p.takes()
			p.kept(g)
			data(t, "inspect", "h1/prometheus").want(t, done)
		})
	}
}

// TestWindow: where it is enough, the configuration is changed instead of the data, and changed back when that is safe.
func TestWindow(t *testing.T) {
	t.Parallel()
	h := host(t, "h3")
	p := prometheus{t, h, 9090}
	const target, confirm, config = "h3/prometheus", "--yes=h3/prometheus", "/etc/monctl/prometheus/prometheus.yml"
	before := on(t, h, "stat -c %U:%G:%a "+config+" && sha256sum "+config)
	g := damage{good: 30 * time.Minute, ahead: 65 * time.Minute, span: 5 * time.Minute}.under(t, h, managedUnit, managedData)
	p.refuses()
	data(t, "repair", target, "--no-downtime", "--plan").want(t, changes, "out_of_order_time_window", config)
	data(t, "repair", target, "--no-downtime", confirm).want(t, done, "both counters flat", "--close-window")
	p.takes()
	p.kept(g)
	if on(t, h, "grep -c out_of_order_time_window "+config) != "1" || on(t, h, "ls -d "+managedData+".monctl 2>/dev/null || true") != "" {
		t.Error("the window is not all that was changed")
	}
	data(t, "repair", target, "--close-window", confirm).want(t, refused, "without the window samples of now would be refused")
	data(t, "repair", target, confirm).want(t, done)
	data(t, "repair", target, "--close-window", confirm).want(t, done)
	p.takes()
	p.kept(g)
	if after := on(t, h, "stat -c %U:%G:%a "+config+" && sha256sum "+config); after != before {
		t.Errorf("the configuration is\n%s\nwas\n%s", after, before)
	}
	data(t, "repair", target, "--close-window", confirm).want(t, refused, "has no window that monctl added")
}
