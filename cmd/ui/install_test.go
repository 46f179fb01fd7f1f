package ui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/templates"
)

// stack is Prometheus and Grafana on vm1, and node_exporter on three hosts, with releases filled in.
func stack(t *testing.T) *desired.Stack {
	t.Helper()
	text := "hosts: {vm1: 10.0.0.1, vm2: 10.0.0.2, vm3: 10.0.0.3}\ncomponents:\n  prometheus: {hosts: [vm1]}\n  grafana: {hosts: [vm1]}\n  node_exporter: {hosts: all}\n"
	inv, err := inventory.Parse("monctl.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := templates.Load("")
	if err != nil {
		t.Fatal(err)
	}
	s, err := desired.StackOf(inv, catalog)
	if err != nil {
		t.Fatal(err)
	}
	archs := map[string]templates.Arch{"vm1": templates.AMD64, "vm2": templates.ARM64, "vm3": templates.AMD64}
	return s.With(archs, map[string]release.Release{
		"prometheus": {Version: "3.15.0"}, "grafana": {Version: "13.2.3"}, "node_exporter": {Version: "1.12.1"},
	})
}

func proof(kind installer.ProofKind, component string) installer.Proof {
	return installer.Proof{Kind: kind, What: string(kind) + " " + component, Unit: desired.UnitName(component)}
}

func good(host string, changed bool, components ...string) installer.Outcome {
	o := installer.Outcome{Host: host, Changed: changed}
	for _, c := range components {
		o.Proofs = append(o.Proofs, proof(installer.ProofReady, c), proof(installer.ProofTarget, c))
	}
	return o
}

func report(t *testing.T, outcomes ...installer.Outcome) InstallReport {
	r := InstallReport{Stack: stack(t), Outcomes: outcomes, Took: 12300 * time.Millisecond}
	for _, o := range outcomes {
		r.Changed = r.Changed || o.Changed
		if o.Err != nil {
			r.Failed = append(r.Failed, HostError{Host: o.Host, Err: o.Err, Journal: o.Journal})
		}
	}
	return r
}

func TestInstalled(t *testing.T) {
	broken := installer.Outcome{Host: "vm2", Changed: true, RolledBack: true, Err: errors.New("vm2: node_exporter is ready: no"), Journal: "it said why"}
	left := installer.Outcome{Host: "vm3", Err: fmt.Errorf("vm3: %w", installer.ErrNotReached)}
	tests := []struct {
		name       string
		report     InstallReport
		out, story string
	}{
		{
			"all went well", report(t, good("vm1", true, "prometheus", "grafana", "node_exporter"), good("vm2", true, "node_exporter"), good("vm3", false, "node_exporter")),
			`✓  vm1  prometheus     3.15.0  amd64  ready · up in Prometheus
✓       grafana        13.2.3  amd64  ready · up in Prometheus
✓       node_exporter  1.12.1  amd64  ready · up in Prometheus
✓  vm2  node_exporter  1.12.1  arm64  ready · up in Prometheus
=  1 host unchanged

Grafana     http://10.0.0.1:3000  login: monctl secrets show grafana
Prometheus  http://10.0.0.1:9090

installed and proven: 3 hosts, 5 components, 5 of 5 targets up in 12 s
`, "",
		},
		{
			"nothing to do", report(t, good("vm1", false, "prometheus", "grafana", "node_exporter"), good("vm2", false, "node_exporter"), good("vm3", false, "node_exporter")),
			"nothing to change; everything is proven: 3 hosts, 5 components, 5 of 5 targets up (12 s)\n", "",
		},
		{
			"one failed, one was left alone", report(t, good("vm1", false, "prometheus"), broken, left),
			"✗  vm2  failed      rolled back: it is as it was before\n–  vm3: left as it was, because the first host with this change failed\n=  1 host unchanged\n",
			"error: vm2: node_exporter is ready: no\n  │ it said why\n1 of 3 hosts failed, 1 left as it was, after 12 s\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, out, story := plain(Options{})
			u.Installed(tt.report)
			if diff := cmp.Diff(tt.out, out.String()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.story, story.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInterruptedSaysInWhichStateHostsAre(t *testing.T) {
	done, back := good("vm1", true, "prometheus"), installer.Outcome{Host: "vm2", Changed: true, RolledBack: true, Err: context.Canceled}
	between := installer.Outcome{Host: "vm3", Changed: true, Err: context.Canceled}
	untouched := installer.Outcome{Host: "vm4", Err: context.Canceled}
	u, _, story := plain(Options{})
	u.Interrupted([]installer.Outcome{done, back})
	if !strings.Contains(story.String(), "either as it was or done (vm1, vm2)") {
		t.Errorf("got %s", story)
	}
	u, _, story = plain(Options{})
	u.Interrupted([]installer.Outcome{done, back, between, untouched})
	if !strings.Contains(story.String(), "interrupted: vm3 may be half-way") {
		t.Errorf("got %s", story)
	}
	u, answer, _ := plain(Options{})
	u.Results(&desired.Stack{}, []installer.Outcome{between, untouched})
	if text := answer.String(); strings.Count(text, "interrupted") != 2 || strings.Contains(text, "failed") {
		t.Errorf("an interrupt is no failure:\n%s", text)
	}
}

func TestResultsAsJSON(t *testing.T) {
	u, out, _ := plain(Options{JSON: true})
	u.Installed(report(t, good("vm1", true, "prometheus"), installer.Outcome{Host: "vm2", Err: errors.New("vm2: gone")}))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines:\n%s", len(lines), out)
	}
	for i, want := range []string{"result", "result", "error"} {
		var object struct {
			Type       string
			Host       string
			OK         bool
			Components []map[string]any
		}
		if err := json.Unmarshal([]byte(lines[i]), &object); err != nil || object.Type != want {
			t.Errorf("line %d: %v: %s", i+1, err, lines[i])
		}
		if i == 0 && (!object.OK || len(object.Components) != 3) {
			t.Errorf("vm1: %+v", object)
		}
	}
}
