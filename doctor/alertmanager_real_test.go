package doctor

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestRealPrometheusAlerting asks a real Prometheus about Alertmanagers that nobody listens for, or that it was not told of.
func TestRealPrometheusAlerting(t *testing.T) {
	program, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("no prometheus here (package prometheus)")
	}
	dead := freePort(t)
	for _, w := range []struct {
		name, config, says string
		level              Level
	}{
		{"refused", "alerting:\n  alertmanagers:\n  - static_configs:\n    - targets: ['127.0.0.1:" + dead + "']\n", "Prometheus cannot reach the Alertmanager at http://127.0.0.1:" + dead + "/api/v2/alerts", Fail},
		{"v1", "alerting:\n  alertmanagers:\n  - api_version: v1\n    static_configs:\n    - targets: ['127.0.0.1:" + dead + "']\n", "Prometheus uses version 1 of Alertmanager's API", Warn},
		{"none", "global: {}\n", "Prometheus sends its alerts nowhere", Warn},
	} {
		t.Run(w.name, func(t *testing.T) {
			dir, port := t.TempDir(), freePort(t)
			file := filepath.Join(dir, "prometheus.yml")
			if err := os.WriteFile(file, []byte(w.config), 0o600); err != nil {
				t.Fatal(err)
			}
			startReal(t, exec.CommandContext(t.Context(), program, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:"+port))
			h := well("prometheus", "alertmanager")
			h.Components[0].Base, h.Components[1].Base = "http://127.0.0.1:"+port, ""
			waitFor(t, h.Components[0].Base+"/-/ready")
			check := alertmanagerConnected()
			if w.name == "v1" {
				check = alertmanagerAPIVersion()
			}
			until(t, func() bool { // the service discovery takes a moment
				h.Components[0].Replies = map[string]Reply{}
				realAnswers(t, &h, check)
				found := check.Judge(Fleet{Hosts: []Host{h}})
				return len(found) == 1 && found[0].Title == w.says && found[0].Level == w.level
			})
		})
	}
}
