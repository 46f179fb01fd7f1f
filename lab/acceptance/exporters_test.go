package acceptance

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// TestExporters installs the exporters of Debian on one host, with a real PostgreSQL behind one of them, proves them, and
// takes the database away.
func TestExporters(t *testing.T) {
	if os.Getenv("MONCTL_LAB_LONG") == "" {
		t.Skip("runs with MONCTL_LAB_LONG: it takes most of a minute")
	}
	all := take(t, "h1", "h2")
	mon, db := all[0], all[1]
	database, stop := servePostgreSQL(t, db)
	elastic := serveElasticsearch(t)
	c := newController(t, "")
	c.env = append(c.env, "POSTGRES_ROOT="+adminPassword)
	c.inventory(t, fmt.Sprintf(`hosts:
  mon: {address: $h1, components: [prometheus, pushgateway]}
  db: {address: $h2, components: [postgres_exporter, redis_exporter, process-exporter, elasticsearch_exporter]}
components:
  prometheus: {scrape_interval: 2s, evaluation_interval: 2s}
  postgres_exporter: {server: "%s", create_user: {admin_user: "%s", admin: {env: POSTGRES_ROOT}}}
  elasticsearch_exporter: {server: "http://%s"}
`, database, postgresUser(t).Username, elastic))
	step(t, "install", func(t *testing.T) { c.run(t, "install", "--yes").want(t, done) })
	step(t, "again", func(t *testing.T) { c.run(t, "plan").want(t, done) })
	step(t, "verify", func(t *testing.T) {
		c.run(t, "verify").want(t, done, "reports postgres_exporter up", "reports redis_exporter up", "reports process-exporter up", "reports elasticsearch_exporter up", "reports pushgateway up")
	})
	step(t, "figures", func(t *testing.T) {
		for _, expr := range []string{"pg_up", `min(pg_database_size_bytes > bool 0)`, `count(pg_stat_activity_count) > bool 0`, "elasticsearch_cluster_health_number_of_nodes", `count(namedprocess_namegroup_num_procs) > bool 0`, `push_time_seconds{job="backup"} > bool 0`} {
			if strings.HasPrefix(expr, "push") {
				push(t, mon)
			}
			eventually(t, expr, func() bool { return number(t, mon, expr) == 1 })
		}
		if n := number(t, mon, "redis_up"); n != 0 { // nobody is there, and the exporter says so
			t.Errorf("redis_up is %g", n)
		}
	})
	step(t, "database down", func(t *testing.T) {
		stop()
		eventually(t, "pg_up 0", func() bool { return number(t, mon, "pg_up") == 0 })
		c.run(t, "verify").want(t, done) // the exporter works; that the database does not is an alert
		eventually(t, "the alert", func() bool { return number(t, mon, `count(ALERTS{alertname="PostgreSQLDown"})`) == 1 })
	})
}

// push leaves a metric with the gateway, as a job of cron does.
func push(t *testing.T, mon *hosts.Host) {
	t.Helper()
	resp, err := http.Post("http://"+mon.Address+":9091/metrics/job/backup", "text/plain", strings.NewReader("backup_bytes 42\n")) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
}

// serveElasticsearch is a stand-in for one node: it answers the cluster's health, in the form of Elasticsearch's reference.
func serveElasticsearch(t *testing.T) string {
	t.Helper()
	l := listen(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_cluster/health", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"cluster_name":"lab","status":"green","timed_out":false,"number_of_nodes":1,"number_of_data_nodes":1,"active_primary_shards":0,"active_shards":0}`)
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"name":"lab","cluster_name":"lab","cluster_uuid":"lab","version":{"number":"8.0.0"}}`)
	})
	go func() { _ = http.Serve(l, mux) }() //nolint:gosec // ends with the listener
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func postgresUser(t *testing.T) *user.User {
	t.Helper()
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			return u
		}
	}
	t.Skip("there is neither a user postgres nor nobody")
	return nil
}

// servePostgreSQL runs this machine's PostgreSQL on the lab's network and gives a host its client. It gives the server's
// address, and what ends it.
func servePostgreSQL(t *testing.T, client *hosts.Host) (address string, stop func()) {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(found) == 0 {
		t.Skip("no PostgreSQL here (Debian: package postgresql)")
	}
	bin := found[len(found)-1]
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	owner := postgresUser(t)
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	if err := os.WriteFile(dir+"/admin", []byte(adminPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{dir, dir + "/admin"} {
		if err := os.Chown(f, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	l := listen(t)
	at := l.Addr().(*net.TCPAddr)
	l.Close()
	as := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		return cmd
	}
	if out, err := as("initdb", "--pgdata="+dir+"/data", "--username="+owner.Username, "--pwfile="+dir+"/admin", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.WriteFile(dir+"/data/pg_hba.conf", []byte("host all all 0.0.0.0/0 scram-sha-256\n"), 0o644); err != nil { //nolint:gosec // no secret
		t.Fatal(err)
	}
	server := as("postgres", "-D", dir+"/data", "-p", strconv.Itoa(at.Port), "-k", dir, "-c", "listen_addresses="+lab.Gateway(), "-c", "fsync=off")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	stop = func() {
		if !ended {
			ended = true
			_ = server.Process.Signal(syscall.SIGQUIT) // at once, with its own children
			_ = server.Wait()
		}
	}
	t.Cleanup(stop)
	eventually(t, "PostgreSQL", func() bool {
		return exec.Command(filepath.Join(bin, "pg_isready"), "--host="+lab.Gateway(), "--port="+strconv.Itoa(at.Port)).Run() == nil
	})
	giveClient(t, client, filepath.Join(bin, "psql"))
	return at.String(), stop
}
