package runtime

import (
	"os"
	"strings"
	"testing"
)

// In the place of a node_exporter the monitor has the host's metrics where that one has them, and its own beside them.
func TestAnswersAsNodeExporter(t *testing.T) {
	if _, err := os.Stat("/proc/loadavg"); err != nil {
		t.Skip("the collectors read Linux' /proc")
	}
	for name, as := range map[string]bool{"as itself": false, "as node_exporter": true} {
		m := running(t, Options{HostMetrics: true, NodeExporter: as, ConfigFile: file(t, "p.yml", "global: {}\n")})
		_, own := get(t, m, MetricsPath)
		if !strings.Contains(own, "\nprometheus_build_info{") || strings.Contains(own, "\nnode_load1 ") != as {
			t.Errorf("%s: %s has node_load1: %v", name, MetricsPath, !as)
		}
		if _, host := get(t, m, HostMetricsPath); !strings.Contains(host, "\nnode_load1 ") {
			t.Errorf("%s: %s has no node_load1", name, HostMetricsPath)
		}
	}
}

func TestCheckReadsEveryFile(t *testing.T) {
	good := file(t, "p.yml", "global: {}\n")
	if err := Check(Options{ConfigFile: good}); err != nil {
		t.Error(err)
	}
	rules := file(t, "r.yml", "groups:\n- name: a\n  rules:\n  - {alert: X, expr: 'sum('}\n")
	if err := Check(Options{ConfigFile: file(t, "p.yml", "rule_files: ["+rules+"]\n")}); err == nil || !strings.Contains(err.Error(), rules) {
		t.Errorf("a rule that does not parse: %v", err)
	}
}
