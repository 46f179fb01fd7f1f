package doctor

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/templates"
)

// targetJSON is one target of /api/v1/targets.
func targetJSON(job, address, health string) string {
	return fmt.Sprintf(`{"labels":{"job":%q,"instance":%q},"scrapePool":%q,"scrapeUrl":"http://%s/metrics","health":%q}`, job, address, job, address, health)
}

func targetsReply(targets ...string) Reply {
	return Reply{Status: 200, Type: "application/json", Body: `{"status":"success","data":{"activeTargets":[` + strings.Join(targets, ",") + `]}}`}
}

func reachedAs(kind ReachKind) Reached {
	return Reached{OK: kind == ReachOK, Kind: kind, Err: map[bool]string{false: "dial: " + string(kind)}[kind == ReachOK], Took: 2 * time.Millisecond}
}

// spoken gives links as lines that a person can compare.
func spoken(links []Link) []string {
	var lines []string
	for _, l := range links {
		line := fmt.Sprintf("%s/%s %s %s(%s) on %q: %s", l.From, l.Component, l.Role, l.To, l.Name, l.Host, l.State())
		if l.Why() != "" {
			line += ": " + l.Why()
		}
		lines = append(lines, line)
	}
	return lines
}

// matrixFleet has one link of every kind and outcome.
func matrixFleet() Fleet {
	h := well("prometheus", "grafana", "promtail", "alertmanager")
	p := h.of("prometheus")
	p.Replies[askTargets] = targetsReply(
		targetJSON("node", "127.0.0.1:9100", "up"), targetJSON("node", "192.168.1.11:9100", "down"), targetJSON("node", "192.168.1.12:9100", "down"),
		targetJSON("mysql", "db:9104", "down"), targetJSON("far", "192.168.1.13:9100", "up"), targetJSON("late", "192.168.1.14:9100", "unknown"),
		targetJSON("probed", "10.1.1.1:80", "down"),
	)
	p.Replies[askConfig] = Reply{Status: 200, Body: `{"status":"success","data":{"yaml":"scrape_configs:\n- job_name: probed\n  proxy_url: http://192.168.1.99:3128\n"}}`}
	p.Replies[askAlertmanagers] = Reply{Status: 200, Body: `{"status":"success","data":{"activeAlertmanagers":[{"url":"http://127.0.0.1:9093/api/v2/alerts"}]}}`}
	h.Probes[reachCheck] = probed("datasource=1001|http://localhost:9090\nnotify=1003|https://hooks.slack.com\npush=1002|http://192.168.1.12:3100\npush=7|http://other:1")
	h.of("promtail").Process.Foreign = true
	h.Links = []Link{
		{Component: "prometheus", Role: LinkScrape, To: "192.168.1.77:9100"},
		{Component: "grafana", Role: LinkPush, To: "192.168.1.12:3100", Name: "wanted"},
	}
	for address, kind := range map[string]ReachKind{
		"127.0.0.1:9100": ReachOK, "192.168.1.11:9100": ReachRefused, "192.168.1.12:9100": ReachTimeout, "db:9104": ReachNoName,
		"192.168.1.13:9100": ReachTimeout, "192.168.1.99:3128": ReachUnroutable, "127.0.0.1:9093": ReachOK, "localhost:9090": ReachForbidden,
		"hooks.slack.com:443": ReachTimeout, "192.168.1.12:3100": ReachOK,
	} {
		h.Reached[address] = reachedAs(kind)
	}
	other := well()
	other.Name, other.Address, other.ScrapeAddress, other.Facts.Addresses = "vm2", "192.168.1.12", "192.168.1.12", nil
	lost := Lost{Name: "vm3", Links: []Link{{Component: "prometheus", Role: LinkScrape, To: "192.168.1.12:9100"}}}
	return Fleet{Hosts: []Host{h, other}, Lost: []Lost{lost}, Settings: Default()}
}

func TestLinks(t *testing.T) {
	want := []string{
		`vm1/alertmanager notify hooks.slack.com:443(slack) on "": dropped: dial: timeout`,
		`vm1/grafana push 192.168.1.12:3100(wanted) on "vm2": ok`,
		`vm1/grafana query localhost:9090() on "vm1": unknown: the SSH server forbids forwarding, so nothing could be tried from there`,
		`vm1/prometheus alerts 127.0.0.1:9093(alertmanager) on "vm1": ok`,
		`vm1/prometheus scrape 127.0.0.1:9100(node) on "vm1": ok`,
		`vm1/prometheus scrape 192.168.1.11:9100(node) on "": refused: dial: refused`,
		`vm1/prometheus scrape 192.168.1.12:9100(node) on "vm2": dropped: dial: timeout`,
		`vm1/prometheus scrape 192.168.1.13:9100(far) on "": unknown: ` + scraped,
		`vm1/prometheus scrape 192.168.1.14:9100(late) on "": unknown: there was no time left to try it`,
		`vm1/prometheus scrape 192.168.1.99:3128(probed through a proxy) on "": no route: dial: no route`,
		`vm1/prometheus scrape db:9104(mysql) on "": no name: dial: no such name`,
		`vm1/promtail push 192.168.1.12:3100() on "vm2": unknown: ` + hasOwnNetwork,
		`vm3/prometheus scrape 192.168.1.12:9100() on "vm2": unknown: the host could not be examined`,
	}
	if diff := cmp.Diff(want, spoken(matrixFleet().Links())); diff != "" {
		t.Error(diff)
	}
}

// TestJudgeLinks finds the links that are certainly broken, and hides them behind whatever names a cause at either end.
func TestJudgeLinks(t *testing.T) {
	f := matrixFleet()
	down := Check{ID: "install/not-running", Judge: func(Fleet) []Finding { return []Finding{{Host: "vm2", Level: Fail, Title: "is stopped"}} }}
	r := Judge(f, append([]Check{down}, reachChecks([]Check{down})...))
	var got []string
	for _, one := range r.Findings[1:] {
		got = append(got, one.Level.String()+" "+one.Title+" ← "+one.MutedBy)
	}
	want := []string{
		"warn prometheus cannot reach node at 192.168.1.11:9100: refused ← ",
		"warn prometheus cannot reach node at 192.168.1.12:9100: dropped ← install/not-running vm2",
		"warn prometheus cannot reach probed through a proxy at 192.168.1.99:3128: no route ← ",
		"warn prometheus cannot reach mysql at db:9104: no name ← ",
		"warn alertmanager cannot reach slack at hooks.slack.com:443: dropped ← ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAskLinks tries real addresses: one that listens, one that does not, and a name that nobody has.
func TestAskLinks(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	closed := net.JoinHostPort("127.0.0.1", freePort(t))
	h := well("grafana")
	h.Probes[reachCheck] = probed(fmt.Sprintf("datasource=1000|http://%s\ndatasource=1000|http://%s\ndatasource=1000|http://no-such-name.invalid:9090", l.Addr(), closed))
	q := newQuestions(&h, fromHere{}, clock.NewWatch())
	defer q.close()
	askLinks(t.Context(), q, LinkQuery)
	states := map[string]LinkState{}
	for _, link := range (Fleet{Hosts: []Host{h}}).Links() {
		states[link.To] = link.State()
	}
	want := map[string]LinkState{l.Addr().String(): LinkOK, closed: LinkRefused, "no-such-name.invalid:9090": LinkNoName}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
}

// TestReachProbe runs the probe beside real processes that are called like components.
func TestReachProbe(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil { //nolint:gosec
			t.Fatal(err)
		}
		return path
	}
	start := func(name string, args ...string) string {
		cmd := exec.Command(file(name, "#!/bin/sh\nread x\n"), args...)
		in, _ := cmd.StdinPipe()
		cmd.Dir, cmd.Stdout = dir, io.Discard
		startReal(t, cmd)
		t.Cleanup(func() { _ = in.Close() })
		pid := strconv.Itoa(cmd.Process.Pid)
		until(t, func() bool {
			comm, _ := os.ReadFile("/proc/" + pid + "/comm")
			return strings.TrimSpace(string(comm)) == name
		})
		return pid
	}
	file("slack", "https://hooks.example.com/services/T0/B0/secret\n")
	am := start("alertmanager", "--config.file="+file("am.yml", `
global: {resolve_timeout: 5m}
receivers:
- name: a
  slack_configs:
  - api_url: "https://hooks.slack.com/services/T0/B0/secret"
    actions:
    - {type: button, text: x}
    - type: button
      url: https://runbooks.example.com/x
  - api_url_file: slack
  webhook_configs:
  - url: 'http://user:secret@10.9.9.9:8080/secret'
  email_configs:
  - smarthost: mail.example.com:587
`))
	tail := start("promtail", "-config.file", file("tail.yml", "clients:\n  - url: http://10.9.9.8:3100/loki/api/v1/push\n"))
	alloy := start("alloy", "run", "--storage.path=/x", file("config.alloy", "loki.write \"a\" {\n  // url = \"http://old:1\"\n  endpoint {\n    url = \"http://10.9.9.7:3100/loki/api/v1/push\"\n  }\n}\n"))
	file("provisioning/datasources/a.yaml", "datasources:\n  - name: P\n    url: http://10.9.9.6:9090\n    secureJsonData: {password: secret}\n")
	grafana := start("grafana", "server", "--config="+file("grafana.ini", "[paths]\nprovisioning = "+dir+"/provisioning\n"))
	a := run(t, Check{ID: reachCheck, Probe: reachScript})
	var got []string
	for _, v := range a.Values {
		if pid, _, _ := strings.Cut(v.Value, "|"); slices.Contains([]string{am, tail, alloy, grafana}, pid) {
			got = append(got, v.Key+" "+strings.TrimPrefix(v.Value, pid+"|"))
		}
		if strings.Contains(v.Value, "secret") {
			t.Errorf("a secret is printed: %s=%s", v.Key, v.Value)
		}
	}
	slices.Sort(got)
	want := []string{
		"datasource http://10.9.9.6:9090",
		"notify http://10.9.9.9:8080", "notify https://hooks.example.com", "notify https://hooks.slack.com", "notify smtp://mail.example.com:587",
		"push http://10.9.9.7:3100", "push http://10.9.9.8:3100",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLinksOfAnInventory(t *testing.T) {
	text := "hosts: {vm1: 10.0.0.1, vm2: 10.0.0.2}\ncomponents:\n  prometheus: {hosts: [vm1]}\n  grafana: {hosts: [vm2]}\n  alertmanager: {hosts: [vm1]}\n  node_exporter: {hosts: all}\n"
	inv, err := inventory.Parse("monctl.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := templates.Load("")
	if err != nil {
		t.Fatal(err)
	}
	stack, err := desired.StackOf(inv, catalog)
	if err != nil {
		t.Fatal(err)
	}
	links := LinksOf(stack)
	var got []string
	for _, l := range slices.Concat(links["vm1"], links["vm2"]) {
		got = append(got, fmt.Sprintf("%s/%s %s %s (%s)", l.From, l.Component, l.Role, l.To, l.Name))
	}
	want := []string{
		"vm1/prometheus scrape 127.0.0.1:9093 (alertmanager)", "vm1/prometheus scrape 10.0.0.2:3000 (grafana)",
		"vm1/prometheus scrape 127.0.0.1:9100 (node_exporter)", "vm1/prometheus scrape 10.0.0.2:9100 (node_exporter)",
		"vm1/prometheus scrape 127.0.0.1:9090 (prometheus)", "vm1/prometheus alerts 127.0.0.1:9093 (alertmanager)",
		"vm2/grafana query 10.0.0.1:9090 (Prometheus)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
