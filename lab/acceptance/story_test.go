package acceptance

import (
	"debug/elf"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// TestStory is what a new user does: from addresses to a stack that is proven.
func TestStory(t *testing.T) {
	all := take(t, "h1", "h2", "h3", "a1")
	c := newController(t, "")
	step(t, "init", func(t *testing.T) { storyInit(t, c, all) })
	step(t, "plan", func(t *testing.T) { storyPlan(t, c, all) })
	step(t, "install", func(t *testing.T) { storyInstall(t, c, all) })
	step(t, "targets", func(t *testing.T) { storyTargets(t, all) })
	step(t, "machines", func(t *testing.T) { storyMachines(t, all) })
	step(t, "modes", func(t *testing.T) { storyModes(t, all[0]) })
	step(t, "grafana", func(t *testing.T) { storyGrafana(t, c, all[0]) })
	step(t, "dashboard", func(t *testing.T) { storyDashboard(t, c) })
	step(t, "again", func(t *testing.T) { storyAgain(t, c, all) })
	step(t, "status", func(t *testing.T) {
		c.run(t, "status").want(t, done, "prometheus", "3.13.5", "node_exporter", "1.12.1", "arm64", "7/7 up", "all is well")
	})
	step(t, "uninstall", func(t *testing.T) { storyUninstall(t, c, all) })
}

// step is a subtest that the steps after it need.
func step(t *testing.T, name string, do func(*testing.T)) {
	t.Helper()
	if !t.Run(name, do) {
		t.FailNow()
	}
}

func storyInit(t *testing.T, c *controller, all []*hosts.Host) {
	before := statesOf(t, all)
	args := []string{"init"}
	for _, h := range all {
		args = append(args, h.Address)
	}
	c.run(t, args...).want(t, done, "monctl.yaml", "monctl plan", "arm64")
	sameAll(t, all, before)
	text, err := os.ReadFile(filepath.Join(c.dir, "monctl.yaml"))
	if err != nil || !strings.Contains(string(text), "h1") || !strings.Contains(string(text), "# ") {
		t.Errorf("init wrote %v:\n%s", err, text)
	}
	c.run(t, args...).want(t, refused, "is there already", "--force")
}

func storyPlan(t *testing.T, c *controller, all []*hosts.Host) {
	before := statesOf(t, all)
	c.run(t, "plan").want(t, changes, "h1", "a1", "/etc/monctl/prometheus/prometheus.yml", "monctl-grafana.service", "3.13.5")
	sameAll(t, all, before)
}

func storyInstall(t *testing.T, c *controller, all []*hosts.Host) {
	before := statesOf(t, all)
	c.run(t, "install").want(t, refused, "not confirmed", "--yes")
	sameAll(t, all, before)
	c.run(t, "install", "--yes").want(t, done, "installed and proven", "4 hosts", "7 components", "http://"+all[0].Address+":3000")
	text, err := os.ReadFile(filepath.Join(c.dir, "monctl.lock"))
	if err != nil || !strings.Contains(string(text), "3.13.5") || !strings.Contains(string(text), "arm64") {
		t.Errorf("the lock file is not what was installed: %v\n%s", err, text)
	}
}

// storyTargets does not take monctl's word for it.
func storyTargets(t *testing.T, all []*hosts.Host) {
	want := map[string]int{"node_exporter": 4, "prometheus": 1, "grafana": 1, "alertmanager": 1}
	got := map[string]int{}
	for _, s := range query(t, all[0], "up") {
		got[s.Metric["job"]] += int(s.Value)
	}
	for job, n := range want {
		if got[job] != n {
			t.Errorf("%s: %d targets are up, want %d", job, got[job], n)
		}
	}
	var names []string
	for _, s := range query(t, all[0], `node_uname_info{job="node_exporter"}`) {
		if s.Metric["instance"] != s.Metric["nodename"] {
			t.Errorf("the samples of %s carry the instance %s", s.Metric["nodename"], s.Metric["instance"])
		}
		names = append(names, s.Metric["nodename"])
	}
	if len(names) != 4 {
		t.Errorf("samples of the hosts %q are stored", names)
	}
}

func storyMachines(t *testing.T, all []*hosts.Host) {
	for _, h := range all {
		want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[h.Arch]
		program, err := elf.Open(filepath.Join(h.Root(), "opt/monctl/node_exporter/current/node_exporter"))
		if err != nil {
			t.Fatal(err)
		}
		if program.Machine != want {
			t.Errorf("%s (%s) got a program for %s", h.Name, h.Arch, program.Machine)
		}
		_ = program.Close()
	}
}

// storyModes checks what others on the host can read and change.
func storyModes(t *testing.T, h *hosts.Host) {
	want := map[string]string{
		"/etc/monctl":                                     "755 root:root",
		"/etc/monctl/prometheus":                          "750 root:monctl-prometheus",
		"/etc/monctl/prometheus/prometheus.yml":           "640 root:monctl-prometheus",
		"/etc/monctl/alertmanager/alertmanager.yml":       "640 root:monctl-alertmanager",
		"/etc/monctl/grafana/grafana.ini":                 "640 root:monctl-grafana",
		"/var/lib/monctl/grafana/admin_password":          "600 monctl-grafana:monctl-grafana",
		"/var/lib/monctl/prometheus":                      "750 monctl-prometheus:monctl-prometheus",
		"/var/lib/monctl/.host":                           "700 root:root",
		"/opt/monctl/prometheus/3.13.5/prometheus":        "755 root:root",
		"/etc/systemd/system/monctl-prometheus.service":   "644 root:root",
		"/etc/systemd/system/monctl-alertmanager.service": "644 root:root",
	}
	for path, mode := range want {
		if got := on(t, h, "stat -c '%a %U:%G' "+path); got != mode {
			t.Errorf("%s: %s, want %s", path, got, mode)
		}
	}
	users := on(t, h, "for u in prometheus grafana alertmanager node-exporter; do ps -o user:30= -C $(ps -o comm= -p $(systemctl show -P MainPID monctl-$u)); done")
	if strings.Contains(users, "root") {
		t.Errorf("a component runs as root:\n%s", users)
	}
	if world := on(t, h, `find /opt/monctl /etc/monctl /var/lib/monctl -perm -o+w ! -type l`); world != "" {
		t.Errorf("everybody may write:\n%s", world)
	}
}

func storyGrafana(t *testing.T, c *controller, h *hosts.Host) {
	c.run(t, "secrets", "show", "grafana").want(t, done, "admin", "h1")
	password := strings.TrimSpace(c.run(t, "secrets", "show", "grafana", "--value").want(t, done).stdout)
	if len(password) < 20 {
		t.Fatalf("the generated password is %q", password)
	}
	base := "http://" + h.Address + ":3000"
	ask := func(path string, into any) {
		r := request(t, base+path)
		r.SetBasicAuth("admin", password)
		if err := json.Unmarshal(get(t, r), into); err != nil {
			t.Fatal(err)
		}
	}
	var health struct{ Status, Message string }
	ask("/api/datasources/uid/monctl-prometheus/health", &health)
	if health.Status != "OK" {
		t.Errorf("Grafana's datasource: %+v", health)
	}
	var found []struct{ Title, UID string }
	ask("/api/search?type=dash-db", &found)
	if len(found) == 0 {
		t.Error("Grafana has no dashboard")
	}
	wrong := request(t, base+"/api/org")
	wrong.SetBasicAuth("admin", "admin")
	response, err := client.Do(wrong)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != 401 {
		t.Errorf("Grafana lets admin/admin in: %s", response.Status)
	}
}

// storyDashboard asks the installed Prometheus for every metric of every dashboard.
func storyDashboard(t *testing.T, c *controller) {
	c.run(t, "dashboard", "list").want(t, done, "node_exporter-fleet", "alertmanager")
	c.run(t, "dashboard", "check").want(t, done, "ok node_exporter-fleet", "ok node_exporter-node", "ok prometheus", "ok alertmanager", "ok grafana")
}

func storyAgain(t *testing.T, c *controller, all []*hosts.Host) {
	before := statesOf(t, all)
	c.run(t, "install", "--yes").want(t, done, "nothing to change", "everything is proven", "7 of 7 targets up")
	c.run(t, "plan").want(t, done)
	sameAll(t, all, before)
}

// storyUninstall keeps the data and says where it is; without data it leaves nothing.
func storyUninstall(t *testing.T, c *controller, all []*hosts.Host) {
	c.run(t, "uninstall", "--all", "--yes").want(t, done, "/var/lib/monctl/prometheus", "/var/lib/monctl/grafana")
	if blocks := on(t, all[0], "ls /var/lib/monctl/prometheus"); !strings.Contains(blocks, "wal") {
		t.Errorf("the data is gone: %s", blocks)
	}
	for _, h := range all[1:] {
		uninstalled(t, h)
	}
	c.run(t, "status").want(t, changes, "not installed")
}

func statesOf(t *testing.T, all []*hosts.Host) []state {
	t.Helper()
	var list []state
	for _, h := range all {
		list = append(list, stateOf(t, h))
	}
	return list
}

func sameAll(t *testing.T, all []*hosts.Host, before []state) {
	t.Helper()
	for i, h := range all {
		same(t, h, before[i])
	}
}
