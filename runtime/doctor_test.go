package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// doctorStandIn gives every target that it is asked about one verdict, and counts its looks. What the real one says is tested in cmd.
type doctorStandIn struct {
	looks atomic.Int64
	last  atomic.Pointer[Complaint]
	does  func(context.Context, Complaint) error // nil does nothing
}

func (d *doctorStandIn) look(ctx context.Context, about Complaint) (Diagnosis, error) {
	d.looks.Add(1)
	d.last.Store(&about)
	if d.does != nil {
		if err := d.does(ctx, about); err != nil {
			return Diagnosis{}, err
		}
	}
	return Diagnosis{Host: "h", Verdicts: []Verdict{{Targets: about.Targets, Level: "fail", Title: "it is ill", Evidence: []Evidence{}}}}, nil
}

// closedPort is a loopback address on which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// withDown is a configuration with one target that is up and one that is down.
func withDown(t *testing.T) (config, down string) {
	t.Helper()
	down = closedPort(t)
	return file(t, "p.yml", fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n- job_name: a\n  static_configs: [{targets: ['%s', '%s']}]\n",
		exposing(t, "app 1\n"), down)), down
}

func asked(t *testing.T, m *Monitor) doctorAnswer {
	t.Helper()
	code, body := get(t, m, "/api/monctl/doctor")
	var answer doctorAnswer
	if err := json.Unmarshal([]byte(body), &answer); err != nil || code != http.StatusOK || answer.Verdicts == nil {
		t.Fatalf("%d %s: %v", code, body, err)
	}
	return answer
}

func isDown(t *testing.T, m *Monitor) {
	t.Helper()
	until(t, "the target that is down", func() bool {
		_, body := get(t, m, "/api/v1/query?query=up")
		return strings.Contains(body, `"0"]`) && strings.Contains(body, `"1"]`)
	})
}

// The doctor is asked about what is down, and only then; what it says is kept, and nobody waits for it.
func TestDoctorIsAskedAboutWhatIsDown(t *testing.T) {
	release := make(chan struct{})
	d := &doctorStandIn{does: func(context.Context, Complaint) error { <-release; return nil }}
	config, down := withDown(t)
	m := running(t, Options{ConfigFile: config, Doctor: d.look})
	isDown(t, m)
	if first := asked(t, m); !first.Pending || len(first.Verdicts) > 0 {
		t.Errorf("at first: %+v", first)
	}
	close(release)
	until(t, "the verdict", func() bool { return !asked(t, m).Pending })
	want := []TargetKey{{"a", "http://" + down + "/metrics"}}
	if got := asked(t, m); len(got.Verdicts) != 1 || !slices.Equal(got.Verdicts[0].Targets, want) || got.At == 0 {
		t.Errorf("got %+v", got)
	}
	if about := d.last.Load(); about.Base != "http://"+m.listener.Addr().String() {
		t.Errorf("it was told that the API is at %s", about.Base)
	}
	if n := d.looks.Load(); n != 1 {
		t.Errorf("%d looks, want one", n)
	}

	well := &doctorStandIn{}
	m = running(t, Options{ConfigFile: file(t, "p.yml", "global: {}\n"), Doctor: well.look})
	if got := asked(t, m); got.Pending || len(got.Verdicts) > 0 || well.looks.Load() > 0 {
		t.Errorf("where all is well: %+v, %d looks", got, well.looks.Load())
	}
	m = running(t, Options{ConfigFile: file(t, "p.yml", "global: {}\n")})
	if code, _ := get(t, m, "/api/monctl/doctor"); code != http.StatusNotFound {
		t.Errorf("without a doctor: %d", code)
	}
}

// However many ask, one look is under way.
func TestOneLookAtATime(t *testing.T) {
	var at, most atomic.Int64
	d := &doctorStandIn{does: func(context.Context, Complaint) error {
		most.Store(max(most.Load(), at.Add(1)))
		time.Sleep(300 * time.Millisecond)
		at.Add(-1)
		return nil
	}}
	config, _ := withDown(t)
	m := running(t, Options{ConfigFile: config, Doctor: d.look})
	isDown(t, m)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for end := time.Now().Add(time.Second); time.Now().Before(end); {
				asked(t, m)
			}
		})
	}
	all.Wait()
	if d.looks.Load() != 1 || most.Load() != 1 {
		t.Errorf("%d looks, %d at once", d.looks.Load(), most.Load())
	}
}

// A stop does not wait for a look, not even for one that does not hear of it, and tells the others to end.
func TestStopDuringALook(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		began, told, free := make(chan struct{}), make(chan struct{}), make(chan struct{})
		d := &doctorStandIn{does: func(ctx context.Context, _ Complaint) error {
			close(began)
			<-ctx.Done()
			close(told)
			if deaf {
				<-free
			}
			return ctx.Err()
		}}
		config, _ := withDown(t)
		m, stop := started(t, Options{ConfigFile: config, Doctor: d.look})
		isDown(t, m)
		asked(t, m)
		<-began
		from, ended := time.Now(), make(chan error, 1)
		go func() { ended <- stop() }()
		select {
		case err := <-ended:
			if took := time.Since(from); err != nil || took > time.Second {
				t.Errorf("the stop took %s: %v", took, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("it does not stop")
		}
		<-told
		close(free)
	}
}

// A look that fails or breaks is said to, and the monitor goes on.
func TestLookThatFails(t *testing.T) {
	for want, does := range map[string]func(context.Context, Complaint) error{
		"no shell":             func(context.Context, Complaint) error { return errors.New("no shell") },
		"it broke: all at sea": func(context.Context, Complaint) error { panic("all at sea") },
	} {
		d := &doctorStandIn{does: does}
		config, _ := withDown(t)
		m := running(t, Options{ConfigFile: config, Doctor: d.look})
		isDown(t, m)
		until(t, "the failure", func() bool { return asked(t, m).Failed == want })
	}
}

// What is kept is kept for a while, not for other targets, and not looked at anew too often.
func TestHowLongAVerdictIsKept(t *testing.T) {
	d := &doctorStandIn{}
	c := newClinic(d.look, time.Now)
	go c.work(t.Context())
	a, b := Complaint{Targets: []TargetKey{{"p", "a"}}}, Complaint{Targets: []TargetKey{{"p", "a"}, {"p", "b"}}}
	looked := func(n int64) { until(t, "the look", func() bool { return d.looks.Load() == n && !c.isLooking() }) }
	aged := func(by time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.ended = c.ended.Add(-by) }
	c.ask(a)
	looked(1)
	if got := c.ask(a); got.Pending || len(got.Verdicts) != 1 {
		t.Errorf("the same again: %+v", got)
	}
	if got := c.ask(b); !got.Pending || len(got.Verdicts) != 1 || c.isLooking() {
		t.Errorf("others, at once: %+v", got)
	}
	aged(lookPause)
	if got := c.ask(b); !got.Pending {
		t.Errorf("others, later: %+v", got)
	}
	looked(2)
	aged(lookKept - time.Second)
	if c.ask(b).Pending {
		t.Error("it was not kept")
	}
	aged(2 * time.Second)
	if !c.ask(b).Pending {
		t.Error("it was kept for ever")
	}
	looked(3)
	c.mu.Lock()
	c.kept.Took = 10
	c.mu.Unlock()
	aged(4 * time.Minute)
	if c.ask(b).Pending {
		t.Error("a look of ten seconds is done anew after four minutes")
	}
}

func (c *clinic) isLooking() bool { c.mu.Lock(); defer c.mu.Unlock(); return c.looking }

// A target that answers, and of which nothing of now is stored, is ill, too.
func TestStaleTargetIsIll(t *testing.T) {
	var clock steppable
	app := exposing(t, "app 1\n")
	m := running(t, Options{Now: clock.now, Doctor: (&doctorStandIn{}).look, ConfigFile: file(t, "p.yml", "scrape_configs: [{job_name: a, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{targets: ['"+app+"']}]}]\n")})
	until(t, "a healthy target", func() bool {
		_, body := get(t, m, "/api/v1/query?query=up")
		return strings.Contains(body, `"1"]`) && len(m.ill(t.Context())) == 0
	})
	clock.step(time.Hour)
	if got, want := m.ill(t.Context()), []TargetKey{{"a", "http://" + app + "/metrics"}}; !slices.Equal(got, want) {
		t.Errorf("an hour later: %v, want %v", got, want)
	}
}

// Whoever looks from inside needs neither the certificate nor a user of the web configuration.
func TestDoctorAsksFromInside(t *testing.T) {
	dir, client := certificate(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("right"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	web := filepath.Join(dir, "web.yml")
	text := "tls_server_config: {cert_file: tls.crt, key_file: tls.key}\nbasic_auth_users: {anna: '" + string(hash) + "'}\n"
	if err := os.WriteFile(web, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	prefix, err := parseURL("https://proxy.example/mon/")
	if err != nil {
		t.Fatal(err)
	}
	var said atomic.Value
	d := &doctorStandIn{does: func(ctx context.Context, about Complaint) error {
		inside := &http.Client{Transport: &http.Transport{DialContext: about.Dial, DisableKeepAlives: true}}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, about.Base+"/api/v1/targets", nil)
		if err != nil {
			return err
		}
		resp, err := inside.Do(req)
		if err != nil {
			return err
		}
		said.Store(resp.Status)
		return resp.Body.Close()
	}}
	config, _ := withDown(t)
	m := running(t, Options{WebConfig: web, External: prefix, ConfigFile: config, Doctor: d.look})
	until(t, "the look", func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+m.listener.Addr().String()+"/mon/api/monctl/doctor", nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := client.Do(req); err != nil || resp.StatusCode != http.StatusUnauthorized {
			t.Fatalf("without a user: %v %v", resp, err)
		}
		req.SetBasicAuth("anna", "right")
		resp, err := client.Do(req)
		return err == nil && resp.StatusCode == http.StatusOK && said.Load() != nil
	})
	if said.Load() != "200 OK" {
		t.Errorf("from inside: %v", said.Load())
	}
}
