package acceptance

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
	"github.com/monctl/monctl/lab/micrometer"
	"github.com/monctl/monctl/lab/slack"
)

// adminPassword is the database administrator's: every sign that sh, YAML, SQL or systemd would act on.
const adminPassword = "pa#ss;w\"o'r`d $HOME ${A} \\ ä %s: {x} [y] & | <z> *?~"

// TestWholeStack is what people set up by hand over two days: metrics, logs, dashboards, alerts in Slack, figures of a
// database and of an app, from one file; and away again by taking lines out of it.
func TestWholeStack(t *testing.T) {
	all := take(t, "h1", "h2", "h3")
	mon, db, vm := all[0], all[1], all[2]
	receiver := slack.StartOn(listen(t))
	t.Cleanup(receiver.Close)
	app := serveApp(t)
	database := serveMariaDB(t, db)
	c := newController(t, "")
	c.env = append(c.env, "SLACK_WEBHOOK="+receiver.Webhook(), "MYSQL_ROOT="+adminPassword)
	loki := len(lab.mirror.Versions("loki")) > 0 // built when MONCTL_LAB_LOKI is set
	inventory := stackInventory(app.address, database, loki)

	c.inventory(t, strings.Replace(inventory, "MYSQL_ROOT", "WRONG_ROOT", 1))
	c.env = append(c.env, "WRONG_ROOT=not the password")
	step(t, "wrong password", func(t *testing.T) {
		before := statesOf(t, []*hosts.Host{db})
		o := c.run(t, "install", "--yes").want(t, some, "Access denied for user 'root'")
		if strings.Contains(o.String(), "not the password") {
			t.Errorf("the password is shown:\n%s", o)
		}
		sameAll(t, []*hosts.Host{db}, before)
	})
	c.inventory(t, inventory)
	step(t, "plan", func(t *testing.T) {
		o := c.run(t, "plan").want(t, changes, "account monctl in MySQL")
		for _, secret := range []string{adminPassword, receiver.Webhook()} {
			if strings.Contains(o.String(), secret) {
				t.Errorf("the plan shows %s", secret)
			}
		}
	})
	step(t, "install", func(t *testing.T) { c.run(t, "install", "--yes").want(t, done) })
	step(t, "again", func(t *testing.T) { c.run(t, "plan").want(t, done) })
	step(t, "verify", func(t *testing.T) { stackVerify(t, c, receiver, loki) })
	step(t, "an app with a login page", func(t *testing.T) {
		if !loki {
			return // nightly: it waits for scrapes
		}
		app.html.Store(true)
		defer app.html.Store(false)
		c.run(t, "verify", "mon").want(t, changes, "✗ Prometheus on mon reports corea "+app.address+" up: ")
		c.run(t, "verify", "db").want(t, done)
	})
	step(t, "open", func(t *testing.T) { stackOpen(t, c) })
	step(t, "figures", func(t *testing.T) {
		eventually(t, "mysql_up", func() bool { return number(t, mon, "mysql_up") == 1 })
		eventually(t, "queries of the app as people type them", func() bool {
			return number(t, mon, `sum(rate(http_server_requests_seconds_count{application="corea",instance="`+app.address+`"}[1m]))`) > 0
		})
		if n := number(t, mon, `count(ALERTS{alertname="TargetMissing"}) or vector(0)`); n != 0 {
			t.Errorf("%g targets are missing", n)
		}
		if got := on(t, db, "stat -c '%U %a' /etc/monctl/mysqld_exporter/password"); got != "root 600" {
			t.Errorf("password file: %s", got)
		}
	})
	step(t, "dashboards", func(t *testing.T) { stackDashboards(t, c, mon) })
	step(t, "alert", func(t *testing.T) { stackAlert(t, mon, receiver) })
	if loki {
		step(t, "logs", func(t *testing.T) { stackLogs(t, mon, vm) })
	}
	step(t, "rotate", func(t *testing.T) {
		before := on(t, db, "cat /etc/monctl/mysqld_exporter/password")
		c.run(t, "secrets", "rotate", "mysqld_exporter", "--yes").want(t, done)
		if on(t, db, "cat /etc/monctl/mysqld_exporter/password") == before {
			t.Error("the password is the same")
		}
		eventually(t, "mysql_up", func() bool { return number(t, mon, "mysql_up") == 1 })
		c.run(t, "plan").want(t, done)
	})
	step(t, "less", func(t *testing.T) { stackLess(t, c, mon, db, inventory) })
}

func stackInventory(app, database string, loki bool) string {
	more, settings, logs := "", "", ""
	if loki {
		more, settings, logs = ", loki", "  loki: {retention: 7d}\n  alloy: {hosts: all}\n", ", hosts: [vm], logs: [/var/log/corea/*.log]"
	}
	return fmt.Sprintf(`hosts:
  mon: {address: $h1, components: [prometheus, grafana, alertmanager, blackbox_exporter%s]}
  db: {address: $h2, components: [mysqld_exporter]}
  vm: {address: $h3}
components:
  node_exporter: {hosts: all}
  prometheus: {scrape_interval: 2s, evaluation_interval: 2s}
  alertmanager: {slack: {channel: "#ops", webhook: {env: SLACK_WEBHOOK}}}
  blackbox_exporter: {tcp: ["%s"]}
  mysqld_exporter: {server: "%s", create_user: {admin: {env: MYSQL_ROOT}}}
%sapps:
  - {name: corea, targets: [%s], metrics_path: /actuator/prometheus, kind: spring-boot%s}
`, more, database, database, settings, app, logs)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	needLab(t)
	l, err := net.Listen("tcp", net.JoinHostPort(lab.Gateway(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// app is a stand-in for a program with Spring Boot's metrics page.
type app struct {
	address string
	html    atomic.Bool // it shows a login page instead
}

func serveApp(t *testing.T) *app {
	t.Helper()
	l := listen(t)
	a := &app{address: l.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /actuator/prometheus", func(w http.ResponseWriter, r *http.Request) {
		if a.html.Load() {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!doctype html><title>Please log in</title>")
			return
		}
		micrometer.Standin(w, r)
	})
	go func() { _ = http.Serve(l, mux) }() //nolint:gosec // ends with the listener
	t.Cleanup(func() { _ = l.Close() })
	return a
}

// serveMariaDB runs this machine's MariaDB on the lab's network and gives a host its client. It gives the server's address.
func serveMariaDB(t *testing.T, client *hosts.Host) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l := listen(t)
	address := l.Addr().(*net.TCPAddr)
	l.Close()
	if out, err := exec.Command("mariadb-install-db", "--no-defaults", "--user=root", "--datadir="+dir+"/data", "--skip-test-db").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	server := exec.Command("/usr/sbin/mariadbd", "--no-defaults", "--user=root", "--datadir="+dir+"/data", "--socket="+dir+"/s",
		"--bind-address="+lab.Gateway(), fmt.Sprintf("--port=%d", address.Port), "--innodb-buffer-pool-size=16M", "--performance-schema=on", "--skip-name-resolve")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	sql := "CREATE USER root@'%' IDENTIFIED BY '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(adminPassword) + "'; GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
	eventually(t, "MariaDB", func() bool {
		cmd := exec.Command("mariadb", "--no-defaults", "--user=root", "--socket="+dir+"/s")
		cmd.Stdin = strings.NewReader(sql)
		return cmd.Run() == nil
	})
	program, err := exec.LookPath("mariadb")
	if err != nil {
		t.Fatal(err)
	}
	giveClient(t, client, program)
	return address.String()
}

// giveClient puts a database client of this machine on a host, with its libraries in a folder of their own.
func giveClient(t *testing.T, h *hosts.Host, program string) {
	t.Helper()
	const folder = "/usr/local/lib/monctl-lab-client"
	client := filepath.Base(program)
	libraries, err := exec.Command("sh", "-c", `ldd "$1" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p'`, "sh", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	on(t, h, "mkdir -p "+folder)
	t.Cleanup(func() { on(t, h, "rm -rf "+folder+" /usr/local/bin/"+client) })
	for _, file := range append(strings.Fields(string(libraries)), program) {
		if name := filepath.Base(file); name == "libc.so.6" || name == "libm.so.6" { // the host's own fit its loader
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(h.Root(), folder, filepath.Base(file)), content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	wrapper := "#!/bin/sh\nLD_LIBRARY_PATH=" + folder + " exec " + folder + "/" + client + " \"$@\"\n"
	if err := os.WriteFile(filepath.Join(h.Root(), "usr/local/bin", client), []byte(wrapper), 0o755); err != nil {
		t.Fatal(err)
	}
}

// stackDashboards checks the dashboards against the installed Prometheus (and Loki), and brings one of a file and takes
// it away again.
func stackDashboards(t *testing.T, c *controller, mon *hosts.Host) {
	t.Helper()
	c.run(t, "dashboard", "check").want(t, done, "ok mysqld_exporter-mysql", "ok apps-spring-boot", "ok node_exporter-node", "ok grafana")
	c.write(t, "given.json", `{"__inputs": [{"name": "DS_P", "type": "datasource", "pluginId": "prometheus"}], "uid": "given", "title": "Given",
		"panels": [{"id": 1, "type": "stat", "title": "P", "datasource": "${DS_P}", "targets": [{"refId": "A", "expr": "sum(nobody_has_this)"}]}]}`)
	c.run(t, "dashboard", "add", "given.json").want(t, done, "added dashboards/given.json")
	c.run(t, "dashboard", "check", "given").want(t, changes, "no target exposes nobody_has_this")
	c.run(t, "plan").want(t, changes, "project-given.json")
	c.run(t, "install", "--yes").want(t, done)
	dashboards := func() string {
		r := request(t, "http://"+mon.Address+":3000/api/search?type=dash-db")
		r.SetBasicAuth("admin", strings.TrimSpace(c.run(t, "secrets", "show", "grafana", "--value").want(t, done).stdout))
		return string(get(t, r))
	}
	eventually(t, "the dashboard in Grafana", func() bool { return strings.Contains(dashboards(), `"Given"`) })
	for _, title := range []string{"Fleet", "Host", "MySQL", "Spring Boot", "Prometheus", "Alertmanager"} {
		if !strings.Contains(dashboards(), `"`+title+`"`) {
			t.Errorf("Grafana has no dashboard %s", title)
		}
	}
	c.run(t, "dashboard", "remove", "given").want(t, done)
	c.run(t, "plan").want(t, changes, "project-given.json")
	c.run(t, "install", "--yes").want(t, done)
	eventually(t, "the dashboard gone", func() bool { return !strings.Contains(dashboards(), `"Given"`) })
}

// stackAlert stops an exporter and waits for the message that follows; Alertmanager groups for ten seconds before.
func stackAlert(t *testing.T, mon *hosts.Host, receiver *slack.Receiver) {
	t.Helper()
	body := `[{"labels":{"alertname":"Lab","instance":"db","severity":"critical"},"annotations":{"summary":"from the lab"}}]`
	resp, err := http.Post("http://"+mon.Address+":9093/api/v2/alerts", "application/json", strings.NewReader(body)) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	eventually(t, "a message", func() bool { return len(receiver.Messages()) > 0 })
	m := receiver.Messages()[0]
	if m.Channel != "#ops" || !strings.HasPrefix(m.Attachments[0].Actions[0].URL, "http://"+mon.Address+":9093/#/silences/new") {
		t.Errorf("%+v", m)
	}
	if got := on(t, mon, "stat -c '%U %a' /var/lib/monctl/alertmanager/slack_webhook; grep -c services/T0LAB /etc/monctl/alertmanager/alertmanager.yml || :"); got != "monctl-alertmanager 600\n0" {
		t.Errorf("the webhook: %s", got)
	}
}

// stackVerify proves what was installed, with a test alert, and then what a revoked webhook looks like.
func stackVerify(t *testing.T, c *controller, receiver *slack.Receiver, loki bool) {
	t.Helper()
	o := c.run(t, "verify", "--alert", "--junit", c.dir+"/verify.xml").want(t, done, "all is proven", "a test alert through Alertmanager on mon arrives", `Grafana shows the dashboard "Fleet" with data`,
		"Prometheus on mon reports corea ", "Prometheus on mon goes on storing samples", "Prometheus on mon evaluates its")
	if loki && strings.Count(o.stdout, "is read back from Loki on mon\n") != 3 {
		t.Errorf("not a line of every host:\n%s", o.stdout)
	}
	if text, err := os.ReadFile(c.dir + "/verify.xml"); err != nil || strings.Contains(string(text), "<failure") || !strings.Contains(string(text), `<testsuite name="db"`) {
		t.Errorf("%v\n%s", err, text)
	}
	receiver.Say(slack.NoService)
	c.run(t, "alert", "test", "--severity", "critical").want(t, changes, "404 no_service")
	receiver.Say(slack.OK)
	if loki { // once more, nightly
		c.run(t, "alert", "test").want(t, done, "accepted (2xx)")
	}
	if m := receiver.Messages(); len(m) == 0 || !strings.Contains(m[len(m)-1].Attachments[0].Title, "MonctlTest") {
		t.Errorf("%d messages", len(m))
	}
}

// stackOpen looks at Grafana through SSH, and ends with Ctrl-C.
func stackOpen(t *testing.T, c *controller) {
	t.Helper()
	r := c.begin(t, "open", "grafana", "--print")
	r.waitFor(t, "until Ctrl-C")
	address := strings.TrimSpace(r.stdout.String())
	if !strings.HasPrefix(address, "http://127.0.0.1:") {
		t.Errorf("address: %s", address)
	}
	if page := string(get(t, request(t, address+"/api/health"))); !strings.Contains(page, `"database":"ok"`) {
		t.Errorf("page: %s", page)
	}
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	r.end(t).want(t, done)
}

// stackLogs writes a log as a Spring Boot app does, readable by the group adm alone, and reads it back as people type it.
func stackLogs(t *testing.T, mon, vm *hosts.Host) {
	t.Helper()
	base := "http://" + mon.Address + ":3100"
	now := time.Now().UTC()
	var b strings.Builder
	fmt.Fprintf(&b, "%s DEBUG 1 --- [main] c.e.App : looked up\n\tat a line of its own\n", now.Add(-3*time.Minute).Format(time.RFC3339Nano))
	for n := range 120 {
		fmt.Fprintf(&b, "%s ERROR 1 --- [main] c.e.App : it broke %d\n", now.Add(time.Duration(n-120)*time.Second).Format(time.RFC3339Nano), n)
	}
	t.Cleanup(func() { on(t, vm, "rm -rf /var/log/corea") })
	on(t, vm, "mkdir -m 750 /var/log/corea && chgrp adm /var/log/corea && umask 027 && cat > /var/log/corea/app.log <<'E'\n"+b.String()+"E\nchgrp adm /var/log/corea/app.log")
	ask := func(expr string) string {
		return string(get(t, request(t, base+"/loki/api/v1/query_range?query="+url.QueryEscape(expr))))
	}
	eventually(t, "the line", func() bool { return strings.Contains(ask(`{app="corea", level="DEBUG"}`), `looked up\n\tat a line`) })
	if got := ask(`{app="corea", level="DEBUG"}`); !strings.Contains(got, fmt.Sprint(now.Add(-3*time.Minute).UnixNano())) || strings.Contains(got, "it broke") {
		t.Errorf("not the time of the line, or not its level: %s", got)
	}
	eventually(t, "the rule on logs", func() bool {
		rules := string(get(t, request(t, base+"/prometheus/api/v1/rules")))
		return strings.Contains(rules, "LogErrorRate") && strings.Contains(rules, `"health":"ok"`) && (strings.Contains(rules, `"state":"pending"`) || strings.Contains(rules, `"state":"firing"`))
	})
}

// stackLess takes components out of the file: one plan takes them off everywhere.
func stackLess(t *testing.T, c *controller, mon, db *hosts.Host, inventory string) {
	t.Helper()
	less := strings.NewReplacer(", loki]", "]", "  loki: {retention: 7d}\n  alloy: {hosts: all}\n", "", ", hosts: [vm], logs: [/var/log/corea/*.log]", "", ", components: [mysqld_exporter]", "", "blackbox_exporter, ", "", ", blackbox_exporter", "").Replace(inventory)
	var kept []string
	for line := range strings.Lines(less) {
		if !strings.HasPrefix(line, "  mysqld_exporter:") && !strings.HasPrefix(line, "  blackbox_exporter:") {
			kept = append(kept, line)
		}
	}
	c.inventory(t, strings.Join(kept, ""))
	c.run(t, "install", "--yes").want(t, done, "monctl-mysqld-exporter.service  ")
	if got := on(t, db, "ls /etc/monctl /opt/monctl; systemctl is-active monctl-mysqld-exporter.service || :; getent passwd monctl-mysqld-exporter || :"); strings.Contains(got, "mysqld") || !strings.Contains(got, "inactive") {
		t.Errorf("left on db: %s", got)
	}
	if got := on(t, mon, "grep -rlE 'mysqld|loki|blackbox' /etc/monctl --include=*.yml --include=*.yaml --exclude=node_exporter-node.yml --exclude=prometheus.yml -r; grep -cE 'mysqld|blackbox|3100' /etc/monctl/prometheus/prometheus.yml || :; ls /etc/monctl"); got != "0\nalertmanager\ngrafana\nnode_exporter\nprometheus" {
		t.Errorf("left on mon: %s", got)
	}
	if got := on(t, mon, "ls /etc/monctl/grafana/dashboards"); strings.Contains(got, "mysql") || strings.Contains(got, "logs") || !strings.Contains(got, "apps-spring-boot.json") {
		t.Errorf("dashboards left: %s", got)
	}
	c.run(t, "plan").want(t, done)
	c.run(t, "verify").want(t, done)
}
