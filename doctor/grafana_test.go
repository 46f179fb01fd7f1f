package doctor

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet/facts"
)

const grafanaFiles = `pid=1000
config=/etc/grafana/grafana.ini
list=deleteDatasources
line=  - name: Old
list=datasources
line=  - name: "Prometheus vm1"
line=    uid: prom1
line=    type: prometheus
line=    access: proxy
line=    url: http://10.0.0.5:9090
found=/d/node.json|"datasource":{"type":"prometheus","uid":"prom1"}
found=/d/node.json|"datasource":{"type":"grafana","uid":"--Grafana--"}
found=/d/node.json|"datasource":"Prometheusvm1"
found=/d/node.json|"datasource":{"type":"prometheus","uid":"${datasource}"}
found=/d/var.json|"datasource":{"type":"prometheus","uid":"${DS_PROM}"}
found=/d/var.json|"name":"DS_PROM"
`

func TestGrafana(t *testing.T) {
	files := func(more string) func(*Host) {
		return func(h *Host) {
			h.Probes[grafanaCheck] = probed(grafanaFiles + more)
			h.Reached["10.0.0.5:9090"] = Reached{OK: true, Kind: ReachOK}
			h.of("grafana").Replies[askHealth] = Reply{Status: 200, Body: `{"database": "ok", "version": "12.1.0", "commit": "x"}`}
		}
	}
	health := func(r Reply) func(*Host) { return func(h *Host) { h.of("grafana").Replies[askHealth] = r } }
	log := func(times int, text string) func(*Host) {
		return func(h *Host) {
			h.Facts.Clock.Uptime = unitStart + 2*minute
			for range times {
				h.says("grafana.service", text)
			}
		}
	}
	reached := func(r Reached) func(*Host) {
		return func(h *Host) { files("")(h); h.Reached["10.0.0.5:9090"] = r }
	}
	tryWrongs(t, []wrong{
		{"health", "grafana", files(""), grafanaReady(), OK, ""},
		{"database failing", "grafana", health(Reply{Status: 503, Body: `{"database": "failing"}`}), grafanaReady(), Fail, "cannot use its database"},
		{"HTML", "grafana", health(Reply{Status: 200, Type: "text/html", Body: "<html>"}), grafanaReady(), Unknown, "not answer as Grafana"},
		{"no answer", "grafana", health(Reply{Err: "no answer within 6s"}), grafanaReady(), Fail, "does not answer"},
		{"locked", "grafana", log(5, `logger=ngalert level=error msg="failed" error="database is locked"`), grafanaDatabase(), Warn, "locked again"},
		{"locked once", "grafana", log(1, `error="database is locked"`), grafanaDatabase(), OK, ""},
		{"malformed", "grafana", log(1, `error="database disk image is malformed"`), grafanaDatabase(), Fail, "damaged"},
		{"owner", "grafana", log(1, `attempt to write a readonly database`), grafanaDatabase(), Fail, "may not write"},
		{"uid changed", "grafana", log(1, `logger=provisioning level=error msg="Failed to provision data sources" error="Datasource provisioning error: data source not found"`), grafanaProvisioning(), Fail, "refuses a provisioning file"},
		{"locked out", "grafana", log(1, `too many consecutive incorrect login attempts for user`), grafanaLogin(), Note, "locked a user out"},
		{"references", "grafana", files(""), grafanaDashboards(), OK, ""},
		{"placeholder", "grafana", files(`found=/d/x.json|"datasource":"${DS_PROMETHEUS}"`), grafanaDashboards(), Warn, "${DS_PROMETHEUS} in x.json"},
		{"stranger", "grafana", files(`found=/d/x.json|"datasource":{"type":"prometheus","uid":"P1809F7CD0C75ACF3"}`), grafanaDashboards(), Note, "P1809F7CD0C75ACF3"},
		{"no folder", "grafana", files(`nodir=/var/lib/grafana/dashboards`), grafanaDashboards(), Warn, "is missing"},
		{"reached", "grafana", files(""), grafanaDatasource(), OK, ""},
		{"dropped", "grafana", reached(Reached{Kind: ReachTimeout}), grafanaDatasource(), Fail, "timeout"},
		{"forwarding", "grafana", reached(Reached{Kind: ReachForbidden}), grafanaDatasource(), Unknown, "cannot tell"},
		{"in a container", "grafana", files("container=yes\nline=  - name: L\nline=    url: http://localhost:3100"), grafanaDatasource(), Warn, "localhost inside"},
		{"sub-path", "grafana", files("ini=server.root_url|%(protocol)s://%(domain)s/grafana/"), grafanaRootURL(), Note, "serve_from_sub_path is off"},
		{"sub-path served", "grafana", files("ini=server.root_url|https://x/grafana/\nini=server.serve_from_sub_path|true"), grafanaRootURL(), OK, ""},
		{"sub-path by variable", "grafana", files("ini=server.root_url|https://x/grafana/\nenv=GF_SERVER_SERVE_FROM_SUB_PATH"), grafanaRootURL(), OK, ""},
		{"no address", "grafana", files("ini=server.root_url|grafana.example.com"), grafanaRootURL(), Warn, "no address"},
		{"localhost", "grafana", func(h *Host) { h.of("grafana").Listen = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:3000")} }, grafanaListen(), Note, "localhost only"},
		{"localhost behind a proxy", "grafana", func(h *Host) {
			h.of("grafana").Listen = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:3000")}
			h.Facts.Listeners = []facts.Listener{{Network: "tcp", Address: netip.MustParseAddrPort("0.0.0.0:443"), Process: "nginx"}}
		}, grafanaListen(), OK, ""},
		{"pie", "grafana", files(`found=/d/p.json|"type":"vonage-status-panel"`), grafanaPlugins(), Warn, "vonage-status-panel in p.json"},
		{"another panel", "grafana", files(`found=/d/p.json|"type":"grafana-clock-panel"`), grafanaPlugins(), OK, ""},
	})
}

// TestGrafanaStandIn runs the probe and the questions against the lab's stand-in for Grafana: a real process with real
// files of Grafana's formats, but not Grafana.
func TestGrafanaStandIn(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "grafana")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../lab/grafana_standin").CombinedOutput(); err != nil {
		t.Fatalf("build the stand-in: %s", out)
	}
	port, dead := freePort(t), freePort(t)
	home := filepath.Join(dir, "home")
	for name, text := range map[string]string{
		"home/VERSION": "12.1.0",
		"home/conf/defaults.ini": "[paths]\ndata =\nlogs =\nplugins =\nprovisioning =\n[server]\nprotocol = http\nhttp_addr =\nhttp_port = 3000\nroot_url =\nserve_from_sub_path = false\n" +
			"[security]\nadmin_user = admin\nadmin_password = admin\nadmin_email = a@b\nsecret_key = x\n[auth.anonymous]\nenabled = false\norg_role = Viewer\n[database]\ntype = sqlite3\n",
		"grafana.ini": "[paths]\ndata = " + dir + "/data\nlogs = " + dir + "/log\nplugins = " + dir + "/plugins\nprovisioning = " + dir + "/prov\n[server]\nhttp_addr = 127.0.0.1\nhttp_port = " + port +
			"\nroot_url = http://x/grafana/\n[security]\nadmin_password = sesame-open\n",
		"prov/datasources/p.yaml": "apiVersion: 1\ndatasources:\n  - name: P\n    uid: prom1\n    type: prometheus\n    access: proxy\n    url: http://127.0.0.1:" + dead + "\n",
		"prov/dashboards/d.yaml":  "apiVersion: 1\nproviders:\n  - name: d\n    type: file\n    options:\n      path: " + dir + "/dash\n",
		"dash/bad.json": `{"__inputs":[{"name":"DS_PROMETHEUS","type":"datasource"}],"uid":"bad","title":"bad","panels":[{"type":"vonage-status-panel","datasource": {
			"type": "prometheus", "uid": "${DS_PROMETHEUS}"}}]}`,
		"dash/good.json": `{"uid":"good","title":"good","panels":[{"type":"timeseries","datasource":{"type":"prometheus","uid":"prom1"}}]}`,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "server", "--homepath="+home, "--config="+filepath.Join(dir, "grafana.ini"))
	out := startReal(t, cmd)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(out.String())
		}
	})
	h := well("grafana")
	c := h.of("grafana")
	c.Base, c.Process.PID = "http://127.0.0.1:"+port, cmd.Process.Pid
	c.Listen = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:" + port)}
	waitFor(t, c.Base+askHealth)
	h.Probes[grafanaCheck] = run(t, grafanaDashboards())
	for _, v := range h.Probes[grafanaCheck].Values {
		if strings.Contains(v.Value, "sesame") {
			t.Errorf("the probe told a password: %v", v)
		}
	}
	for _, c := range []Check{grafanaReady(), grafanaDatasource(), grafanaPlugins()} {
		realAnswers(t, &h, c)
	}
	for _, want := range []struct {
		check Check
		says  string
	}{
		{grafanaReady(), ""}, {grafanaDashboards(), "${DS_PROMETHEUS} in bad.json"}, {grafanaDatasource(), "127.0.0.1:" + dead}, {grafanaRootURL(), "/grafana/"}, {grafanaListen(), "localhost only"}, {grafanaPlugins(), "bad.json"},
	} {
		found := want.check.Judge(Fleet{Hosts: []Host{h}})
		if want.says == "" && len(found) != 0 || want.says != "" && (len(found) != 1 || !strings.Contains(found[0].Title, want.says)) {
			t.Errorf("%s: %+v, want %q (probe %+v)", want.check.ID, found, want.says, h.Probes[grafanaCheck])
		}
	}
}
