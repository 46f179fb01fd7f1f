// Package compliance runs the suites of github.com/prometheus/compliance on monctl serve and on the Prometheus whose packages it is built
// from, and wants the same results. The suites are modules of their own, which the module proxy does not have: make compliance clones
// them at one commit. They know a server by its files and its ports, so these tests know monctl by its command line alone.
package compliance

import (
	"bufio"
	"bytes"
	"encoding/json"
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
)

// The environment of make compliance.
const (
	suitesFolder  = "MONCTL_COMPLIANCE" // a clone
	monctlFile    = "MONCTL_BINARY"
	referenceFile = "MONCTL_REFERENCE" // a Prometheus of the release that is built in
)

// program is one of the two servers.
type program struct {
	name string
	args func(address, config, data string) []string // begins with the file
}

// programs are monctl and the reference, absolute, because the suites start them from folders of their own.
func programs(t *testing.T) (monctl, reference program) {
	t.Helper()
	path := func(name string) string {
		file := os.Getenv(name)
		if file == "" {
			t.Skip("make compliance runs this; it sets " + name)
		}
		absolute, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		return absolute
	}
	ours, theirs := path(monctlFile), path(referenceFile)
	monctl = program{"monctl", func(address, config, data string) []string {
		return []string{ours, "serve", "--listen=" + address, "--config=" + config, "--data=" + data, "--ntp=none", "--no-host-metrics", "--remote-write-receiver"}
	}}
	reference = program{"reference", func(address, config, data string) []string {
		return []string{
			theirs, "--web.listen-address=" + address, "--config.file=" + config, "--storage.tsdb.path=" + data, "--web.enable-remote-write-receiver", "--log.level=error",
			// It begins to scrape after 5 s otherwise. The suite of senders ends it then, and passes a server that has sent nothing.
			"--scrape.discovery-reload-interval=100ms",
		}
	}}
	return monctl, reference
}

// suite copies one suite of the clone to a folder where it may write.
func suite(t *testing.T, name string) string {
	t.Helper()
	clone := os.Getenv(suitesFolder)
	if clone == "" {
		t.Skip("make compliance runs this; it sets " + suitesFolder)
	}
	dir := filepath.Join(t.TempDir(), "suite")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(clone, name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// start runs a server with an empty configuration until the test ends, and gives its address.
func start(t *testing.T, p program) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "p.yml")
	if err := os.WriteFile(config, []byte("global: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := p.args(address, config, filepath.Join(dir, "data"))
	cmd := exec.Command(args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", p.name, log.String())
		}
	})
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get("http://" + address + "/-/ready")
		if err != nil {
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return address
		}
	}
	t.Fatalf("%s did not get ready", p.name)
	return ""
}

// results are the outcomes of the tests of a suite by name: pass, fail or skip.
type results map[string]string

// outcomes runs go test in a folder, all of it or the tests that a pattern names, and reads what it says of the tests whose name has an
// element, which is taken out of the names.
func outcomes(t *testing.T, dir, pattern string, env []string, elements ...string) map[string]results {
	t.Helper()
	cmd := exec.Command("go", "test", "-json", "-count=1", "-timeout=60m", "-run="+pattern, ".")
	cmd.Dir, cmd.Env = dir, append(append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off"), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var problems bytes.Buffer
	cmd.Stderr = &problems
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := map[string]results{}
	for _, e := range elements {
		found[e] = results{}
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var event struct{ Action, Test string }
		if json.Unmarshal(lines.Bytes(), &event) != nil || event.Test == "" || !slices.Contains([]string{"pass", "fail", "skip"}, event.Action) {
			continue
		}
		path := strings.Split(event.Test, "/")
		for _, e := range elements {
			if i := slices.Index(path, e); i >= 0 {
				found[e][strings.Join(slices.Delete(path, i, i+1), "/")] = event.Action
				break
			}
		}
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait() // it fails when a test fails, as the reference's may
	for _, e := range elements {
		if len(found[e]) == 0 {
			t.Fatalf("no test ran of %s: %s", e, problems.String())
		}
	}
	return found
}

// same wants equal outcomes, and prints the row of docs/serve.md.
func same(t *testing.T, name string, ours, theirs results) {
	t.Helper()
	count := func(r results) string {
		n := map[string]int{}
		for _, outcome := range r {
			n[outcome]++
		}
		return fmt.Sprintf("%d passed, %d failed, %d skipped", n["pass"], n["fail"], n["skip"])
	}
	t.Logf("| %s | %s | %s |", name, count(ours), count(theirs))
	for test, outcome := range theirs {
		if ours[test] != outcome {
			t.Errorf("%s: %q, with Prometheus %q", test, ours[test], outcome)
		}
	}
	if len(ours) != len(theirs) {
		t.Errorf("%d tests, with Prometheus %d", len(ours), len(theirs))
	}
}
