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
	outside func(t *testing.T, s *site, h *hosts.Host) // first: what cannot be broken from inside
	undo    func(t *testing.T, s *site, h *hosts.Host)
	until   func(t *testing.T, s *site) bool // the fault has taken effect; nil is at once

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
	systemctl stop $1 # which makes systemd forget its restarts
	systemctl reset-failed
	systemctl start $1
	case $1 in # or the next row would change what it has not read yet
	monctl-alertmanager) ready 9093 ;;
	monctl-prometheus) ready 9090 ;;
	esac
}
yml=/etc/monctl/prometheus/prometheus.yml
ready() { # PORT: it answers; before that, a HUP ends it
	for i in $(seq 100); do busybox wget -q -O /dev/null http://127.0.0.1:$1/-/ready 2>/dev/null && return; sleep 0.2; done
}
reload() { ready 9090; systemctl kill --kill-whom=main -s HUP monctl-prometheus; }
restored() { rm -rf /etc/monctl && cp -a /root/kept /etc/monctl; }
prometheus() { # FLAG...
	dropin monctl-prometheus "ExecStart=
ExecStart=/opt/monctl/prometheus/current/prometheus --config.file=$yml --storage.tsdb.path=$data --storage.tsdb.retention.time=15d --web.listen-address=:9090 $*"
}
data=/var/lib/monctl/prometheus
empty() { systemctl stop monctl-prometheus; rm -rf $data/*; chown -R monctl-prometheus:monctl-prometheus $data; again monctl-prometheus; } # as on the first day
block() { # SECONDS from now: a block that begins there
	at=$(($(date +%s) + $1))
	printf '# TYPE lab gauge\nlab 1 %d\nlab 2 %d\n# EOF\n' $at $((at + 15)) >/tmp/block
	/opt/monctl/prometheus/current/promtool tsdb create-blocks-from openmetrics /tmp/block /tmp/blocks >/dev/null
	chown -R monctl-prometheus:monctl-prometheus /tmp/blocks
	mv /tmp/blocks/* $data/
}
blocks() { ls -d $data/??????????????????????????; }
serve() { # DIR PORT
	systemd-run --quiet --unit=fault-web /usr/local/bin/busybox httpd -f -p $2 -h $1
}
unserve() { systemctl stop fault-web; rm -rf /srv/fault; }
`

// on runs a script on a host, past its network.
func on(t *testing.T, h *hosts.Host, script string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 150*time.Second) // a unit may take 120 s to stop
	defer cancel()
	if out, err := h.Exec(ctx, functions+script); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func (s *site) host(t *testing.T, name string) *hosts.Host {
	t.Helper()
	h, err := s.Host(name)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// eventually waits for something that must come.
func (s *site) eventually(t *testing.T, what string, is func(*testing.T, *site) bool) {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); !is(t, s); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// run breaks, examines and mends. It gives the one cause when that is the right one.
func (r row) run(t *testing.T, s *site) (finding, bool) {
	h := s.host(t, r.on)
	t.Cleanup(func() { r.mend(t, s, h) })
	if r.outside != nil {
		r.outside(t, s, h)
	}
	if r.breaks != "" {
		on(t, h, r.breaks)
	}
	if r.until != nil {
		s.eventually(t, "the fault has taken effect", r.until)
	}
	if t.Failed() {
		return finding{}, false
	}
	var all []finding
	for range 3 { // what starts and stops meanwhile settles
		if all = s.examine(t); r.is(all) {
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

// is tells whether the right finding is the only cause that is named.
func (r row) is(all []finding) bool {
	found := causes(all)
	return len(found) == 1 && found[0].Check == r.check && found[0].Host == r.about() &&
		!slices.ContainsFunc(r.words, func(w string) bool { return !found[0].says(w) })
}

func (r row) mend(t *testing.T, s *site, h *hosts.Host) {
	t.Helper()
	if r.undo != nil {
		r.undo(t, s, h)
	}
	if r.mends != "" {
		on(t, h, r.mends)
	}
	s.eventually(t, "the stack is well again", well)
}

// target is what this test reads of one in Prometheus.
type target struct {
	Health, LastError string
	Labels            map[string]string
}

func (s *site) targets() []target {
	response, err := client.Get("http://" + s.server().Address + ":9090/api/v1/targets?state=active")
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
func well(_ *testing.T, s *site) bool {
	all := s.targets()
	return len(all) == 3+len(s.Hosts) && !slices.ContainsFunc(all, func(x target) bool { return x.Health != "up" || x.Labels["job"] == "fault" })
}

// down waits for a target of an instance or job that is down.
func down(name string) func(*testing.T, *site) bool {
	return func(t *testing.T, s *site) bool {
		return slices.ContainsFunc(s.targets(), func(x target) bool {
			return x.Health == "down" && (x.Labels["instance"] == name || x.Labels["job"] == name)
		})
	}
}

// more waits until so many targets more than usual were scraped.
func more(n int) func(*testing.T, *site) bool {
	return func(_ *testing.T, s *site) bool {
		all := s.targets()
		return len(all) == 3+len(s.Hosts)+n && !slices.ContainsFunc(all, func(x target) bool { return x.Health == "unknown" })
	}
}

// state waits until a unit is in a state, as systemctl show says it.
func state(name, unit, property, value string) func(*testing.T, *site) bool {
	return func(t *testing.T, s *site) bool {
		out, err := s.host(t, name).Exec(t.Context(), "systemctl show -P "+property+" "+unit)
		return err == nil && strings.TrimSpace(out) == value
	}
}

// after waits for a while: for what cannot be asked.
func after(d time.Duration) func(*testing.T, *site) bool {
	return func(*testing.T, *site) bool { time.Sleep(d); return true }
}

// filter runs nft in the network of a host.
func filter(rules string) func(*testing.T, *site, *hosts.Host) {
	return func(t *testing.T, _ *site, h *hosts.Host) {
		cmd := exec.Command("ip", "netns", "exec", h.Machine, "nft", "-f", "-")
		cmd.Stdin = strings.NewReader(rules)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("nft: %v\n%s", err, out)
		}
	}
}
