package doctor

import (
	"net/netip"
	"strconv"
	"testing"

	"github.com/monctl/monctl/fleet/facts"
)

// wellFleet is a fleet on which nothing is wrong: every component of ours on one host, with what each of them answers.
func wellFleet() Fleet {
	h := well("prometheus", "alertmanager", "grafana", "loki", "alloy", "node_exporter", "mysqld_exporter")
	amWell(&h)
	for i := range h.Components {
		c := &h.Components[i]
		c.Metrics["process_open_fds"], c.Metrics["process_max_fds"] = 20, 65536
		c.Metrics[c.Kind+`_build_info{version="0.18.0"}`] = 1
		h.Facts.Listeners = append(h.Facts.Listeners, facts.Listener{Network: "tcp", Address: c.Listen[0], PID: c.Process.PID, Process: c.Process.Comm})
	}
	h.Wants = []string{"prometheus", "alertmanager", "grafana", "loki", "alloy", "node_exporter", "mysqld_exporter"}
	p := h.of("prometheus")
	p.Flags["storage.tsdb.path"], p.Flags["config.file"] = "/var/lib/prometheus", "/etc/p/p.yml"
	p.Replies[askAlertmanagers] = Reply{Status: 200, Body: `{"status":"success","data":{"activeAlertmanagers":[{"url":"http://127.0.0.1:9093/api/v2/alerts"}]}}`}
	p.Replies[askTargets] = Reply{Status: 200, Body: `{"status":"success","data":{"activeTargets":[{"scrapeUrl":"http://192.168.1.10:9100/metrics"}]}}`}
	p.Metrics["prometheus_notifications_sent_total"] = 12
	h.of("mysqld_exporter").Metrics["mysql_up"] = 1
	h.of("mysqld_exporter").Metrics[`mysql_exporter_collector_success{collector="collect.global_status"}`] = 1
	g := h.of("grafana")
	g.Replies[askHealth] = Reply{Status: 200, Body: `{"commit":"x","database":"ok","version":"12.1.0"}`}
	g.Replies["/api/datasources"] = Reply{Status: 401, Body: `{"message":"Unauthorized"}`}
	h.of("loki").Replies["/ready"] = Reply{Status: 200, Body: "ready"}
	h.of("loki").Replies["/config"] = Reply{Status: 200, Body: "compactor:\n  retention_enabled: true\nlimits_config:\n  retention_period: 744h\n"}
	for _, to := range []string{"127.0.0.1:9093", "10.0.0.5:9090", "10.0.0.7:3100"} {
		h.Reached[to] = Reached{OK: true, Kind: ReachOK}
	}
	h.Probes = map[string]Answer{
		unitsCheck: probed("binary=prometheus.service|/usr/bin/prometheus|ok|" + amd64ELF + "||/usr/bin/prometheus\nuser=prometheus.service|prometheus|900|900\n" +
			"config=prometheus.service|/etc/p/p.yml\nstat=/etc/p/p.yml|640|0|900|regular file\nstat=/etc/p|755|0|0|directory"),
		"install/out-of-memory": probed("done=yes"), "install/unfinished": probed("done=yes"), "install/by-hand": probed("init=systemd"),
		"install/mixed":   probed("package=prometheus|2.42\ndone=yes"),
		"mysqld/password": probed("password=/etc/mysqld_exporter/my.cnf|none\ndone=yes"), "mysqld/data-source-name": probed("done=yes"),
		"security/secret-files": probed("file=/etc/alertmanager.yml|640|root:alertmanager|api_url \ndone=yes"),
		grafanaCheck:            answersAs(g, grafanaFiles), agentCheck: answersAs(h.of("alloy"), agentFiles+"journals=/var/log/journal\nstat=/var/log/journal|2755|0|101|directory"),
	}
	return Fleet{Hosts: []Host{h}, Settings: Default(), Taken: h.Facts.Clock.Time}
}

// answersAs makes a recorded answer one of a component's process.
func answersAs(c *Component, text string) Answer {
	a := probed(text)
	a.Values[0].Value = strconv.Itoa(c.Process.PID)
	return a
}

func TestWellFleetHasNoFindings(t *testing.T) {
	f := wellFleet()
	for _, found := range Judge(f, ours()).Findings {
		t.Errorf("%v %s %s: %s (%s)", found.Level, found.Check, found.Component, found.Title, found.Cause)
	}
}

// TestOddAnswersBreakNothing gives every check garbage: none may break.
func TestOddAnswersBreakNothing(t *testing.T) {
	for _, garbage := range []string{"", "<html>", "null", "[]", "{", `{"data":null}`, "a=b|c\nfile=|\nstat=|||\npid=\nbinary=x", "\x00\xff|"} {
		f := wellFleet()
		h := &f.Hosts[0]
		for id := range h.Probes {
			h.Probes[id] = probed(garbage)
		}
		for i := range h.Components {
			for path := range h.Components[i].Replies {
				h.Components[i].Replies[path] = Reply{Status: 200, Body: garbage}
			}
			h.Components[i].Metrics = ParseMetrics(garbage)
			h.Components[i].Listen = []netip.AddrPort{{}}
		}
		h.Units = nil
		for _, found := range Judge(f, ours()).Findings {
			if found.Level == Unknown && len(found.Title) > 30 && found.Title[:30] == "cannot tell: this check broke:" {
				t.Errorf("%q: %s: %s", garbage, found.Check, found.Title)
			}
		}
	}
}
