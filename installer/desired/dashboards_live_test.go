package desired

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	prom "github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/monctl/monctl/installer/dashboard"
	"github.com/monctl/monctl/lab/micrometer"
)

// TestDashboardsAreAnswered asks a real Prometheus, with the scrape configuration of the inventory, every question of the
// dashboards: each panel has an answer, or says why it may have none. Behind it are the real exporters that are to be had,
// before a real MariaDB; the app is a stand-in that gives what Micrometer gives.
func TestDashboardsAreAnswered(t *testing.T) {
	prometheus := need(t, "prometheus-3.13.5", "none: built by .ci/setup")
	node := need(t, "prometheus-node-exporter", "prometheus-node-exporter")
	mysqld := need(t, "prometheus-mysqld-exporter", "prometheus-mysqld-exporter")
	alertmanager := need(t, "prometheus-alertmanager", "prometheus-alertmanager")
	postgres := need(t, "postgres_exporter-0.17.1", "none: unpacked by .ci/setup")
	database, relational := mariadb(t), postgreSQL(t)
	app := httptest.NewServer(http.HandlerFunc(micrometer.Standin))
	t.Cleanup(app.Close)
	ports := map[string]int{}
	for _, name := range []string{"prometheus", "node_exporter", "mysqld_exporter", "postgres_exporter", "alertmanager"} {
		ports[name] = freePort(t)
	}
	s := good(t, fmt.Sprintf(`hosts: {mon: {address: 127.0.0.1, components: [prometheus, grafana, node_exporter, mysqld_exporter, postgres_exporter, alertmanager]}}
components:
  prometheus: {port: %d, scrape_interval: 1s, evaluation_interval: 1s}
  node_exporter: {port: %d}
  mysqld_exporter: {port: %d, server: "%s"}
  postgres_exporter: {port: %d}
  alertmanager: {port: %d}
apps: [{name: corea, targets: ["%s"], metrics_path: /actuator/prometheus, dashboard: spring-boot}]
`, ports["prometheus"], ports["node_exporter"], ports["mysqld_exporter"], database.address("127.0.0.1"), ports["postgres_exporter"], ports["alertmanager"], app.Listener.Addr()))
	dir := t.TempDir()
	for name, text := range contents(t, s, "mon") {
		put(t, dir, name, text)
	}
	listen := func(name string) string {
		return "--web.listen-address=127.0.0.1:" + strconv.Itoa(ports[name])
	}
	account := put(t, dir, "my.cnf", fmt.Sprintf("[client]\nuser=monctl\nhost=127.0.0.1\nport=%d\npassword=secret\n", database.port))
	if err := database.run(database.script("mysqld_exporter", fmt.Sprintf("server: '%s', password: {env: MONCTL_TEST_PASSWORD}, create_user: {admin: {env: MONCTL_TEST_ADMIN}}", database.address("127.0.0.1")), "secret")); err != nil {
		t.Fatal(err)
	}
	start(t, node, listen("node_exporter"))
	start(t, mysqld, listen("mysqld_exporter"), "--config.my-cnf="+account, "--collect.info_schema.innodb_metrics", "--collect.slave_status")
	if err := relational.run(relational.script("postgres_exporter", fmt.Sprintf("server: '%s', password: {env: MONCTL_TEST_PASSWORD}, create_user: {admin_user: %s, admin: {env: MONCTL_TEST_ADMIN}}",
		relational.address("127.0.0.1"), postgresUser(t).Username), "secret")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DATA_SOURCE_URI", relational.address("127.0.0.1")+"/postgres?sslmode=disable")
	t.Setenv("DATA_SOURCE_USER", "monctl")
	t.Setenv("DATA_SOURCE_PASS", "secret")
	start(t, postgres, listen("postgres_exporter"))
	start(t, alertmanager, listen("alertmanager"), "--config.file="+dir+"/etc/monctl/alertmanager/alertmanager.yml", "--storage.path="+dir+"/am", "--cluster.listen-address=")
	start(t, prometheus, listen("prometheus"), "--config.file="+dir+"/etc/monctl/prometheus/prometheus.yml", "--storage.tsdb.path="+dir+"/tsdb", "--scrape.discovery-reload-interval=250ms")
	client, err := prom.NewClient(prom.Config{Address: "http://127.0.0.1:" + strconv.Itoa(ports["prometheus"])})
	if err != nil {
		t.Fatal(err)
	}
	answered(t, s, promv1.NewAPI(client))
}

// standIn are dashboards of programs that are not run here.
var standIn = map[string]string{"grafana.json": "a recent Grafana is not to be had"}

// answered waits until every question has an answer.
func answered(t *testing.T, s *Stack, api promv1.API) {
	t.Helper()
	boards, err := s.Dashboards(the(t, s, "grafana", "mon"))
	if err != nil {
		t.Fatal(err)
	}
	type open struct {
		where string
		dashboard.Question
		stat bool
	}
	var left []open
	total := 0
	for _, d := range boards {
		if standIn[d.File] != "" {
			continue
		}
		view := dashboard.View{Range: time.Minute, Interval: time.Second, Rate: 5 * time.Second}
		for _, q := range append(d.Choices(view), d.Questions(view)...) {
			total++
			stat := slices.ContainsFunc(d.Panels, func(p dashboard.Panel) bool { return p.Type == "stat" && p.Title == q.Panel && q.Instant })
			left = append(left, open{q.Where(d), q, stat})
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for unexplained := 1; unexplained > 0 && ctx.Err() == nil; time.Sleep(time.Second) {
		unexplained = 0
		var still []open
		for _, o := range left {
			value, _, err := api.Query(ctx, o.Ready, time.Now())
			if v, ok := value.(model.Vector); err == nil && (!ok || len(v) > 0) {
				if o.stat && len(v) != 1 {
					t.Errorf("%s shows %d figures in place of one: %s", o.where, len(v), o.Ready)
				}
				continue
			}
			still = append(still, o)
			if o.Empty == "" {
				unexplained++
			}
		}
		left = still
	}
	for _, o := range left {
		if o.Empty == "" {
			t.Errorf("%s has no answer and does not say why: %s", o.where, o.Ready)
		} else {
			t.Logf("%s: %s", o.where, o.Empty)
		}
	}
	if total < 120 || len(left) > total/8 {
		t.Errorf("%d of %d questions have no answer", len(left), total)
	}
	typed := `rate(http_server_requests_seconds_count{application="corea",instance="` + s.Apps[0].Targets[0].Text + `"}[1m])`
	value, _, err := api.Query(ctx, typed, time.Now())
	if v, ok := value.(model.Vector); err != nil || !ok || len(v) == 0 {
		t.Errorf("%s: %v %v", typed, value, err)
	}
}

// start runs a program until the end of the test.
func start(t *testing.T, program string, words ...string) {
	t.Helper()
	cmd := exec.Command(program, words...)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if text, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(program), text[max(len(text)-1500, 0):])
		}
	})
}

// put writes a file below a folder and gives its name.
func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
