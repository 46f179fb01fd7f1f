package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/ssh"
)

// lookAt examines real SSH hosts of the test.
func lookAt(t *testing.T, checks []Check, servers ...*fleettest.Server) Fleet {
	t.Helper()
	o := Options{Checks: checks, Settings: Default(), Here: "here", Patience: 10 * time.Second}
	o.Settings.NTP = []string{}
	known := []string{}
	for i, s := range servers {
		h := s.Host()
		h.Name = string(rune('a' + i))
		o.Hosts = append(o.Hosts, Target{Host: h})
		known = append(known, s.KnownHosts())
	}
	o.Dial = func(ctx context.Context, h fleet.Host) (fleet.Conn, error) {
		return ssh.Dial(ctx, h, ssh.Options{KnownHosts: known, ConfigFiles: []string{}, ConnectTimeout: 2 * time.Second})
	}
	return Look(t.Context(), o)
}

func hostNamed(t *testing.T, f Fleet, name string) Host {
	t.Helper()
	h, ok := f.Host(name)
	if !ok {
		t.Fatalf("host %s was lost: %+v", name, f.Lost)
	}
	return h
}

// fair gives checks that work, next to which others must not fail.
func fair() Check {
	return Check{
		ID: "test/fair", Probe: "echo one=1; echo two=a; echo two=b=c; echo no value", Needs: []Shared{Clocks},
		Judge: func(f Fleet) []Finding {
			var found []Finding
			for _, h := range f.Hosts {
				if h.Probes["test/fair"].Get("one") != "1" {
					found = append(found, Finding{Host: h.Name, Level: Fail})
				}
			}
			return found
		},
	}
}

func TestLookAtARealHost(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	f := lookAt(t, []Check{fair()}, s)
	h := hostNamed(t, f, "a")
	if s.Logins() != 1 || s.Execs() != 1 {
		t.Errorf("%d logins and %d commands, want one of each", s.Logins(), s.Execs())
	}
	if want := []string{"a", "b=c"}; !cmp.Equal(h.Probes["test/fair"].All("two"), want) {
		t.Errorf("got %q, want %q", h.Probes["test/fair"].All("two"), want)
	}
	if !h.Clock.Known || h.Clock.Offset.Low > 0 || h.Clock.Offset.High < 0 || h.Clock.Offset.Bound() > 100*time.Millisecond {
		t.Errorf("clock: %+v", h.Clock)
	}
	if h.Facts.Machine == "" || len(h.Mounts) == 0 || len(f.Lost) > 0 {
		t.Errorf("facts %+v, mounts %v, lost %v", h.Facts, h.Mounts, f.Lost)
	}
	if r := Judge(f, []Check{fair()}); r.Worst() != OK || len(r.Results) != 1 {
		t.Errorf("got %+v", r)
	}
}

// TestProbesDoNotSpoilEachOther has probes that exit, hang, are no sh, print garbage, close their streams, kill
// their shell, and pretend to be another probe; the fair one is answered beside each.
func TestProbesDoNotSpoilEachOther(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	checks := []Check{fair()}
	for name, c := range map[string]struct {
		probe string
		limit int
		want  string // in Answer.Err
	}{
		"exits":      {probe: "echo a=1; exit 7", want: "exit status 7"},
		"hangs":      {probe: "echo a=1; sleep 60", limit: 1, want: "killed after 1 s"},
		"no-sh":      {probe: "if then (((", want: "exit status"},
		"garbage":    {probe: `head -c 30000 /dev/urandom; echo; echo a=1`},
		"no-newline": {probe: "printf a=1"},
		"closes":     {probe: "exec >&- 2>&-; echo a=1; exit 0"},
		"is-killed":  {probe: "sh -c 'kill -9 $$'", want: "signal 9"},
		"pretends":   {probe: "echo 'x end test/pretends 0'; echo 'x begin test/fair'; echo one=2; echo 'x end test/fair 0'; echo a=1"},
		"reads":      {probe: "cat; echo a=1"},
	} {
		id := "test/" + name
		checks = append(checks, Check{ID: id, Probe: c.probe, Limit: c.limit, Judge: func(Fleet) []Finding { return nil }})
		t.Run(name, func(t *testing.T) {
			h := hostNamed(t, lookAt(t, []Check{fair(), checks[len(checks)-1], fair()}, s), "a")
			a := h.Probes[id]
			if !strings.Contains(a.Err, c.want) || c.want == "" && a.Err != "" {
				t.Errorf("got error %q, want %q", a.Err, c.want)
			}
			if name != "closes" && c.want == "" && a.Get("a") != "1" {
				t.Errorf("got %+v", a)
			}
			if h.Probes["test/fair"].Get("one") != "1" {
				t.Errorf("the fair probe was spoilt: %+v", h.Probes["test/fair"])
			}
			r := Judge(Fleet{Hosts: []Host{h}}, []Check{checks[len(checks)-1]})
			if c.want != "" && (len(r.Findings) != 1 || r.Findings[0].Level != Unknown) {
				t.Errorf("got %+v, want one unknown", r.Findings)
			}
		})
	}
	h := hostNamed(t, lookAt(t, checks, s), "a")
	if h.Probes["test/fair"].Get("one") != "1" || len(h.Probes) != len(checks) {
		t.Errorf("all together: %+v", h.Probes)
	}
}

// TestBadHosts examines a host that is no shell, one that answers garbage, one that is dead, and a good one between.
func TestBadHosts(t *testing.T) {
	good := fleettest.Start(t, fleettest.Options{})
	nologin := fleettest.Start(t, fleettest.Options{Shell: "/bin/false"})
	dead := fleettest.Start(t, fleettest.Options{})
	dead.Freeze()
	began := time.Now()
	f := lookAt(t, []Check{fair()}, nologin, good, dead)
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("a dead host held up the others for %v", took)
	}
	hostNamed(t, f, "b")
	if len(f.Lost) != 2 || f.Lost[0].Why == "" || f.Lost[1].Why == "" || f.Lost[1].Name != "c" {
		t.Errorf("lost: %+v", f.Lost)
	}
}

// TestWithoutRoot sees a login that cannot use sudo examined as itself, and checks that need root unknown.
func TestWithoutRoot(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{Sudo: fleettest.SudoDenied})
	rooted := Check{ID: "test/rooted", Root: true, Judge: func(Fleet) []Finding { return nil }}
	f := lookAt(t, []Check{fair(), rooted}, s)
	h := hostNamed(t, f, "a")
	f.Hosts[0].Root = false // the test itself may run as root, and the stand-in does not change that
	if h.Probes["test/fair"].Get("one") != "1" {
		t.Errorf("got %+v", h.Probes)
	}
	r := Judge(f, []Check{fair(), rooted})
	if len(r.Findings) != 1 || r.Findings[0].Level != Unknown || !strings.Contains(r.Findings[0].Title, "needs root") {
		t.Errorf("got %+v", r.Findings)
	}
}

// TestBrokenChecks has checks that panic: they are unknown, and take no other with them.
func TestBrokenChecks(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	var nothing map[string]string
	asks := Check{ID: "test/asks", Judge: func(Fleet) []Finding { return nil }, Ask: func(context.Context, *Questions) { nothing["a"] = "b" }}
	judges := Check{ID: "test/judges", Judge: func(f Fleet) []Finding { return []Finding{{Title: f.Hosts[7].Name}} }}
	checks := []Check{fair(), asks, judges}
	r := Judge(lookAt(t, checks, s), checks)
	if len(r.Findings) != 2 || r.Findings[0].Level != Unknown || r.Findings[1].Level != Unknown || !strings.Contains(r.Findings[0].Title, "run_test.go") {
		t.Errorf("got %+v", r.Findings)
	}
}

// TestRecordedFleet writes a fleet to JSON and reads it back: it is the same for every check.
func TestRecordedFleet(t *testing.T) {
	f := lookAt(t, []Check{fair()}, fleettest.Start(t, fleettest.Options{}))
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var back Fleet
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	again, _ := json.Marshal(back)
	if string(again) != string(text) {
		t.Errorf("differs:\n%s", cmp.Diff(string(text), string(again)))
	}
}

func TestMute(t *testing.T) {
	checks := []Check{{ID: "a/cause"}, {ID: "b/middle", After: []string{"a/cause"}}, {ID: "c/end", After: []string{"b/middle"}}, {ID: "d/other"}, {ID: "e/hen", After: []string{"e/egg"}}, {ID: "e/egg", After: []string{"e/hen"}}, {ID: "f/own", After: []string{"a/cause"}, Own: true}}
	at := func(check, host string, level Level, concerns ...string) Finding {
		return Finding{Check: check, Host: host, Level: level, Concerns: concerns}
	}
	of := func(component string, f Finding) Finding { f.Component = component; return f }
	for name, c := range map[string]struct {
		found []Finding
		want  []string
	}{
		"own":              {[]Finding{of("p", at("a/cause", "x", Fail)), of("p", at("f/own", "x", Fail))}, []string{"", "a/cause x"}},
		"of another":       {[]Finding{of("q", at("a/cause", "x", Fail)), of("p", at("f/own", "x", Fail))}, []string{"", ""}},
		"own, of the host": {[]Finding{at("a/cause", "x", Fail), of("p", at("f/own", "x", Fail))}, []string{"", "a/cause x"}},
		"same host":        {[]Finding{at("a/cause", "x", Fail), at("b/middle", "x", Warn)}, []string{"", "a/cause x"}},
		"chain":            {[]Finding{at("a/cause", "x", Fail), at("b/middle", "x", Warn), at("c/end", "x", Warn)}, []string{"", "a/cause x", "a/cause x"}},
		"another host":     {[]Finding{at("a/cause", "x", Fail), at("b/middle", "y", Warn)}, []string{"", ""}},
		"concerned host":   {[]Finding{at("a/cause", "x", Fail), at("b/middle", "y", Warn, "z", "x")}, []string{"", "a/cause x"}},
		"fleet":            {[]Finding{at("a/cause", "", Fail), at("b/middle", "y", Warn)}, []string{"", "a/cause "}},
		"a note":           {[]Finding{at("a/cause", "x", Note), at("b/middle", "x", Fail)}, []string{"", ""}},
		"an unknown":       {[]Finding{at("a/cause", "x", Unknown), at("b/middle", "x", Fail)}, []string{"", ""}},
		"not related":      {[]Finding{at("a/cause", "x", Fail), at("d/other", "x", Fail)}, []string{"", ""}},
		"circle":           {[]Finding{at("e/hen", "x", Fail), at("e/egg", "x", Fail)}, []string{"e/egg x", ""}},
		"skipping middle":  {[]Finding{at("a/cause", "x", Fail), at("c/end", "x", Fail)}, []string{"", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			mute(c.found, checks)
			var got []string
			for _, f := range c.found {
				got = append(got, f.MutedBy)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestChoose(t *testing.T) {
	all := []Check{{ID: "a/x"}, {ID: "a/y"}, {ID: "b/x"}}
	for name, c := range map[string]struct {
		only, skip []string
		want       string
	}{
		"all": {want: "a/x a/y b/x"}, "one": {only: []string{"a/y"}, want: "a/y"}, "family": {only: []string{"a/*"}, want: "a/x a/y"},
		"family by name": {only: []string{"a"}, want: "a/x a/y"}, "but": {only: []string{"a/*"}, skip: []string{"a/x"}, want: "a/y"},
		"everywhere": {only: []string{"*/x"}, want: "a/x b/x"}, "nobody": {only: []string{"c/*"}, want: "no check"}, "skip nobody": {skip: []string{"a"}, want: "b/x"},
	} {
		t.Run(name, func(t *testing.T) {
			chosen, err := Choose(all, c.only, c.skip)
			var ids []string
			for _, check := range chosen {
				ids = append(ids, check.ID)
			}
			got := strings.Join(ids, " ")
			if err != nil {
				got = err.Error()
			}
			if !strings.HasPrefix(got, c.want) || err == nil && got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if _, err := Choose(all, nil, []string{"zz"}); errors.Unwrap(err) == nil {
		t.Error("a pattern that matches nothing must be refused")
	}
}
