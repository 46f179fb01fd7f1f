package report

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet/facts"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil { //nolint:gosec
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: go test -update, if this is wanted: -want +got:\n%s", path, diff)
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func hostAt(n int, offset, bound time.Duration) doctor.Host {
	address := fmt.Sprintf("10.0.%d.%d", n/200, n%200+10)
	return doctor.Host{
		Name: fmt.Sprintf("vm%d", n), Address: address, ScrapeAddress: address, Root: true,
		Facts:   facts.Facts{Addresses: []netip.Addr{netip.MustParseAddr(address)}, Clock: facts.Clock{Time: noon}},
		Clock:   clock.Reading{Known: true, Offset: clock.Around(offset, bound), Reader: "perl"},
		Probes:  map[string]doctor.Answer{},
		Reached: map[string]doctor.Reached{},
	}
}

// monitoring puts a Prometheus, a Grafana and an Alertmanager on a host, which scrape and ask all of some others.
func monitoring(h *doctor.Host, others []doctor.Host, state func(i int) doctor.ReachKind) {
	var targets []string
	for i, o := range others {
		to := o.Address + ":9100"
		kind := state(i)
		r := doctor.Reached{OK: kind == doctor.ReachOK, Kind: kind, Took: time.Duration(300+7*i) * time.Microsecond}
		if !r.OK {
			r.Err = "connect to " + to + ": " + string(kind)
		}
		h.Reached[to] = r
		targets = append(targets, fmt.Sprintf(`{"labels":{"job":"node_exporter"},"scrapeUrl":"http://%s/metrics","health":"down"}`, to))
	}
	h.Components = []doctor.Component{
		{Kind: "prometheus", Name: "prometheus", Running: true, Base: "http://127.0.0.1:9090", Process: doctor.Process{PID: 1}, Replies: map[string]doctor.Reply{
			"/api/v1/targets?state=active": {Status: 200, Body: `{"status":"success","data":{"activeTargets":[` + strings.Join(targets, ",") + `]}}`},
			"/api/v1/alertmanagers":        {Status: 200, Body: `{"data":{"activeAlertmanagers":[{"url":"http://127.0.0.1:9093/api/v2/alerts"}]}}`},
		}},
		{Kind: "grafana", Name: "grafana-server", Running: true, Process: doctor.Process{PID: 2}},
		{Kind: "alertmanager", Name: "alertmanager", Running: true, Process: doctor.Process{PID: 3}},
	}
	h.Probes["reach/receivers"] = doctor.Answer{Values: []doctor.Value{
		{Key: "datasource", Value: "2|http://127.0.0.1:9090"}, {Key: "datasource", Value: "2|http://loki.example:3100"}, {Key: "notify", Value: "3|https://hooks.slack.com"},
	}}
	h.Reached["127.0.0.1:9093"] = doctor.Reached{OK: true, Kind: doctor.ReachOK, Took: 180 * time.Microsecond}
	h.Reached["127.0.0.1:9090"] = doctor.Reached{OK: true, Kind: doctor.ReachOK, Took: 150 * time.Microsecond}
	h.Reached["loki.example:3100"] = doctor.Reached{Kind: doctor.ReachNoName, Err: "no such host"}
	h.Reached["hooks.slack.com:443"] = doctor.Reached{Kind: doctor.ReachTimeout, Err: "no answer within 3s"}
}

func blocks(h *doctor.Host, future bool) {
	values := []doctor.Value{{Key: "dir", Value: "1 0 /var/lib/prometheus"}}
	add := func(low, high time.Time) {
		ulid := fmt.Sprintf("01HB%022d", len(values))
		values = append(values, doctor.Value{Key: "meta", Value: fmt.Sprintf(`%s/meta.json: "minTime": %d, "maxTime": %d,`, ulid, low.UnixMilli(), high.UnixMilli())})
	}
	for at := noon.Add(-15 * 24 * time.Hour); at.Before(noon.Add(-36 * time.Hour)); at = at.Add(54 * time.Hour) {
		add(at, at.Add(54*time.Hour))
	}
	for at := noon.Add(-18 * time.Hour); at.Before(noon.Add(-2 * time.Hour)); at = at.Add(6 * time.Hour) {
		add(at, at.Add(6*time.Hour))
	}
	if future {
		add(noon.Add(-2*time.Hour), noon.Add(8*time.Hour+49*time.Minute))
		add(noon.Add(48*time.Hour), noon.Add(50*time.Hour))
	}
	h.Probes["tsdb/data-path"] = doctor.Answer{Values: values}
}

func fleetOf(hosts ...doctor.Host) doctor.Fleet {
	return doctor.Fleet{
		Taken: noon, Hosts: hosts, Settings: doctor.Default(), Here: doctor.Here{Name: "laptop"},
		Truth: clock.Truth{Known: true, Offset: clock.Around(2*time.Millisecond, 9*time.Millisecond), Source: "4 of 5 NTP servers"},
	}
}

// seed is a small fleet with a clock nearly nine hours ahead, and what comes of it.
func seed() (doctor.Fleet, doctor.Report, []doctor.Check) {
	ahead := 31768 * time.Second
	vm1, vm2, vm3 := hostAt(1, ahead, 400*time.Microsecond), hostAt(2, 900*time.Microsecond, 300*time.Microsecond), hostAt(3, -1400*time.Millisecond, 20*time.Millisecond)
	monitoring(&vm1, []doctor.Host{vm1, vm2, vm3}, func(i int) doctor.ReachKind {
		return []doctor.ReachKind{doctor.ReachOK, doctor.ReachTimeout, doctor.ReachRefused}[i]
	})
	blocks(&vm1, true)
	f := fleetOf(vm1, vm2, vm3)
	f.Lost = []doctor.Lost{{Name: "vm4", Address: "10.0.0.14", Why: "vm4: connect: dial tcp 10.0.0.14:22: no route to host"}}
	checks := []doctor.Check{
		{ID: "clock/offset", Title: "clocks show the true time"},
		{ID: "tsdb/out-of-bounds", Title: "samples are taken", After: []string{"clock/offset"}},
		{ID: "install/disk", Title: "disks have room"},
		{ID: "mysqld/up", Title: "the database answers"},
	}
	r := doctor.Report{
		Findings: []doctor.Finding{
			{
				Check: "clock/offset", Host: "vm1", Level: doctor.Fail, Title: "the clock is 31768 s ahead", Cause: "The clock of this host is wrong.",
				Fix:      "monctl doctor --fix --only clock/offset vm1",
				Evidence: []doctor.Evidence{doctor.Measured("offset to true time", 31768, 0.0094, "s"), doctor.Says("true time by", "4 of 5 NTP servers")},
			},
			{
				Check: "tsdb/out-of-bounds", Host: "vm1", Component: "prometheus", Level: doctor.Fail, Title: "samples are rejected as out of bounds",
				Evidence: []doctor.Evidence{doctor.Number("rejected in 10 min", 4120, "1")}, MutedBy: "clock/offset vm1",
			},
			{Check: "install/disk", Host: "vm2", Level: doctor.Warn, Title: "/ has 2.5 % free", Cause: "<script>alert(1)</script> & what a host says is text.", Fix: "free some", Since: noon.Add(-time.Hour)},
			{Check: "mysqld/up", Host: "vm3", Level: doctor.Unknown, Title: "cannot tell: needs root"},
		},
		Results: []doctor.Result{
			{Check: "clock/offset", Host: "vm1", Level: doctor.Fail},
			{Check: "clock/offset", Host: "vm2"},
			{Check: "clock/offset", Host: "vm3"},
			{Check: "tsdb/out-of-bounds", Host: "vm1", Level: doctor.Fail},
			{Check: "install/disk", Host: "vm1"},
			{Check: "install/disk", Host: "vm2", Level: doctor.Warn},
			{Check: "mysqld/up", Host: "vm3", Level: doctor.Unknown},
		},
	}
	return f, r, checks
}

// hundred is a large fleet: many equal findings, many clocks, many links.
func hundred() (doctor.Fleet, doctor.Report, []doctor.Check) {
	var hosts []doctor.Host
	for n := range 100 {
		hosts = append(hosts, hostAt(n, time.Duration(n*n%37)*time.Millisecond/10, 350*time.Microsecond))
	}
	hosts[17].Clock.Offset = clock.Around(-3*time.Second, time.Millisecond)
	monitoring(&hosts[0], hosts, func(i int) doctor.ReachKind {
		if i%23 == 5 {
			return doctor.ReachTimeout
		}
		return doctor.ReachOK
	})
	blocks(&hosts[0], false)
	checks := []doctor.Check{{ID: "clock/offset", Title: "clocks show the true time"}, {ID: "install/disk", Title: "disks have room"}}
	r := doctor.Report{Findings: []doctor.Finding{{Check: "clock/offset", Host: "vm17", Level: doctor.Warn, Title: "the clock is 3.000 s behind", Cause: "The clock of this host is wrong."}}}
	for n, h := range hosts {
		r.Results = append(r.Results, doctor.Result{Check: "clock/offset", Host: h.Name}, doctor.Result{Check: "install/disk", Host: h.Name, Level: doctor.Level(n % 2 * 3)})
		if n%2 == 1 {
			r.Findings = append(r.Findings, doctor.Finding{Check: "install/disk", Host: h.Name, Level: doctor.Warn, Title: fmt.Sprintf("/ has %d %% free", n%10), Cause: "The disk fills up.", Fix: "free some"})
		}
	}
	return fleetOf(hosts...), r, checks
}

func TestHTML(t *testing.T) {
	for name, build := range map[string]func() (doctor.Fleet, doctor.Report, []doctor.Check){
		"seed": seed, "hundred": hundred, "nothing": func() (doctor.Fleet, doctor.Report, []doctor.Check) {
			return doctor.Fleet{Taken: noon, Settings: doctor.Default()}, doctor.Report{}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, r, checks := build()
			var out bytes.Buffer
			if err := HTML(&out, f, r, checks); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", name+".html"), out.Bytes())
			for _, bad := range []string{"<script", "http://www", "//cdn", "@import", "url(", "ZgotmplZ", "NaN"} {
				if strings.Contains(out.String(), bad) {
					t.Errorf("the page holds %q", bad)
				}
			}
		})
	}
}
