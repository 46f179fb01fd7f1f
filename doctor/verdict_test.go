package doctor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet/facts"
)

// verdictsOf are the verdicts on the targets of a stack, those that are down or named, as "check title | targets".
func verdictsOf(t *testing.T, s *stack, pid int, of ...TargetKey) []string {
	t.Helper()
	f := s.fleet(t)
	for _, target := range s.targets {
		if target.Health == "down" {
			of = append(of, target.key())
		}
	}
	var lines []string
	for _, v := range Verdicts(f, Judge(f, Checks()), pid, of) {
		lines = append(lines, fmt.Sprintf("%s %s %s | %d", v.Level, v.Check, v.Title, len(v.Of)))
	}
	return lines
}

// fails makes a target of the job node that is down.
func (s *stack) fails(address, why string) TargetKey {
	one := newStack().targets[1]
	one.URL, one.Health, one.LastError = "http://"+address+"/metrics", "down", why
	one.Labels = map[string]string{"job": "node", "instance": address}
	one.Discovered = map[string]string{"__address__": address, "job": "node"}
	s.targets = append(s.targets, one)
	return one.key()
}

func wantVerdicts(t *testing.T, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got:\n%s", strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
}

// Each target that is down has the finding that is about it, and not that of another one.
func TestVerdictsTellTargetsApart(t *testing.T) {
	s := newStack()
	s.fails("192.0.2.9:9100", `dial tcp 192.0.2.9:9100: connect: connection refused`)
	s.fails("192.0.2.8:9100", `dial tcp: lookup db: no such host`)
	wantVerdicts(t, verdictsOf(t, s, 100),
		"fail scrape/refused nothing listens at 192.0.2.9:9100", "fail scrape/name ")
	wantVerdicts(t, verdictsOf(t, s, 101), "unknown  cannot tell: this monitor was not found")
}

// A finding about a whole job is the verdict on each of its targets, once.
func TestVerdictOnAJob(t *testing.T) {
	s := newStack()
	s.targets = s.targets[:2]
	for i := range 3 {
		s.fails(fmt.Sprintf("192.0.2.%d:9100", 10+i), "server returned HTTP status 404 Not Found")
	}
	s.targets = append(s.targets[:1], s.targets[2:]...)
	wantVerdicts(t, verdictsOf(t, s, 100), "fail scrape/path node (all 3 targets) has no metrics")
	if got := verdictsOf(t, s, 100)[0]; !strings.HasSuffix(got, "| 3") {
		t.Errorf("got %q", got)
	}
}

// A cause is shown in the place of what it explains, when it is behind this target: an exporter that does not run is not the cause of
// another one's silence.
func TestVerdictIsTheCause(t *testing.T) {
	stopped := func() *stack {
		s := newStack()
		s.vm1.Facts.Addresses = append(s.vm1.Facts.Addresses, s.vm2.Facts.Addresses...)
		s.vm1.Facts.Listeners = s.vm1.Facts.Listeners[:1:1]
		s.vm2 = Host{Name: "elsewhere"}
		idle := Component{Kind: "node_exporter", Name: "node_exporter", Unit: "node_exporter.service"}
		s.vm1.Components = append(s.vm1.Components, idle)
		s.vm1.Units = append(s.vm1.Units, Unit{Name: "node_exporter.service", Properties: map[string]string{
			"ActiveState": "failed", "LoadState": "loaded", "UnitFileState": "enabled", "Result": "exit-code", "ExecMainStatus": "1",
		}})
		s.targets = s.targets[:1]
		return s
	}
	s := stopped()
	s.fails("192.0.2.2:9100", "connect: connection refused")
	wantVerdicts(t, verdictsOf(t, s, 100), "fail install/unit-failed node_exporter.service does not start")
	s = stopped()
	s.fails("192.0.2.2:9999", "connect: connection refused")
	wantVerdicts(t, verdictsOf(t, s, 100), "fail scrape/refused nothing listens at 192.0.2.2:9999")
}

// Samples that the TSDB refuses for their time are the fault of what makes them so: data of the future, a clock.
func TestVerdictOnRefusedSamples(t *testing.T) {
	s := newStack()
	down := s.fails("192.0.2.3:9100", "out of bounds")
	s.vm2.Facts.Listeners = append(s.vm2.Facts.Listeners, facts.Listener{})
	s.metrics["prometheus_target_scrapes_sample_out_of_bounds_total"] = 500
	s.metrics["prometheus_tsdb_out_of_bound_samples_total"] = 500
	s.replies[askEarlier] = map[string]any{"result": []any{
		map[string]any{"metric": map[string]string{"__name__": "prometheus_target_scrapes_sample_out_of_bounds_total"}, "value": []any{0, "10"}},
		map[string]any{"metric": map[string]string{"__name__": "prometheus_tsdb_out_of_bound_samples_total"}, "value": []any{0, "10"}},
	}}
	got := verdictsOf(t, s, 100)
	wantVerdicts(t, got, "fail tsdb/out-of-bounds ")
	s.replies[askTSDB] = map[string]any{"headStats": map[string]any{"numSeries": 1000, "minTime": s.now.UnixMilli(), "maxTime": s.now.UnixMilli() + 9*3600_000}}
	wantVerdicts(t, verdictsOf(t, s, 100), "fail tsdb/head-in-future ")

	// One that is up, and of which nothing is stored, is the server's matter, too.
	s.targets = s.targets[:2]
	up := s.targets[1].key()
	s.replies[askAge] = map[string]any{"result": []any{}}
	wantVerdicts(t, verdictsOf(t, s, 100, up), "fail tsdb/head-in-future ")

	// One that has just started, too.
	s.metrics["process_start_time_seconds"] = float64(s.now.Unix() - 5)
	delete(s.metrics, "prometheus_target_scrapes_sample_out_of_bounds_total")
	wantVerdicts(t, verdictsOf(t, s, 100, up), "fail tsdb/head-in-future ")

	// What changed meanwhile cannot be told.
	wantVerdicts(t, verdictsOf(t, newStack(), 100, down), "unknown  cannot tell: no check says anything")
}

// A Prometheus that is asked in vain says of every target that nobody can tell.
func TestVerdictsWithoutAnAnswer(t *testing.T) {
	s := newStack()
	of := s.fails("192.0.2.9:9100", "connection refused")
	s.replies[askTargets] = Reply{Status: 401, Type: "text/plain", Body: "Unauthorized"}
	s.targets = nil
	wantVerdicts(t, verdictsOf(t, s, 100, of), "unknown  cannot tell: /api/v1/targets: answered status 401")
}
