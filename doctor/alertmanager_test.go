package doctor

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const amGood = `{"cluster":{"status":"disabled","peers":[]},"config":{"original":"route:\n  receiver: team\nreceivers:\n- name: team\n  slack_configs:\n  - channel: '#ops'\n"},"versionInfo":{"version":"0.28.0"}}`

// amWell puts what a well Alertmanager answers.
func amWell(h *Host) *Component {
	c := h.of("alertmanager")
	c.Replies["/-/ready"] = Reply{Status: 200, Body: "OK"}
	c.Replies[askAMStatus] = Reply{Status: 200, Type: "application/json", Body: amGood}
	c.Replies[askSilences] = Reply{Status: 200, Type: "application/json", Body: "[]"}
	c.Metrics["alertmanager_config_last_reload_successful"] = 1
	return c
}

func TestAlertmanager(t *testing.T) {
	am := func(do func(h *Host, c *Component)) func(*Host) {
		return func(h *Host) { do(h, amWell(h)) }
	}
	status := func(from, to string) func(*Host) {
		return am(func(_ *Host, c *Component) {
			c.Replies[askAMStatus] = Reply{Status: 200, Body: strings.Replace(amGood, from, to, 1)}
		})
	}
	silences := func(body string) func(*Host) {
		return am(func(_ *Host, c *Component) { c.Replies[askSilences] = Reply{Status: 200, Body: body} })
	}
	prom := func(body string, reached Reached) func(*Host) {
		return func(h *Host) {
			h.of("prometheus").Replies[askAlertmanagers] = Reply{Status: 200, Body: body}
			h.Reached["10.0.0.9:9093"] = reached
		}
	}
	const listed = `{"status":"success","data":{"activeAlertmanagers":[{"url":"http://10.0.0.9:9093/api/v2/alerts"}]}}`
	const none = `{"status":"success","data":{"activeAlertmanagers":[]}}`
	failed := func(h *Host, c *Component) {
		c.Metrics[`alertmanager_notifications_failed_total{integration="slack",reason="clientError"}`] = 3
		c.Metrics[`alertmanager_notifications_failed_total{integration="email",reason="other"}`] = 0
		c.Metrics[`alertmanager_notifications_total{integration="slack"}`] = 4
	}
	tryWrongs(t, []wrong{
		{"ready", "alertmanager", am(func(*Host, *Component) {}), alertmanagerReady(), OK, ""},
		{"refused", "alertmanager", am(func(_ *Host, c *Component) { c.Replies["/-/ready"] = Reply{Err: "connection refused"} }), alertmanagerReady(), Fail, "does not answer"},
		{"503", "alertmanager", am(func(_ *Host, c *Component) { c.Replies["/-/ready"] = Reply{Status: 503} }), alertmanagerReady(), Fail, "status 503"},
		{"not asked", "alertmanager", func(*Host) {}, alertmanagerReady(), Unknown, "not asked"},
		{"config ok", "alertmanager", am(func(*Host, *Component) {}), alertmanagerConfig(), OK, ""},
		{"reload refused", "alertmanager", am(func(_ *Host, c *Component) { c.Metrics["alertmanager_config_last_reload_successful"] = 0 }), alertmanagerConfig(), Fail, "older one"},
		{"start refused", "alertmanager", func(h *Host) {
			h.down("alertmanager")
			h.says("alertmanager.service", `component=configuration msg="Loading configuration file failed" err="undefined receiver \"x\" used in route"`)
		}, alertmanagerConfig(), Fail, "does not start with its configuration"},
		{"advertise", "alertmanager", func(h *Host) {
			h.down("alertmanager")
			h.says("alertmanager.service", `msg="unable to initialize gossip mesh" err="create memberlist: Failed to get final advertise address: No private IP address found"`)
		}, alertmanagerAdvertise(), Fail, "gossip"},
		{"connected", "prometheus", prom(listed, Reached{OK: true, Kind: ReachOK}), alertmanagerConnected(), OK, ""},
		{"dropped by a firewall", "prometheus", prom(listed, Reached{Kind: ReachTimeout, Err: "timeout"}), alertmanagerConnected(), Fail, "timeout"},
		{"forwarding forbidden", "prometheus", prom(listed, Reached{Kind: ReachForbidden}), alertmanagerConnected(), Unknown, "forbids forwarding"},
		{"none configured", "prometheus alertmanager", prom(none, Reached{}), alertmanagerConnected(), Warn, "sends its alerts nowhere"},
		{"none there", "prometheus", prom(none, Reached{}), alertmanagerConnected(), OK, ""},
		{"HTML", "prometheus", prom("<html>", Reached{}), alertmanagerConnected(), Unknown, "did not answer as expected"},
		{"errors long ago", "prometheus", func(h *Host) {
			h.of("prometheus").Metrics["prometheus_notifications_errors_total{alertmanager=\"x\"}"] = 4
		}, alertmanagerSending(), Note, "4 alerts did not reach"},
		{"errors now", "prometheus", func(h *Host) {
			h.of("prometheus").Metrics["prometheus_notifications_errors_total{alertmanager=\"x\"}"] = 4
			h.says("prometheus.service", `level=error component=notifier alertmanager=http://x:9093/api/v2/alerts msg="Error sending alert" err="connection refused"`)
		}, alertmanagerSending(), Warn, "4 alerts did not reach"},
		{"v1", "prometheus", prom(strings.Replace(listed, "v2/alerts", "v1/alerts", 1), Reached{}), alertmanagerAPIVersion(), Warn, "version 1"},
		{"failed long ago", "alertmanager", am(failed), alertmanagerNotifications(), Note, "3 of 4 notifications by slack"},
		{"webhook revoked", "alertmanager", am(func(h *Host, c *Component) {
			failed(h, c)
			h.says("alertmanager.service", `component=dispatcher msg="Notify for alerts failed" err="default/slack[0]: notify retry canceled due to unrecoverable error after 1 attempts: channel \"#x\": unexpected status code 404: no_service"`)
		}), alertmanagerNotifications(), Fail, "revoked"},
		{"proxy", "alertmanager", am(func(h *Host, c *Component) {
			failed(h, c)
			h.says("alertmanager.service", `msg="Notify attempt failed, will retry later" integration=slack[0] err="Post \"https://hooks.slack.com/services/T0/B0/secret\": context deadline exceeded"`)
		}), alertmanagerNotifications(), Fail, "proxy"},
		{"receiver", "alertmanager", status(`\n  slack_configs:\n  - channel: '#ops'`, ""), alertmanagerReceiver(), Note, "anybody"},
		{"receiver below", "alertmanager", status(`receivers:`, `  routes: [{receiver: other}]\nreceivers:\n- name: other\n  webhook_configs: [{url: x}]`), alertmanagerReceiver(), OK, ""},
		{"receiver of one route", "alertmanager", status(`receivers:`, `  routes: [{receiver: other, matchers: [a=b]}]\nreceivers:\n- name: other`), alertmanagerReceiver(), Note, "some alerts are sent to nobody"},
		{"routes", "alertmanager", status(`receivers:`, `  routes: [{matchers: [severity=critical]}, {matchers: [team=db]}]\nreceivers:`), alertmanagerRoute(), OK, ""},
		{"route behind a wider one", "alertmanager", status(`receivers:`, `  routes: [{matchers: [severity=critical]}, {matchers: [severity=critical, team=db]}]\nreceivers:`), alertmanagerRoute(), Warn, "1 routes never get an alert"},
		{"inhibit", "alertmanager", status(`route:`, `inhibit_rules: [{source_matchers: [a=b], target_matchers: [c=d]}]\nroute:`), alertmanagerInhibit(), Note, "on every host"},
		{"inhibit equal", "alertmanager", status(`route:`, `inhibit_rules: [{equal: [instance]}]\nroute:`), alertmanagerInhibit(), OK, ""},
		{"lost peer", "alertmanager", am(func(_ *Host, c *Component) { c.Metrics["alertmanager_cluster_failed_peers"] = 1 }), alertmanagerCluster(), Warn, "lost 1 peers"},
		{"alone", "alertmanager", func(h *Host) {
			status("disabled", "ready")(h)
			h.of("alertmanager").Flags["cluster.peer"] = "vm2:9094"
		}, alertmanagerCluster(), Warn, "alone"},
		{"silence", "alertmanager", silences(`[{"id":"s1","endsAt":"2027-01-01T00:00:00Z","status":{"state":"active"},"matchers":[{"name":"alertname","value":".*","isRegex":true,"isEqual":true}]}]`), alertmanagerSilences(), Note, "until 2027-01-01"},
		{"silence of one", "alertmanager", silences(`[{"id":"s1","endsAt":"2027-01-01T00:00:00Z","status":{"state":"active"},"matchers":[{"name":"alertname","value":"DiskFull","isEqual":true}]}]`), alertmanagerSilences(), OK, ""},
		{"short silence", "alertmanager", silences(`[{"id":"s1","endsAt":"2026-03-02T00:00:00Z","status":{"state":"active"},"matchers":[{"name":"alertname","value":".*","isRegex":true,"isEqual":true}]}]`), alertmanagerSilences(), OK, ""},
		{"invalid", "alertmanager", am(func(_ *Host, c *Component) { c.Metrics["alertmanager_alerts_invalid_total{version=\"v2\"}"] = 2 }), alertmanagerInvalid(), Note, "2 alerts were refused"},
	})
}

func TestNoSecretOfAWebhookIsShown(t *testing.T) {
	h := well("alertmanager")
	c := amWell(&h)
	c.Metrics[`alertmanager_notifications_failed_total{integration="slack"}`] = 1
	h.says("alertmanager.service", `Notify attempt failed integration=slack[0] err="Post \"https://hooks.slack.com/services/T0/B0/sesame\": EOF"`)
	for _, f := range alertmanagerNotifications().Judge(Fleet{Hosts: []Host{h}}) {
		for _, e := range f.Evidence {
			if strings.Contains(e.Text, "sesame") {
				t.Errorf("shown: %s", e.Text)
			}
		}
	}
	for _, text := range []string{"http://kim:sesame@db:3306/", `\"https://discord.com/api/webhooks/12/sesame\": EOF`, "https://x/y?token=sesame", "https://api.telegram.org/bot123456:AAsesame-sesame-sesame/sendMessage"} {
		if got := masked(text); strings.Contains(got, "sesame") {
			t.Errorf("shown: %s", got)
		}
	}
	if same := "Post http://loki:3100/loki/api/v1/push: EOF"; masked(same) != same {
		t.Errorf("masked without need: %s", masked(same))
	}
}

// alertmanagerProgram finds Debian's Alertmanager, which ends at once without the templates of its package.
func alertmanagerProgram(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		t.Skip("no prometheus-alertmanager here (package prometheus-alertmanager)")
	}
	if _, err := os.Stat("/usr/share/prometheus/alertmanager/default.tmpl"); err != nil {
		t.Skip("the package prometheus-alertmanager is unpacked but not installed: its template is missing")
	}
	return program
}

// TestRealAlertmanager asks a real one, with each fault really in it.
func TestRealAlertmanager(t *testing.T) {
	program := alertmanagerProgram(t)
	start := func(t *testing.T, config string) Host {
		dir := t.TempDir()
		file := filepath.Join(dir, "alertmanager.yml")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		port := freePort(t)
		cmd := exec.CommandContext(t.Context(), program, "--config.file="+file, "--storage.path="+dir, "--web.listen-address=127.0.0.1:"+port, "--cluster.listen-address=")
		startReal(t, cmd)
		h := well("alertmanager")
		h.Components[0].Base = "http://127.0.0.1:" + port
		waitFor(t, h.Components[0].Base+"/-/ready")
		return h
	}
	judge := func(t *testing.T, h Host, c Check) []Finding {
		realAnswers(t, &h, c)
		return c.Judge(Fleet{Hosts: []Host{h}})
	}
	t.Run("well", func(t *testing.T) {
		h := start(t, "route:\n  receiver: hook\nreceivers:\n- name: hook\n  webhook_configs:\n  - url: http://127.0.0.1:1/\n")
		for _, c := range []Check{alertmanagerReady(), alertmanagerConfig(), alertmanagerReceiver(), alertmanagerInhibit(), alertmanagerSilences(), alertmanagerCluster(), alertmanagerInvalid(), alertmanagerNotifications()} {
			if found := judge(t, h, c); len(found) != 0 {
				t.Errorf("%s: %+v", c.ID, found)
			}
		}
	})
	t.Run("empty receiver, inhibit and silence", func(t *testing.T) {
		h := start(t, "route:\n  receiver: nobody\nreceivers:\n- name: nobody\ninhibit_rules:\n- source_matchers: [severity=critical]\n  target_matchers: [severity=warning]\n")
		now := time.Now()
		body := `{"matchers":[{"name":"alertname","value":".+","isRegex":true}],"startsAt":"` + now.Format(time.RFC3339) + `","endsAt":"` + now.AddDate(1, 0, 0).Format(time.RFC3339) + `","createdBy":"x","comment":"y"}`
		r, err := http.Post(h.Components[0].Base+askSilences, "application/json", strings.NewReader(body))
		if err != nil || r.StatusCode != 200 {
			t.Fatalf("silence: %v %v", r, err)
		}
		r.Body.Close()
		h.Facts.Clock.Time = now
		for _, c := range []Check{alertmanagerReceiver(), alertmanagerInhibit(), alertmanagerSilences()} {
			if found := judge(t, h, c); len(found) != 1 || found[0].Level != Note {
				t.Errorf("%s: %+v", c.ID, found)
			}
		}
	})
	t.Run("webhook refuses", func(t *testing.T) {
		h := start(t, "route:\n  receiver: hook\n  group_wait: 0s\nreceivers:\n- name: hook\n  webhook_configs:\n  - url: http://127.0.0.1:1/\n")
		r, err := http.Post(h.Components[0].Base+"/api/v2/alerts", "application/json", strings.NewReader(`[{"labels":{"alertname":"x"}}]`))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		until(t, func() bool {
			fresh := h
			fresh.Components = append([]Component(nil), h.Components...)
			fresh.Components[0].Metrics = nil
			found := judge(t, fresh, alertmanagerNotifications())
			return len(found) == 1 && found[0].Tag == "webhook"
		})
	})
}

// realLog makes the journal of a unit from what a real program writes.
func realLog(h *Host, unit string, output string) {
	for scan := bufio.NewScanner(strings.NewReader(output)); scan.Scan(); {
		h.says(unit, scan.Text())
	}
}
