package data

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
)

// The exit codes that monctl promises.
const (
	done, failed, usage, changes, refused = 0, 1, 2, 3, 5
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func needLab(t *testing.T) {
	t.Helper()
	if lab == nil {
		t.Skip("needs root: it works on real hosts")
	}
}

// host waits until a test has the host for itself. Tests of different hosts run at the same time, and none takes two.
func host(t *testing.T, name string) *hosts.Host {
	t.Helper()
	needLab(t)
	h, err := lab.Host(name)
	must(t, err)
	lab.free[name].Lock()
	t.Cleanup(lab.free[name].Unlock)
	return h
}

// data runs monctl data; --ntp tells it the true time, as the lab has no internet.
func data(t *testing.T, args ...string) outcome {
	t.Helper()
	needLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	return lab.run(ctx, dataArgs(args)...)
}

func dataArgs(args []string) []string {
	return append(append([]string{"data"}, args...), "--ntp="+lab.ntp)
}

// want checks the exit code and that all words were said somewhere.
func (o outcome) want(t *testing.T, code int, words ...string) outcome {
	t.Helper()
	all := o.stdout + o.stderr
	if o.code != code {
		t.Fatalf("%s: exit %d, want %d\n%s", strings.Join(o.args, " "), o.code, code, all)
	}
	for _, w := range words {
		if !strings.Contains(all, w) {
			t.Fatalf("%s: did not say %q\n%s", strings.Join(o.args, " "), w, all)
		}
	}
	return o
}

func contains(text string, words ...string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
}

// on runs a script as root on a host, without the network.
func on(t *testing.T, h *hosts.Host, script string) string {
	t.Helper()
	out, err := h.Exec(context.WithoutCancel(t.Context()), script)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("waited a minute for %s", what)
}

// prometheus is a real server on a host, asked from outside.
type prometheus struct {
	t    *testing.T
	host *hosts.Host
	port int
}

// get is the body of an answer, or what went wrong.
func (p prometheus) get(path string) (string, error) {
	client := http.Client{Timeout: 5 * time.Second}
	r, err := client.Get(fmt.Sprintf("http://%s:%d%s", p.host.Address, p.port, path))
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return string(body), err
}

// value is the sum of an instant query at a moment; -1 when there is no answer yet.
func (p prometheus) value(query string, at time.Time) float64 {
	body, err := p.get("/api/v1/query?" + url.Values{"query": {query}, "time": {strconv.FormatInt(at.Unix(), 10)}}.Encode())
	var answer struct {
		Status string
		Data   struct{ Result []struct{ Value [2]any } }
	}
	if err != nil || json.Unmarshal([]byte(body), &answer) != nil || answer.Status != "success" {
		return -1
	}
	sum := 0.0
	for _, r := range answer.Data.Result {
		text, _ := r.Value[1].(string)
		v, _ := strconv.ParseFloat(text, 64)
		sum += v
	}
	return sum
}

// counter is the sum of a metric of its own page.
func (p prometheus) counter(name string) float64 {
	page, err := p.get("/metrics")
	if err != nil {
		return -1
	}
	sum := 0.0
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, name+" ") || strings.HasPrefix(line, name+"{") {
			w := strings.Fields(line)
			v, _ := strconv.ParseFloat(w[len(w)-1], 64)
			sum += v
		}
	}
	return sum
}

// refuses waits until the server runs and refuses what it scrapes: the fault is really there.
func (p prometheus) refuses() {
	p.t.Helper()
	eventually(p.t, "samples to be refused on "+p.host.Name, func() bool { return p.counter("prometheus_tsdb_out_of_bound_samples_total") > 0 })
}

// takes waits until there is a sample of now.
func (p prometheus) takes() {
	p.t.Helper()
	eventually(p.t, "fresh samples on "+p.host.Name, func() bool { return p.value("count(timestamp(up) > time() - 10)", time.Now()) > 0 })
}

// serveNTP answers as a stratum 2 server whose clock is ahead of this machine's, until the process ends (RFC 5905, figure 8).
func serveNTP(address string, ahead time.Duration) (string, error) {
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		return "", err
	}
	go func() {
		query := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(query)
			if err != nil {
				return
			}
			if n < 48 {
				continue
			}
			p := make([]byte, 48)
			p[0], p[1], p[2], p[3] = 4<<3|4, 2, 6, 0xec
			now := time.Now().Add(ahead)
			stamp(p[16:], now.Add(-time.Minute))
			copy(p[24:32], query[40:48])
			stamp(p[32:], now)
			stamp(p[40:], now)
			_, _ = conn.WriteTo(p, from)
		}
	}()
	return conn.LocalAddr().String(), nil
}

// stamp writes a time in seconds since 1900 and 32 bits of fraction.
func stamp(to []byte, t time.Time) {
	const since1900 = 2208988800
	binary.BigEndian.PutUint32(to, uint32(t.Unix()+since1900))
	binary.BigEndian.PutUint32(to[4:], uint32(uint64(t.Nanosecond())<<32/1e9))
}
