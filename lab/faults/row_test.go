package faults

import (
	"context"
	"encoding/json"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
)

// row is one fault: how it is caused, and what must be found.
type row struct {
	fault   string // for the table
	on      string // the host that is broken
	breaks  string // sh, as root on that host
	mends   string
	outside func(t *testing.T, h *hosts.Host) // breaks what cannot be broken from inside
	undo    func(t *testing.T, h *hosts.Host)
	until   func(t *testing.T) bool // the fault has taken effect; nil is at once

	check string
	host  string   // that the finding is about; "" is on
	words []string // what the finding must say
}

// functions is what the scripts of rows share. KEPT has the configuration as it was installed.
const functions = `
set -e
unit=monctl-node-exporter
dropin() { # UNIT LINE...
	mkdir -p /etc/systemd/system/$1.service.d
	{ echo '[Unit]'; echo "${3:-}"; echo '[Service]'; echo "$2"; } >/etc/systemd/system/$1.service.d/fault.conf
	systemctl daemon-reload
	systemctl restart --no-block $1
}
flags() { dropin $unit "ExecStart=
ExecStart=/opt/monctl/node_exporter/current/node_exporter $*"; }
again() { # UNIT: as it was installed
	rm -rf /etc/systemd/system/$1.service.d
	systemctl daemon-reload
	systemctl reset-failed
	systemctl restart $1
	systemctl reset-failed
}
yml=/etc/monctl/prometheus/prometheus.yml
reload() { systemctl kill --kill-whom=main -s HUP monctl-prometheus; }
restored() { rm -rf /etc/monctl && cp -a /root/kept /etc/monctl; }
serve() { # DIR PORT
	systemd-run --quiet --unit=fault-web /usr/local/bin/busybox httpd -f -p $2 -h $1
}
unserve() { systemctl stop fault-web; rm -rf /srv/fault; }
`

// prepare gives every host the web server and a copy of its configuration.
const prepare = `[ -e /root/kept ] || cp -a /etc/monctl /root/kept`

// on runs a script on a host, past its network.
func on(t *testing.T, h *hosts.Host, script string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if out, err := h.Exec(ctx, functions+script); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func host(t *testing.T, name string) *hosts.Host {
	t.Helper()
	h, err := lab.Host(name)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// eventually waits for something that must come.
func eventually(t *testing.T, what string, is func(*testing.T) bool) {
	t.Helper()
	for end := time.Now().Add(45 * time.Second); !is(t); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// run breaks, examines and mends. It gives the one cause when that is the right one.
func (r row) run(t *testing.T) (finding, bool) {
	h := host(t, r.on)
	t.Cleanup(func() { r.mend(t, h) })
	if r.breaks != "" {
		on(t, h, r.breaks)
	}
	if r.outside != nil {
		r.outside(t, h)
	}
	if r.until != nil {
		eventually(t, "the fault has taken effect", r.until)
	}
	if t.Failed() {
		return finding{}, false
	}
	var all []finding
	for range 3 { // what starts and stops meanwhile settles
		if all = examine(t, "h1", "h2", "h3"); r.is(all) {
			t.Logf("found: %s", causes(all)[0])
			return causes(all)[0], true
		}
		time.Sleep(2 * time.Second)
	}
	t.Errorf("want only %s of %s, saying %q; got\n%s", r.check, r.about(), r.words, lines(all))
	for _, f := range causes(all) {
		t.Logf("%s: %s; %v", f, f.Cause, f.Evidence)
	}
	return finding{}, false
}

func (r row) about() string {
	if r.host != "" {
		return r.host
	}
	return r.on
}

// is tells whether the right check alone names causes: once, or once for each target of a job.
func (r row) is(all []finding) bool {
	found := causes(all)
	return len(found) > 0 && !slices.ContainsFunc(found, func(f finding) bool {
		return f.Check != r.check || f.Host != r.about() || slices.ContainsFunc(r.words, func(w string) bool { return !f.says(w) })
	})
}

func (r row) mend(t *testing.T, h *hosts.Host) {
	t.Helper()
	if r.undo != nil {
		r.undo(t, h)
	}
	if r.mends != "" {
		on(t, h, r.mends)
	}
	eventually(t, "the stack is well again", well)
}

// target is what this test reads of one in Prometheus.
type target struct {
	Health, LastError string
	Labels            map[string]string
}

func targets(*testing.T) []target {
	h, err := lab.Host("h1")
	if err != nil {
		return nil
	}
	response, err := client.Get("http://" + h.Address + ":9090/api/v1/targets?state=active")
	if err != nil {
		return nil // it is down, perhaps on purpose
	}
	defer response.Body.Close()
	var answer struct {
		Data struct{ ActiveTargets []target }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return nil
	}
	return answer.Data.ActiveTargets
}

var client = http.Client{Timeout: 5 * time.Second}

// well says that all that was installed is scraped again, and nothing else.
func well(t *testing.T) bool {
	all := targets(t)
	return len(all) == 7 && !slices.ContainsFunc(all, func(x target) bool { return x.Health != "up" || x.Labels["job"] == "fault" })
}

// down waits for a target of an instance or job that is down.
func down(name string) func(*testing.T) bool {
	return func(t *testing.T) bool {
		return slices.ContainsFunc(targets(t), func(x target) bool {
			return x.Health == "down" && (x.Labels["instance"] == name || x.Labels["job"] == name)
		})
	}
}

// number waits until so many targets were scraped.
func number(n int) func(*testing.T) bool {
	return func(t *testing.T) bool {
		all := targets(t)
		return len(all) == n && !slices.ContainsFunc(all, func(x target) bool { return x.Health == "unknown" })
	}
}

// state waits until a unit is in a state, as systemctl show says it.
func state(name, unit, property, value string) func(*testing.T) bool {
	return func(t *testing.T) bool {
		out, err := host(t, name).Exec(t.Context(), "systemctl show -P "+property+" "+unit)
		return err == nil && strings.TrimSpace(out) == value
	}
}

// after waits for a while: for what cannot be asked.
func after(d time.Duration) func(*testing.T) bool {
	return func(*testing.T) bool { time.Sleep(d); return true }
}

// filter runs nft in the network of a host.
func filter(rules string) func(*testing.T, *hosts.Host) {
	return func(t *testing.T, h *hosts.Host) {
		cmd := exec.Command("ip", "netns", "exec", h.Machine, "nft", "-f", "-")
		cmd.Stdin = strings.NewReader(rules)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("nft: %v\n%s", err, out)
		}
	}
}
