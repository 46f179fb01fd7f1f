package installer

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/installer/release/cache"
	"github.com/monctl/monctl/templates"
)

// standInReleases has what it says: why a component cannot be chosen, why it cannot be fetched.
type standInReleases struct{ resolve, fetch map[string]error }

func (s standInReleases) Resolve(_ context.Context, c *templates.Component, _ string, archs []templates.Arch) (release.Release, error) {
	r := release.Release{Component: c.Name, Version: "1.2.3", Files: map[templates.Arch]release.File{}}
	for _, a := range archs {
		r.Files[a] = release.File{Name: "x", SHA256: strings.Repeat("0", 64)}
	}
	return r, s.resolve[c.Name]
}

func (s standInReleases) Fetch(_ context.Context, c *templates.Component, _ release.Release, _ templates.Arch, _ func(done, total int64)) (resource.Payload, error) {
	return resource.Payload{}, s.fetch[c.Name]
}

// standInConn is a host that reaches addresses, or does not.
type standInConn struct{ reaches bool }

func (c standInConn) Run(context.Context, fleet.Cmd) (fleet.Result, error) {
	if c.reaches {
		return fleet.Result{}, nil
	}
	return fleet.Result{Exit: 1, Stderr: "no route"}, nil
}

func (c standInConn) Dial(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("not here")
}
func (c standInConn) Close() error { return nil }

func TestFallback(t *testing.T) {
	noWay := fault.With(errors.New("no route to host"), "Look at the network.")
	noBuild := fault.Misuse(&release.NoBuildError{Arch: templates.AMD64}, "Take it off.")
	mismatch := fault.Refuse(&cache.MismatchError{Got: "1", Want: "2"}, "Look in between.")
	both := map[string]error{"prometheus": noWay, "node_exporter": noWay}
	monitor, own := []string{"monitor"}, []string{"prometheus", "node_exporter"}
	for name, tt := range map[string]struct {
		releases standInReleases
		policy   inventory.Fallback
		reaches  bool
		has      string // what the host has already
		want     []string
		err      string
	}{
		"all can be had":            {policy: inventory.FallbackAuto, want: own},
		"nothing can be had":        {standInReleases{fetch: both}, inventory.FallbackAuto, false, "", monitor, ""},
		"it is asked":               {standInReleases{fetch: both}, inventory.FallbackAsk, false, "", monitor, ""},
		"never":                     {standInReleases{fetch: both}, inventory.FallbackNever, false, "", own, "no route to host"},
		"a checksum is refused":     {standInReleases{fetch: map[string]error{"prometheus": mismatch}}, inventory.FallbackAuto, true, "", []string{"monitor", "node_exporter"}, ""},
		"no build for the machine":  {standInReleases{resolve: map[string]error{"prometheus": noBuild}}, inventory.FallbackAuto, false, "", []string{"monitor", "node_exporter"}, ""},
		"a mistake in the file":     {standInReleases{resolve: map[string]error{"prometheus": fault.Misuse(errors.New("version is none"), "")}}, inventory.FallbackAuto, false, "", own, ""},
		"the host reaches it":       {standInReleases{fetch: both}, inventory.FallbackAuto, true, "", own, "no route to host"},
		"one runs already":          {standInReleases{fetch: map[string]error{"prometheus": noWay}}, inventory.FallbackAuto, false, "prometheus", own, ""},
		"only node_exporter is not": {standInReleases{fetch: map[string]error{"node_exporter": noWay}}, inventory.FallbackAuto, false, "", []string{"prometheus", "monitor"}, ""},
		"nor is monctl":             {standInReleases{fetch: both, resolve: map[string]error{"monitor": errors.New("no monctl for it")}}, inventory.FallbackAuto, false, "", own, "nor can the bundled monitor"},
	} {
		t.Run(name, func(t *testing.T) {
			r := bareRun(t, tt.releases, tt.policy, tt.has, standInConn{tt.reaches})
			archs := map[string]templates.Arch{"h": templates.AMD64}
			r.fallBack(t.Context(), archs)
			var got []string
			for _, i := range r.Stack.Instances {
				got = append(got, i.Component.Name)
			}
			err := r.Hosts[0].Err
			if tt.err == "" && (err != nil || !slices.Equal(got, tt.want)) {
				t.Errorf("runs %q (%v), want %q", got, err, tt.want)
			}
			if tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if unasked := len(r.Unasked()) > 0; unasked != (tt.policy == inventory.FallbackAsk) {
				t.Errorf("somebody is to be asked: %v", unasked)
			}
		})
	}
}

func bareRun(t *testing.T, releases Releases, policy inventory.Fallback, has string, conn fleet.Conn) *Run {
	t.Helper()
	catalog, err := templates.Load("")
	if err != nil {
		t.Fatal(err)
	}
	inv, err := inventory.Parse("monctl.yaml", []byte("hosts: {h: {address: 10.0.0.1, components: [prometheus, node_exporter]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	stack, err := desired.StackOf(inv, catalog)
	if err != nil {
		t.Fatal(err)
	}
	h := &Host{Name: "h", conn: conn}
	if has != "" {
		h.manifests = []desired.Manifest{{Component: has}}
	}
	return &Run{Hosts: []*Host{h}, Stack: stack, o: Options{Stack: stack, Releases: releases, Fallback: policy}}
}
