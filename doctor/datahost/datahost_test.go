package datahost

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/desired"
)

func TestParseName(t *testing.T) {
	for text, want := range map[string]Name{
		"web1/prometheus":               {"web1", "prometheus", 0},
		"web1/prometheus:9091":          {"web1", "prometheus", 9091},
		"web1/monctl-prometheus":        {"web1", "monctl-prometheus", 0},
		"web1/prometheus2.service":      {"web1", "prometheus2", 0},
		"ubuntu@10.0.0.11/grafana":      {"ubuntu@10.0.0.11", "grafana", 0},
		"web1/prometheus.service:9091x": {},
		"web1/prometheus:0":             {},
		"web1/prometheus:":              {},
		"web1/prometheus:70000":         {},
		"web1":                          {},
		"web1/":                         {},
		"/prometheus":                   {},
		"/var/lib/prometheus":           {},
		"":                              {},
	} {
		got, err := ParseName(text)
		if got != want || (err == nil) == (want == Name{}) {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
		if err != nil && fault.KindOf(err) != fault.Usage {
			t.Errorf("%q: %v is no misuse", text, err)
		}
	}
}

// server is a running Prometheus with its unit; port 0 has none.
func server(pid int, unit string, port uint16, flags ...string) doctor.Component {
	c := doctor.Component{
		Kind: "prometheus", Name: "prometheus", Running: true, Unit: unit, Flags: map[string]string{}, Replies: map[string]doctor.Reply{},
		Process: doctor.Process{PID: pid, Dir: "/srv", Args: append([]string{"/opt/p/prometheus"}, flags...), Exe: "/opt/p/prometheus"},
	}
	if unit != "" {
		c.Name = strings.TrimSuffix(unit, ".service")
	}
	for _, f := range flags {
		name, value, _ := strings.Cut(strings.TrimLeft(f, "-"), "=")
		c.Flags[name] = value
	}
	if port > 0 {
		c.Listen = []netip.AddrPort{netip.AddrPortFrom(netip.IPv4Unspecified(), port)}
	}
	return c
}

func hostOf(components ...doctor.Component) doctor.Fleet {
	h := doctor.Host{Name: "web1", Root: true, Components: components, Unread: map[string]string{}, Probes: map[string]doctor.Answer{}}
	for _, c := range components {
		if c.Unit != "" {
			h.Units = append(h.Units, doctor.Unit{Name: c.Unit, Properties: map[string]string{"ExecStart": "{ path=/opt/p/prometheus ; argv[]=" + strings.Join(c.Process.Args, " ") + " ; }"}})
		}
	}
	return doctor.Fleet{Hosts: []doctor.Host{h}}
}

func TestFind(t *testing.T) {
	one := server(10, "prometheus.service", 9090, "--storage.tsdb.path=/data/one")
	two := server(11, "prometheus2.service", 9091, "--storage.tsdb.path=/data/two")
	inside := server(12, "docker.service", 9090)
	inside.Process.Foreign = true
	grafana := doctor.Component{Kind: "grafana", Name: "grafana-server", Unit: "grafana-server.service", Running: true, Process: doctor.Process{Args: []string{"grafana", "cfg:default.paths.data=/var/lib/grafana"}}}
	exporter := doctor.Component{Kind: "node_exporter", Name: "node_exporter", Running: true}
	notRoot := hostOf(one)
	notRoot.Hosts[0].Root = false
	lost := doctor.Fleet{Lost: []doctor.Lost{{Name: "web1", Err: errors.New("no route to host")}}}
	stopped := server(0, "prometheus2.service", 0, "--storage.tsdb.path=/data/two", "--web.listen-address=:9091")
	stopped.Running = false
	for name, c := range map[string]struct {
		fleet doctor.Fleet
		want  string // Target.Name
		path  string
		fails string
		kind  fault.Kind
	}{
		"web1/prometheus":       {hostOf(one, exporter), "web1/prometheus", "/data/one", "", 0},
		"web1/prometheus:9091":  {hostOf(one, two), "web1/prometheus:9091", "/data/two", "", 0},
		"web1/prometheus2:9091": {hostOf(one, stopped), "web1/prometheus:9091", "/data/two", "", 0},
		"web1/prometheus2":      {hostOf(one, two), "web1/prometheus:9091", "/data/two", "", 0},
		"web1/prometheus.service": {hostOf(one, two), "", "", "web1/prometheus is ambiguous: there are prometheus (prometheus.service) process 10 port 9090, " +
			"prometheus (prometheus2.service) process 11 port 9091", fault.Usage},
		"web1/grafana":         {hostOf(one, grafana), "web1/grafana", "/var/lib/grafana", "", 0},
		"web1/loki":            {hostOf(one), "", "", "not found: there are prometheus (prometheus.service)", fault.Usage},
		"web1/node_exporter":   {hostOf(exporter), "", "", "no component with data runs on web1", fault.Usage},
		"web1/prometheus:9092": {hostOf(one, two), "", "", "not found", fault.Usage},
		"web1/docker":          {hostOf(inside), "", "", "it runs in a container", fault.Refused},
		"web2/prometheus":      {hostOf(one), "", "", `no host is called "web2"`, fault.Usage},
		"web1/prometheus:9090": {notRoot, "", "", "not root", fault.Refused},
		"web1/prometheus:1":    {lost, "", "", "no route to host", fault.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			n, err := ParseName(name)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Find(c.fleet, n)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) || fault.KindOf(err) != c.kind {
					t.Errorf("got %v (kind %v), want %q", err, fault.KindOf(err), c.fails)
				}
				return
			}
			if err != nil || got.Name.String() != c.want || got.Sources[0].Path != c.path {
				t.Errorf("got %s in %v, %v; want %s in %s", got.Name, got.Sources, err, c.want, c.path)
			}
		})
	}
}

// TestSources has every source say something, relative paths resolved by what they count from.
func TestSources(t *testing.T) {
	c := server(10, "prometheus.service", 9090, "--storage.tsdb.path=data/")
	c.Manifest = &desired.Manifest{Data: "/var/lib/monctl/prometheus"}
	c.Replies[askFlags] = doctor.Reply{Status: 200, Body: `{"status":"success","data":{"storage.tsdb.path":"data/","web.enable-admin-api":"false"}}`}
	c.Replies[askRuntime] = doctor.Reply{Status: 200, Body: `{"status":"success","data":{"CWD":"/srv","goroutineCount":40,"reloadConfigSuccess":true}}`}
	f := hostOf(c)
	f.Hosts[0].Units[0].Properties["WorkingDirectory"] = "/elsewhere"
	got, err := Find(f, Name{Host: "web1", Component: "prometheus"})
	if err != nil {
		t.Fatal(err)
	}
	want := []Source{{"command line", "/srv/data"}, {"API", "/srv/data"}, {"unit", "/elsewhere/data"}, {"monctl's manifest", "/var/lib/monctl/prometheus"}}
	if diff := cmp.Diff(want, got.Sources); diff != "" {
		t.Error(diff)
	}
}

// TestMonitorSources has the bundled monitor, whose flags have names of their own.
func TestMonitorSources(t *testing.T) {
	c := server(10, "monctl-monitor.service", 9090, "--data=samples")
	c.Kind = "monitor"
	c.Replies[askFlags] = doctor.Reply{Status: 200, Body: `{"status":"success","data":{"data":"samples","admin-api":"true","retention":"0"}}`}
	c.Replies[askRuntime] = doctor.Reply{Status: 200, Body: `{"status":"success","data":{"CWD":"/srv"}}`}
	f := hostOf(c)
	f.Hosts[0].Units[0].Properties["WorkingDirectory"] = "/srv"
	got, err := Find(f, Name{Host: "web1", Component: "monitor"})
	if err != nil {
		t.Fatal(err)
	}
	want := []Source{{"command line", "/srv/samples"}, {"API", "/srv/samples"}, {"unit", "/srv/samples"}}
	if diff := cmp.Diff(want, got.Sources); diff != "" || got.Kind != TSDB || got.Name.String() != "web1/monitor" {
		t.Errorf("%s: %s", got.Name, diff)
	}
	s := &Session{Remote: Remote{Target: got}}
	if !s.Snapshots() || s.base() != "http://127.0.0.1:9090" {
		t.Errorf("snapshots %t, base %s", s.Snapshots(), s.base())
	}
}

// TestWholeFolders has the folders of components whose data are not looked into.
func TestWholeFolders(t *testing.T) {
	of := func(kind string, args []string, flags map[string]string) doctor.Component {
		return doctor.Component{
			Kind: kind, Name: kind, Running: true, Unit: kind + ".service", Flags: flags, Replies: map[string]doctor.Reply{},
			Process: doctor.Process{PID: 10, Dir: "/srv", Args: args},
		}
	}
	loki := of("loki", nil, map[string]string{"config.file": "/etc/loki.yml"})
	loki.Replies[askLoki] = doctor.Reply{Status: 200, Body: "target: all\ncommon:\n  path_prefix: /var/lib/loki\n  ring: {}\n"}
	for name, c := range map[string]struct {
		component doctor.Component
		want      []Source
	}{
		"loki":         {loki, []Source{{"API", "/var/lib/loki"}}},
		"alertmanager": {of("alertmanager", nil, map[string]string{"storage.path": "data/"}), []Source{{"command line", "/srv/data"}}},
		"grafana":      {of("grafana", []string{"grafana", "server", "cfg:default.paths.data=/var/lib/grafana"}, nil), []Source{{"command line", "/var/lib/grafana"}}},
		"grafana home": {of("grafana", nil, map[string]string{"homepath": "/opt/grafana"}), []Source{{"command line", "/opt/grafana/data"}}},
	} {
		got, err := Find(hostOf(c.component), Name{Host: "web1", Component: c.component.Kind})
		if err != nil || got.Kind != Whole || cmp.Diff(c.want, got.Sources) != "" {
			t.Errorf("%s: got %+v, %v", name, got.Sources, err)
		}
	}
}

func TestByHand(t *testing.T) {
	f := hostOf(server(10, "", 9090, "--storage.tsdb.path=/data dir"))
	got, err := Find(f, Name{Host: "web1", Component: "prometheus"})
	if err != nil {
		t.Fatal(err)
	}
	err = got.ByHand("/var/lib/monctl/bin/x/monctl", "/data dir")
	remedy := fault.Remedy(err)
	for _, words := range []string{"kill -TERM 10", "x/monctl data repair --local '/data dir'", "cd /srv && /opt/p/prometheus '--storage.tsdb.path=/data dir'"} {
		if !strings.Contains(remedy, words) {
			t.Errorf("%q is not in the advice:\n%s", words, remedy)
		}
	}
	if fault.KindOf(err) != fault.Refused {
		t.Errorf("%v is no refusal", err)
	}
}

func TestPlace(t *testing.T) {
	sources := []Source{{"command line", "/srv/data"}, {"API", "/srv/link"}, {"unit", "/other"}}
	same := "at=8:1|/|ext2/ext3|/srv/data|/srv/data\nat=8:1|/|ext2/ext3|/srv/link|/srv/data\n"
	for name, c := range map[string]struct {
		text         string
		sources      []Source
		want         Place
		disagreement string
		again        []Source
		fails        string
	}{
		"a link to the same": {
			text: "open=/srv/data\nseen=8:1 /srv/data\n" + same, sources: sources[:2],
			want: Place{Path: "/srv/data", Mount: "/", FileSystem: "ext2/ext3", Sources: []Source{{"open files", "/srv/data"}, sources[0], sources[1]}},
		},
		"the unit says another": {
			text: same + "at=8:2|/other|xfs|/other|/other\n", sources: sources,
			want:         Place{Path: "/srv/data", Mount: "/", FileSystem: "ext2/ext3", Sources: sources[:2], Others: sources[2:]},
			disagreement: "the data in use are in /srv/data, but another folder is named: /other (unit)",
		},
		"only the kernel knows": {text: "open=/real\nmissing=/srv/data\n", sources: sources[:1], again: []Source{{"open files", "/real"}}},
		"a mount point": {
			text: "at=8:9|/data|nfs|/data|/data\n", sources: []Source{{"unit", "/data"}},
			want: Place{Path: "/data", Mount: "/data", FileSystem: "nfs", Sources: []Source{{"unit", "/data"}}},
		},
		"missing":          {text: "missing=/srv/data\n", sources: sources[:1], fails: "the folder does not exist: /srv/data"},
		"another root":     {text: "seen=9:7 /srv/data\n" + same, sources: sources[:1], fails: "is another folder to the process than to the host"},
		"nothing was said": {text: "", sources: sources[:1], fails: "the folder does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			got, again, err := readPlace(c.text, c.sources)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("got %v, want %q", err, c.fails)
				}
				return
			}
			if err != nil || cmp.Diff(c.again, again) != "" || c.again == nil && cmp.Diff(c.want, got) != "" || got.Disagreement() != c.disagreement {
				t.Errorf("got %+v, %v, %v, %q", got, again, err, got.Disagreement())
			}
			if refused := got.refuse(Name{"web1", "prometheus", 0}); (refused != nil) != (c.disagreement != "") {
				t.Errorf("refused: %v", refused)
			}
		})
	}
}

func TestWindow(t *testing.T) {
	const config = "global:\n  scrape_interval: 15s # kept\n"
	with, err := withWindow(config, "web1/prometheus", 31768*time.Second+30*time.Minute)
	if err != nil || !strings.HasPrefix(with, config) || !strings.Contains(with, "\nstorage:\n  tsdb:\n    out_of_order_time_window: 560m\n") {
		t.Fatalf("got %v\n%s", err, with)
	}
	if again, err := withWindow(with, "web1/prometheus", 10*time.Hour); err != nil || strings.Count(again, "storage:") != 1 || !strings.Contains(again, "600m") {
		t.Errorf("a second window: %v\n%s", err, again)
	}
	if without, err := withoutWindow(with); err != nil || without != config {
		t.Errorf("got %v\n%s", err, without)
	}
	for _, own := range []string{config + "storage:\n  exemplars: {max_exemplars: 5}\n", "storage: {tsdb: {out_of_order_time_window: 1h}}\n"} {
		if _, err := withWindow(own, "web1/prometheus", time.Hour); !errors.Is(err, errHasStorage) {
			t.Errorf("got %v for\n%s", err, own)
		}
	}
	if _, err := withoutWindow(config); !errors.Is(err, errNoWindow) {
		t.Errorf("got %v", err)
	}
	if _, err := withWindow("a: [", "", time.Hour); err == nil {
		t.Error("what is no YAML was changed")
	}
}

// TestVerified: nothing is decided by a clock that is wrong or that nobody measured.
func TestVerified(t *testing.T) {
	at := func(hostAhead, truthAhead time.Duration, known bool) (doctor.Fleet, Target) {
		f := hostOf(server(10, "prometheus.service", 9090))
		f.Settings = doctor.Default()
		h := &f.Hosts[0]
		h.Clock = clock.Reading{Known: true, Offset: clock.Around(hostAhead, time.Millisecond), Reader: "perl"}
		f.Truth = clock.Truth{Known: known, Offset: clock.Around(truthAhead, time.Millisecond), Source: "1 of 1 NTP servers"}
		return f, Target{Name: Name{"web1", "prometheus", 0}, Host: *h}
	}
	for name, c := range map[string]struct {
		host, truth time.Duration
		known       bool
		refused     string
	}{
		"right":                {0, 0, true, ""},
		"host ahead":           {31768 * time.Second, 0, true, "31768.000 s ahead"},
		"both wrong":           {0, -9 * time.Hour, true, "ahead"},
		"host right, we wrong": {9 * time.Hour, 9 * time.Hour, true, ""},
		"nobody knows, same":   {0, 0, false, ""},
		"nobody knows, apart":  {time.Minute, 0, false, "nobody says which is right"},
	} {
		t.Run(name, func(t *testing.T) {
			f, target := at(c.host, c.truth, c.known)
			truth, err := Verified(f, target)
			if c.refused == "" {
				if err != nil || !truth.Known || truth.Offset.Value().Abs() > time.Second {
					t.Errorf("got %+v, %v", truth, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.refused) || fault.KindOf(err) != fault.Refused || !strings.Contains(fault.Remedy(err), "First: ") {
				t.Errorf("got %v with %q, want a refusal with %q", err, fault.Remedy(err), c.refused)
			}
		})
	}
	f, target := at(0, 0, true)
	f.Hosts[0].Clock = clock.Reading{Err: "no sample"}
	target.Host = f.Hosts[0]
	if _, err := Verified(f, target); fault.KindOf(err) != fault.Refused {
		t.Errorf("got %v", err)
	}
}

// TestCommand: every word that reaches the host's shell is quoted, and the confirmation is the identity.
func TestCommand(t *testing.T) {
	r := Remote{
		Target: Target{Name: Name{"web1", "prometheus", 0}, Kind: TSDB, Component: doctor.Component{Kind: "prometheus"}},
		Place:  Place{Path: "/srv/a b'c"}, Program: "/var/lib/monctl/bin/x/monctl", Retention: 15 * 24 * time.Hour,
		Truth: clock.Truth{Known: true, Offset: clock.Around(-time.Second, time.Millisecond), Source: "1 of 1 NTP servers; $(reboot)"},
	}
	want := fleet.QuoteAll("/var/lib/monctl/bin/x/monctl", "data", "repair", "--json", "--local", "/srv/a b'c", "--kind", "prometheus",
		"--identity", "web1/prometheus", "--true-offset", "-1s", "--true-bound", "1ms", "--true-source", "1 of 1 NTP servers; $(reboot)", "--retention", "360h0m0s", "--plan")
	if got := r.Command("repair", "--plan"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAnswer(t *testing.T) {
	var a Answer
	for line := range strings.Lines(`not JSON
{"type":"inspection","path":"/data","verdict":"refusing"}
{"type":"plan","action":"repair","rung":"rewrite"}
{"type":"error","kind":"refused","message":"in use","remedy":"stop it"}
{"type":"result","id":"1-repair","state":"done"}
{"type":"summary","exit":5}
`) {
		a.Hear(line)
	}
	if a.Inspection == nil || a.Inspection.Path != "/data" || a.Plan == nil || a.Plan.Rung != "rewrite" || a.Result == nil || a.Result.ID != "1-repair" {
		t.Errorf("got %+v", a)
	}
	err := a.outcome(Name{"web1", "prometheus", 0}, "repair", fleet.Result{Exit: 5})
	if fault.KindOf(err) != fault.Refused || fault.Remedy(err) != "stop it" || err.Error() != "web1/prometheus: in use" {
		t.Errorf("got %v, %q", err, fault.Remedy(err))
	}
	killed := (Answer{}).outcome(Name{"web1", "prometheus", 0}, "repair", fleet.Result{Exit: 137})
	if killed == nil || !strings.Contains(killed.Error(), "killed there (signal 9)") {
		t.Errorf("got %v", killed)
	}
}
