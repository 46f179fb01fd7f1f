package doctor

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet/fleettest"
)

// shellScript writes a program of sh.
func shellScript(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil { //nolint:gosec
		t.Fatal(err)
	}
	return path
}

// TestHostsThatAnswerSomethingElse have a login shell that is none. They are lost, with the reason, and hold up nobody.
func TestHostsThatAnswerSomethingElse(t *testing.T) {
	for name, c := range map[string]struct{ shell, why string }{
		"garbage":        {"head -c 1000000 /dev/urandom; exit 0", "did not start a shell"},
		"a menu":         {"echo 'Welcome. 1) reboot 2) status'; cat >/dev/null", "did not start a shell"},
		"without an end": {"exec yes 'no shell here'", "did not start a shell"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			odd := fleettest.Start(t, fleettest.Options{Shell: shellScript(t, "shell", c.shell)})
			good := fleettest.Start(t, fleettest.Options{})
			f := lookAt(t, Checks(), odd, good)
			hostNamed(t, f, "b")
			if len(f.Lost) != 1 || !strings.Contains(f.Lost[0].Why, c.why) {
				t.Errorf("lost: %+v; want one, saying %q", f.Lost, c.why)
			}
			for _, r := range Judge(f, Checks()).Results {
				if r.Host == "a" && r.Level == OK {
					t.Errorf("%s calls the host well", r.Check)
				}
			}
		})
	}
}

// TestLinkCutInTheMiddle loses the connection while a probe runs: what was whole by then counts, the rest is unknown.
func TestLinkCutInTheMiddle(t *testing.T) {
	s := fleettest.Start(t, fleettest.Options{})
	running := filepath.Join(t.TempDir(), "running")
	slow := Check{ID: "test/slow", Probe: "touch " + running + "; sleep 30; echo a=1", Judge: func(Fleet) []Finding { return nil }}
	go func() {
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if _, err := os.Stat(running); err == nil {
				time.Sleep(time.Second) // what was said before is on its way
				s.Cut()
				return
			}
		}
	}()
	checks := []Check{fair(), slow}
	f := lookAt(t, checks, s)
	h := hostNamed(t, f, "a")
	if h.Probes["test/fair"].Get("one") != "1" {
		t.Errorf("the probe before was lost: %+v", h.Probes)
	}
	r := Judge(f, checks)
	if !slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return f.Check == "test/slow" && f.Level == Unknown && strings.Contains(f.Title, "cut off")
	}) {
		t.Errorf("got %+v", r.Findings)
	}
}

// TestBrokenDate has a host whose date prints nonsense, or nothing: the clock is read in another way, or is unknown.
func TestBrokenDate(t *testing.T) {
	for name, text := range map[string]string{"nonsense": "echo yesterday, about noon", "fails": "exit 1", "hangs": "sleep 60"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			date := shellScript(t, "date", text)
			s := fleettest.Start(t, fleettest.Options{Env: []string{"PATH=" + filepath.Dir(date) + ":" + os.Getenv("PATH")}})
			f := lookAt(t, Checks(), s)
			if len(f.Lost) > 0 {
				if f.Lost[0].Why == "" {
					t.Error("lost without a reason")
				}
				return
			}
			h := hostNamed(t, f, "a")
			if !h.Clock.Known && h.Clock.Err == "" {
				t.Errorf("clock %+v: neither known nor a reason", h.Clock)
			}
			if h.Clock.Known && h.Clock.Offset.Bound() > time.Second {
				t.Errorf("clock %+v", h.Clock)
			}
			for _, found := range Judge(f, Checks()).Findings {
				if strings.Contains(found.Title, "broke:") || found.Level >= Warn && strings.HasPrefix(found.Check, "clock/offset") {
					t.Errorf("got %+v", found)
				}
			}
		})
	}
}

// TestVersionsNeverSeen: a version of tomorrow is not old, and an odd one is no crash.
func TestVersionsNeverSeen(t *testing.T) {
	for _, version := range []string{"99.0.0", "99.0.0-rc.1+build", "next", "", "1", "v3", "0.0.0.0.0"} {
		f := wellFleet()
		for i := range f.Hosts[0].Components {
			c := &f.Hosts[0].Components[i]
			delete(c.Metrics, c.Kind+`_build_info{version="0.18.0"}`)
			c.Metrics[c.Kind+`_build_info{version="`+version+`"}`] = 1
		}
		for _, found := range Judge(f, ours()).Findings {
			if strings.Contains(found.Title, "broke:") || found.Level >= Warn && !strings.HasPrefix(version, "0.") {
				t.Errorf("version %q: %+v", version, found)
			}
		}
	}
}

// TestTenMegabytesOfTargets: a Prometheus with more targets than are read makes what is judged from them unknown, with the reason.
func TestTenMegabytesOfTargets(t *testing.T) {
	one := `{"labels":{"job":"node","instance":"10.0.0.1:9100"},"scrapeUrl":"http://10.0.0.1:9100/metrics","health":"up","discoveredLabels":{"__meta_kubernetes_pod_annotation":"` + strings.Repeat("x", 900) + `"}}`
	body := `{"status":"success","data":{"activeTargets":[` + strings.Repeat(one+",", 10<<20/len(one)) + one + `]}}`
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	defer api.Close()
	q, c := questionsTo(api.URL)
	defer q.close()
	s := newStack()
	s.replies[askTargets] = q.Get(t.Context(), c, askTargets)
	report := Judge(s.fleet(t), families())
	for _, check := range []string{"scrape/refused", "scrape/stale", "scrape/duplicate-targets", "scrape/not-scraped", "scrape/limit", "scrape/tls"} {
		if got, ok := found(report, check, ""); !ok || got.Level != Unknown || !strings.Contains(got.Title, "longer than 8 MiB") {
			t.Errorf("%s: got %+v, want unknown with the reason", check, got)
		}
	}
}
