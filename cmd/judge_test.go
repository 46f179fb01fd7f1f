package cmd

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/installer/release/lock"
	"github.com/monctl/monctl/templates"
)

func stackFor(t *testing.T, text string) *desired.Stack {
	t.Helper()
	inv, err := inventory.Parse("monctl.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := templates.Load("")
	if err != nil {
		t.Fatal(err)
	}
	stack, err := desired.StackOf(inv, catalog)
	if err != nil {
		t.Fatal(err)
	}
	return stack
}

const twoHosts = "hosts: {vm1: 10.0.0.1, vm2: 10.0.0.2}\ncomponents:\n  prometheus: {hosts: [vm1], version: 3.13.2}\n  node_exporter: {hosts: all}\n"

func TestJudge(t *testing.T) {
	well := func(name, version string, listed bool) installer.ComponentStatus {
		m := desired.Manifest{Component: name, Version: version, Unit: desired.UnitName(name)}
		return installer.ComponentStatus{Manifest: m, State: "active/running", Enabled: true, Listed: listed}
	}
	broken := well("prometheus", "3.13.2", true)
	broken.State, broken.Ready, broken.Enabled = "failed/failed", errors.New("does not run"), false
	down := well("prometheus", "3.13.2", true)
	down.TargetsDown = []string{"node_exporter vm2: connection refused"}
	both := []installer.ComponentStatus{well("prometheus", "3.13.2", true), well("node_exporter", "1.12.1", true)}
	tests := []struct {
		name string
		vm1  installer.HostStatus
		want []string
	}{
		{"all is well", installer.HostStatus{Components: both}, nil},
		{"a host that is not reached has no problems of its own", installer.HostStatus{Err: errors.New("gone")}, nil},
		{"interrupted", installer.HostStatus{Components: both, Unfinished: "open"}, []string{"vm1: a run was interrupted here"}},
		{"missing", installer.HostStatus{Components: both[:1]}, []string{"vm1 node_exporter: is in monctl.yaml, but not installed"}},
		{
			"not listed",
			installer.HostStatus{Components: append([]installer.ComponentStatus{well("grafana", "13.2.3", false)}, both...)},
			[]string{"vm1 grafana: is installed, but not in monctl.yaml"},
		},
		{
			"other version",
			installer.HostStatus{Components: []installer.ComponentStatus{both[0], well("node_exporter", "1.11.1", true)}},
			[]string{"vm1 node_exporter: has version 1.11.1, monctl.lock says 1.12.1"},
		},
		{
			"broken",
			installer.HostStatus{Components: []installer.ComponentStatus{broken, both[1]}},
			[]string{"vm1 prometheus: failed/failed: does not run", "vm1 prometheus: does not start at boot"},
		},
		{
			"target down",
			installer.HostStatus{Components: []installer.ComponentStatus{down, both[1]}},
			[]string{"vm1 prometheus: target down: node_exporter vm2: connection refused"},
		},
	}
	locked := lock.File{Components: map[string]lock.Entry{"node_exporter": {Version: "1.12.1"}}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.vm1.Host = "vm1"
			var got []string
			for _, p := range judge(stackFor(t, twoHosts), locked, []installer.HostStatus{tt.vm1}) {
				place := p.Host
				if p.Component != "" {
					place += " " + p.Component
				}
				got = append(got, place+": "+p.What)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// asked remembers what was asked of it.
type asked struct {
	installer.Releases
	want *[]string
	name string
}

func (a asked) Resolve(_ context.Context, c *templates.Component, want string, _ []templates.Arch) (release.Release, error) {
	*a.want = append(*a.want, a.name+" "+c.Name+" "+want)
	return release.Release{}, nil
}

func TestOnlyNamedComponentsAreChosenAnew(t *testing.T) {
	stack := stackFor(t, twoHosts)
	for _, tt := range []struct {
		args, want []string
	}{
		{nil, []string{"fresh prometheus 3.13.2", "fresh node_exporter "}},
		{[]string{"node_exporter"}, []string{"locked prometheus 3.13.2", "fresh node_exporter "}},
		{[]string{"prometheus@3.15.0"}, []string{"fresh prometheus 3.15.0", "locked node_exporter "}},
	} {
		wanted, err := wantedVersions(stack, tt.args)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		u := upgrading{Releases: asked{want: &got, name: "locked"}, fresh: asked{want: &got, name: "fresh"}, wanted: wanted}
		for _, c := range stack.Components() {
			if _, err := u.Resolve(context.Background(), c, stack.Version(c.Name), nil); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%v: %s", tt.args, diff)
		}
	}
}

func TestDowngradeIsRefused(t *testing.T) {
	down := []ui.Step{{Host: "vm1", Component: "x", From: "1.0.0", To: "1.1.0"}, {Host: "vm2", Component: "grafana", From: "13.0.1+security-01", To: "13.0.1"}}
	if err := refuseDowngrade(down, false); codeOf(err) != exitRefused || err == nil || fault.Remedy(err) == "" {
		t.Errorf("got %v", err)
	}
	if err := refuseDowngrade(down, true); err != nil {
		t.Errorf("with --allow-downgrade: %v", err)
	}
	if err := refuseDowngrade(down[:1], false); err != nil {
		t.Errorf("upwards: %v", err)
	}
}

func TestExitCodesOfHosts(t *testing.T) {
	failed := ui.HostError{Err: errors.New("x")}
	refused := ui.HostError{Err: fault.Refuse(errors.New("x"), "")}
	misused := ui.HostError{Err: fault.Misuse(errors.New("x"), "")}
	for _, tt := range []struct {
		all  int
		errs []ui.HostError
		want int
	}{
		{3, nil, exitDone},
		{3, []ui.HostError{failed}, exitSome},
		{2, []ui.HostError{refused}, exitSome},
		{2, []ui.HostError{failed, failed}, exitFailed},
		{2, []ui.HostError{refused, refused}, exitRefused},
		{2, []ui.HostError{refused, failed}, exitFailed},
		{1, []ui.HostError{misused}, exitUsage},
	} {
		if got := codeOfHosts(tt.all, tt.errs); got != tt.want {
			t.Errorf("%d of %d: exit %d, want %d", len(tt.errs), tt.all, got, tt.want)
		}
	}
}

func TestNamesOfProbedHosts(t *testing.T) {
	inv, err := inventory.AdHoc([]string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "web"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := []*ui.Probe{{Host: "10.0.0.1"}, {Host: "10.0.0.2"}, {Host: "10.0.0.3"}, {Host: "web"}}
	for i, hostname := range []string{"db.example.org", "same", "same", "db2"} {
		found[i].Facts.Hostname = hostname
	}
	var got []string
	for _, h := range named(inv, found) {
		got = append(got, h.Host.Name)
	}
	if diff := cmp.Diff([]string{"db", "10.0.0.2", "10.0.0.3", "db2"}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(fleet.SudoAuto, named(inv, found)[0].Host.Sudo); diff != "" {
		t.Error(diff)
	}
}
