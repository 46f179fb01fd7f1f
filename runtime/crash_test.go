package runtime

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/prompb"
)

// asProcess makes this test binary a monitor on a data folder; TestMain is its main.
const asProcess = "MONCTL_TEST_SERVE"

func TestMain(m *testing.M) {
	data := os.Getenv(asProcess)
	if data == "" {
		os.Exit(m.Run())
	}
	listen := os.Getenv(asProcess + "_LISTEN")
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	monitor, err := Start(Options{Data: data, Listen: listen, RemoteWrite: true, ConfigFile: os.Getenv(asProcess + "_CONFIG")})
	if err == nil {
		err = monitor.Run(context.Background(), func() { fmt.Println(monitor.URL()) })
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// process starts a monitor in a process of its own and gives its address.
func process(t *testing.T, data string) (m *Monitor, kill func()) {
	t.Helper()
	return processBy(t, data, "global: {}\n", os.Args[0])
}

// begin waits until the monitor that a command starts is ready.
func begin(t *testing.T, cmd *exec.Cmd) (m *Monitor, kill func()) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal("the process did not get ready: ", err)
	}
	kill = func() {
		_ = cmd.Process.Kill() // SIGKILL
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	return at(t, strings.TrimSpace(url)), kill
}

// at is a monitor of another process, good for get and write only.
func at(t *testing.T, address string) *Monitor {
	t.Helper()
	u, err := parseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	return &Monitor{web: &server{external: u}}
}

func TestKillLosesNothingCommitted(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	m, kill := process(t, data)
	began := time.Now().Add(-time.Minute)
	sent := 0
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); sent++ {
		at := timestamp.FromTime(began) + int64(sent)
		if code, body := write(t, m, fmt.Sprintf("kept_%d", sent%50), prompb.Sample{Value: 1, Timestamp: at}); code != http.StatusNoContent {
			t.Fatalf("sample %d: %d %s", sent, code, body)
		}
	}
	kill()
	again := running(t, Options{Data: data, ConfigFile: file(t, "p.yml", "global: {}\n")})
	_, body := get(t, again, `/api/v1/query?query=sum(count_over_time(kept[10m]))`)
	if want := fmt.Sprintf("%q]", fmt.Sprint(sent)); sent < 100 || !strings.Contains(body, want) {
		t.Errorf("%d samples were confirmed, and after the kill: %s", sent, body)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	_, kill := process(t, data)
	_, err := Start(Options{Data: data, Listen: "127.0.0.1:0"})
	var used *InUseError
	if !errors.As(err, &used) || !strings.Contains(used.Holder, "process ") {
		t.Errorf("got %v, want an InUseError with its holder", err)
	}
	kill()
	running(t, Options{Data: data, ConfigFile: file(t, "p.yml", "global: {}\n")})
	if _, err := Start(Options{Data: data, Listen: "127.0.0.1:0"}); !errors.As(err, &used) {
		t.Errorf("a second monitor of the same process: %v", err)
	}
}

func TestTakenPortNamesItsHolder(t *testing.T) {
	m, _ := process(t, filepath.Join(t.TempDir(), "data"))
	_, err := Start(Options{Data: t.TempDir(), Listen: m.web.external.Host})
	var port *PortError
	if !errors.As(err, &port) || !strings.Contains(port.Holder, "process ") {
		t.Errorf("got %v, want a PortError with its holder", err)
	}
}

// debian is Debian's Prometheus 2.42 on a copy of a data folder; it ends with the test or by stop.
func debian(t *testing.T, data string) (m *Monitor, stop func()) {
	t.Helper()
	path, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("no prometheus in PATH: ", err)
	}
	address := freeAddress(t)
	cmd := exec.CommandContext(t.Context(), path, "--config.file="+file(t, "p.yml", "global: {}\n"), "--storage.tsdb.path="+data,
		"--web.listen-address="+address, "--web.enable-remote-write-receiver", "--log.level=error")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	t.Cleanup(stop)
	m = at(t, "http://"+address+"/")
	awaitReady(t, m, "Debian's Prometheus")
	return m, stop
}

// freeAddress is an address of loopback that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func awaitReady(t *testing.T, m *Monitor, who string) {
	t.Helper()
	until(t, who, func() bool {
		resp, err := http.Get(m.URL().String() + "-/ready")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// A folder goes from the monitor to Debian's Prometheus 2.42 and back, and each adds samples.
func TestDataIsExchangedWithPrometheus(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	start := time.Now().Add(-time.Hour).Truncate(time.Second)
	fill := func(m *Monitor, from, to int) {
		var samples []prompb.Sample
		for n := from; n < to; n++ {
			samples = append(samples, prompb.Sample{Value: float64(n), Timestamp: start.Add(time.Duration(n) * time.Second).UnixMilli()})
		}
		for s := range 20 {
			if code, body := write(t, m, fmt.Sprintf("moved_%d", s), samples...); code != http.StatusNoContent {
				t.Fatalf("%d %s", code, body)
			}
		}
	}
	check := func(m *Monitor, who string, n int) {
		t.Helper()
		for query, want := range map[string]int{"count_over_time": 20 * n, "sum_over_time": 20 * n * (n - 1) / 2} {
			_, body := get(t, m, fmt.Sprintf(`/api/v1/query?query=sum(%s(moved[2h]))`, query))
			if !strings.Contains(body, fmt.Sprintf(`"%d"]`, want)) {
				t.Errorf("%s: %s is not %d: %s", who, query, want, body)
			}
		}
	}
	ours, stop := started(t, Options{Data: data, RemoteWrite: true, ConfigFile: file(t, "p.yml", "global: {}\n")})
	fill(ours, 0, 1000)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	theirs, end := debian(t, data)
	check(theirs, "2.42 after the monitor", 1000)
	fill(theirs, 1000, 2000)
	end()
	ours, stop = started(t, Options{Data: data, RemoteWrite: true, ConfigFile: file(t, "p.yml", "global: {}\n")})
	check(ours, "the monitor after 2.42", 2000)
	fill(ours, 2000, 3000)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	theirs, _ = debian(t, data)
	check(theirs, "2.42 again", 3000)
}
