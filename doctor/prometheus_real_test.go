package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/local"
)

// real is a Prometheus of Debian that runs for one test.
type real struct {
	t       *testing.T
	Dir     string // holds prometheus.yml, data/ and log
	Address string
	PID     int
}

// program finds a program of Prometheus' package, which .ci/setup unpacks.
func program(t *testing.T, name string) string {
	t.Helper()
	if found, err := exec.LookPath(name); err == nil {
		return found
	}
	home, _ := os.UserHomeDir()
	found := filepath.Join(home, ".cache/monctl-tools/checkers/usr/bin", name)
	if _, err := os.Stat(found); err != nil {
		t.Skipf("%s is not here: .ci/setup unpacks it", name)
	}
	return found
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// prometheus starts one with a configuration, in which SELF is its own address. uid 0 is the user of the test.
func prometheus(t *testing.T, uid int, config string, args ...string) *real {
	t.Helper()
	binary := program(t, "prometheus")
	r := &real{t: t, Address: freeAddress(t)}
	var err error
	if r.Dir, err = os.MkdirTemp("/tmp", "monctl-doctor-"); err != nil { // short, and other users may enter it
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(r.Dir) })
	r.write("prometheus.yml", strings.ReplaceAll(config, "SELF", r.Address))
	data := filepath.Join(r.Dir, "data")
	for _, dir := range []string{r.Dir, data} {
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.Chmod(dir, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(r.Dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	args = append([]string{"--config.file=" + filepath.Join(r.Dir, "prometheus.yml"), "--storage.tsdb.path=" + data, "--web.listen-address=" + r.Address}, args...)
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, r.Dir
	if uid != 0 {
		own := filepath.Join(r.Dir, "prometheus") // where that user may run it
		if said, err := exec.Command("cp", binary, own).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		cmd.Path = own
		if err := os.Chown(data, uid, uid); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.PID = cmd.Process.Pid
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("log of prometheus:\n%s", text)
		}
	})
	r.until("ready", func() bool { return r.get("/-/ready") == http.StatusOK })
	return r
}

func (r *real) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.Dir, name), []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *real) get(path string) int {
	resp, err := http.Get("http://" + r.Address + path)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// until waits for something that takes a moment.
func (r *real) until(what string, done func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !done(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("waited too long until %s", what)
		}
	}
}

// look examines this machine as the doctor does, but of its components only the one of the test.
func (r *real) look(checks []Check) Fleet {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	conn, err := local.Open(ctx, fleet.SudoNever, local.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	defer conn.Close()
	l := &look{Options: Options{Checks: checks, All: checks, Patience: time.Minute}, watch: clock.NewWatch(), turns: newTurns()}
	h := newHost(Target{Host: fleet.Host{Name: "vm1", Address: "192.0.2.1"}})
	if err := l.read(ctx, conn, h); err != nil {
		r.t.Fatal(err)
	}
	h.Components = slices.DeleteFunc(h.Components, func(c Component) bool { return c.Process.PID != r.PID })
	if len(h.Components) != 1 || h.Components[0].Base == "" {
		r.t.Fatalf("the prometheus of the test (process %d at %s) was not found", r.PID, r.Address)
	}
	h.Components[0].Name, h.Components[0].Unit = "prometheus", ""
	l.ask(ctx, conn, h)
	return Fleet{Taken: time.Now(), Hosts: []Host{*h}, Settings: Default()}
}

// families are the checks that are judged here.
func families() []Check {
	checks := slices.Concat(tsdbChecks(), scrapeChecks())
	for i := range checks {
		checks[i].Limit = 0 // a busy machine is no hung mount
	}
	return checks
}

// scraped waits until every target was scraped again from now on.
func (r *real) scraped() {
	r.t.Helper()
	began := time.Now()
	r.until("every target was scraped", func() bool {
		list, err := r.targets()
		return err == nil && len(list.Active) > 0 && !slices.ContainsFunc(list.Active, func(t target) bool { return t.Health == "unknown" || t.LastScrape.Before(began) })
	})
}

// findings is a report in lines that a test can compare.
func findings(r Report) []string {
	var lines []string
	for _, f := range r.Findings {
		lines = append(lines, fmt.Sprintf("%s %s [%s]: %s (%s)", f.Level, f.Check, f.Tag, f.Title, f.MutedBy))
	}
	return lines
}

func found(r Report, check, tag string) (Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Check == check && strings.Contains(f.Tag, tag) })
	if i < 0 {
		return Finding{}, false
	}
	return r.Findings[i], true
}

// wants demands a finding at a level.
func wants(t *testing.T, r Report, level Level, check, tag, title string) Finding {
	t.Helper()
	f, ok := found(r, check, tag)
	if !ok || f.Level != level || !strings.Contains(f.Title+" "+f.Cause, title) {
		t.Errorf("want %s %s [%s] with %q, got:\n%s", level, check, tag, title, strings.Join(findings(r), "\n"))
	}
	return f
}

const selfOnly = `
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- job_name: prometheus
  static_configs: [{targets: ["SELF"]}]
`

func TestHealthyPrometheusHasNoFinding(t *testing.T) {
	r := prometheus(t, 0, selfOnly)
	r.scraped()
	r.scraped()
	f := r.look(families())
	report := Judge(f, families())
	if len(report.Findings) > 0 {
		t.Errorf("got:\n%s", strings.Join(findings(report), "\n"))
	}
	judged := 0
	for _, result := range report.Results {
		if result.Host == "vm1" {
			judged++
		}
	}
	if judged < 50 {
		t.Errorf("%d checks were judged, want all", judged)
	}
}

func (r *real) targets() (list targetList, err error) {
	resp, err := http.Get("http://" + r.Address + askTargets)
	if err != nil {
		return list, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return list, err
	}
	err = decodeReply(Reply{Status: resp.StatusCode, Body: string(body)}, askTargets, &list)
	return list, err
}
