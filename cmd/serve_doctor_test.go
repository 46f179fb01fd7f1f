package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// freeAddress is a loopback address on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestServeAsksTheDoctor starts a monitor by hand, with users, below a prefix, in a folder of its own with its data beside it, under a
// name that nobody knows: its own doctor says why each of its targets is down.
func TestServeAsksTheDoctor(t *testing.T) {
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hangs.Close)
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	closed, self, dir := freeAddress(t), freeAddress(t), t.TempDir()
	hash, err := bcrypt.GenerateFromPassword([]byte("right"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	bare := func(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }
	for name, text := range map[string]string{
		"web.yml": "basic_auth_users: {anna: '" + string(hash) + "'}\n",
		"p.yml": fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"+
			"- {job_name: closed, static_configs: [{targets: ['%s']}]}\n- {job_name: hangs, static_configs: [{targets: ['%s']}]}\n"+
			"- {job_name: path, static_configs: [{targets: ['%s']}]}\n- {job_name: login, static_configs: [{targets: ['%s']}]}\n", closed, bare(hangs), bare(other), self),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program, err := exec.LookPath("monctl") // a copy of this program, of TestMain
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "mon")
	if err := os.Link(program, own); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "serve", "--config", "p.yml", "--web-config", "web.yml", "--external-url", "http://proxy.example/mon", "--listen", self, "--ntp", "none", "--no-host-metrics")
	cmd.Path, cmd.Dir, cmd.SysProcAttr = own, dir, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })

	want := map[string]string{"closed": "scrape/localhost", "hangs": "scrape/slow", "path": "scrape/path", "login": "scrape/auth"}
	var got map[string]string
	var last string
	for end := time.Now().Add(time.Minute); len(got) < len(want) && time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		got, last = verdictsOf(t, "http://"+self+"/mon/api/monctl/doctor")
	}
	for job, check := range want {
		if got[job] != check {
			t.Errorf("%s: %q, want %s\n%s", job, got[job], check, last)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "monctl-data", "wal")); err != nil {
		t.Errorf("the data are elsewhere, so this shows less than it should: %v", err)
	}
}

// verdictsOf gives the check that is said of each job, when the doctor has looked, and the whole answer.
func verdictsOf(t *testing.T, address string) (map[string]string, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("anna", "right")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err.Error() // it starts
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil, fmt.Sprintf("%s %v", resp.Status, err)
	}
	var answer struct {
		Pending  bool
		Verdicts []struct {
			Check   string
			Targets []struct{ Pool string }
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	checks := map[string]string{}
	for _, v := range answer.Verdicts {
		for _, target := range v.Targets {
			checks[target.Pool] = v.Check
		}
	}
	return checks, string(text)
}
