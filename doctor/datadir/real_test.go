package datadir

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is a real Prometheus.
type server struct{ name, path string }

// realServers are Debian's Prometheus and one built from its Go module; .ci/setup gets both.
func realServers(t *testing.T) []server {
	t.Helper()
	var list []server
	for _, s := range []server{{"2.42", "prometheus"}, {"3.13", "prometheus-3.13.5"}} {
		path, err := exec.LookPath(s.path)
		if err != nil {
			t.Skipf("%s is not installed: make setup gets it", s.path)
		}
		list = append(list, server{s.name, path})
	}
	return list
}

// started is a running Prometheus that scrapes itself every second.
type started struct {
	cmd *exec.Cmd
	url string
	out *said
}

// said is what a running process printed so far.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func start(t *testing.T, s server, dir string, flags ...string) *started {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	text := fmt.Sprintf("global: {scrape_interval: 1s}\nscrape_configs:\n- job_name: itself\n  static_configs: [{targets: ['%s']}]\n", address)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"--config.file=" + config, "--storage.tsdb.path=" + dir, "--web.listen-address=" + address, "--storage.tsdb.retention.time=400d"}, flags...)
	r := &started{cmd: exec.Command(s.path, args...), url: "http://" + address, out: &said{}}
	r.cmd.Stdout, r.cmd.Stderr = r.out, r.out
	r.cmd.Dir = t.TempDir()
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
	})
	waitUntil(t, s.name+" is ready", func() bool {
		resp, err := http.Get(r.url + "/-/ready") //nolint:noctx
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, func() string { return r.out.String() })
	return r
}

func waitUntil(t *testing.T, what string, done func() bool, story func() string) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if done() {
			return
		}
	}
	t.Fatalf("it did not happen: %s\n%s", what, story())
}

func (r *started) stop() {
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	_ = r.cmd.Wait()
}

// query gives the value of an instant query; false when it has no result.
func (r *started) query(t *testing.T, expr string) (float64, bool) {
	t.Helper()
	resp, err := http.Get(r.url + "/api/v1/query?query=" + url.QueryEscape(expr)) //nolint:noctx
	if err != nil {
		return 0, false
	}
	defer resp.Body.Close()
	var a struct {
		Data struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil || len(a.Data.Result) == 0 {
		return 0, false
	}
	text, _ := a.Data.Result[0].Value[1].(string)
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}

// takesNow waits until samples of now are stored, and counts what was out of bounds meanwhile.
func (r *started) takesNow(t *testing.T) {
	t.Helper()
	waitUntil(t, "samples of now are stored", func() bool {
		age, ok := r.query(t, "time() - timestamp(up)")
		return ok && age < 5
	}, func() string { return r.out.String() })
	for _, counter := range []string{"prometheus_target_scrapes_sample_out_of_bounds_total", "prometheus_tsdb_out_of_bound_samples_total"} {
		if n, _ := r.query(t, "sum("+counter+")"); n > 0 {
			t.Errorf("%s is %v\n%s", counter, n, r.out.String())
		}
	}
}

// acceptNow opens copies of a repaired directory with real servers: they have every good float, and take samples of now.
func acceptNow(t *testing.T, dir string, servers []server, samples int) string {
	t.Helper()
	var names []string
	floats := float64(samples) * (goodSeries - goodHistograms) / goodSeries
	var running []*started
	for _, s := range servers {
		running = append(running, start(t, s, copyData(t, dir)))
	}
	for n, r := range running {
		r.takesNow(t)
		n2, _ := r.query(t, `sum(count_over_time(good_total[5d]))`)
		if late := n2 - floats; late < 0 || late > 1000 {
			t.Errorf("%s has %v floats, want %v", servers[n].name, n2, floats)
		}
		if log := r.out.String(); strings.Contains(log, "Encountered") || strings.Contains(log, "corruption in") {
			t.Errorf("%s found damage:\n%s", servers[n].name, r.out.String())
		}
		r.stop()
		names = append(names, servers[n].name)
	}
	return strings.Join(names, ", ")
}

// tree is names, sizes and checksums of all files of a folder.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && e.Name() == storeName {
			return filepath.SkipDir
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %s", info.Mode(), rel(dir, path))
		if info.Mode().IsRegular() {
			body, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %d %x", info.Size(), sha256.Sum256(body))
		}
		b.WriteString("\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// writeTable puts the table between the marks of docs/data-safety.md.
func writeTable(t *testing.T, table string) {
	t.Helper()
	const file, begin, end = "../../docs/data-safety.md", "<!-- table: go test ./doctor/datadir -run TestRepair -update -->\n", "<!-- end of table -->"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no marks", file)
	}
	if err := os.WriteFile(file, []byte(before+begin+table+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
