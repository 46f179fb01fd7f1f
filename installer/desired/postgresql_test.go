package desired

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// postgreSQL starts a real PostgreSQL on the loopback address and a socket, as a user that is not root. Its
// administrator has a password that is hard to quote, and logs in without one by socket.
func postgreSQL(t *testing.T) *database {
	t.Helper()
	const folder = "/usr/lib/postgresql/*/bin"
	initdb, server := need(t, "initdb", "postgresql-15", folder), need(t, "postgres", "postgresql-15", folder)
	need(t, "psql", "postgresql-client-15")
	if os.Geteuid() != 0 {
		t.Skip("PostgreSQL must be started as another user, which only root can")
	}
	d := newDatabase(t)
	owner := postgresUser(t)
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	data := filepath.Join(d.dir, "data")
	d.write("admin", []byte(d.admin+"\n"))
	for _, f := range []string{d.dir, filepath.Join(d.dir, "admin")} {
		if err := os.Chown(f, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	as := func(cmd *exec.Cmd) *exec.Cmd {
		cmd.Dir = d.dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		return cmd
	}
	out, err := as(exec.Command(initdb, "--pgdata="+data, "--username="+owner.Username, "--pwfile="+d.dir+"/admin",
		"--auth-local=peer", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	hba := fmt.Sprintf("local all %q peer\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n", owner.Username)
	if err := os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(hba), 0o600); err != nil {
		t.Fatal(err)
	}
	d.serve(as(exec.Command(server, "-D", data, "-p", strconv.Itoa(d.port), "-k", d.dir, "-c", "listen_addresses=127.0.0.1",
		"-c", "fsync=off", "-c", "log_statement=all")))
	d.ready("pg_isready", "--host=127.0.0.1", "--port="+strconv.Itoa(d.port))
	return d
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

// query runs SQL as the exporter's account over TCP.
func (d *database) query(password, sql string) (string, error) {
	cmd := exec.Command("psql", "--no-psqlrc", "--no-password", "--tuples-only", "--host=127.0.0.1", "--port="+strconv.Itoa(d.port),
		"--username=monctl", "--dbname=postgres", "--command", sql)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+password)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestAccountInPostgreSQL(t *testing.T) {
	d := postgreSQL(t)
	argv := d.spy("psql")
	settings := fmt.Sprintf("server: '%s', password: {env: MONCTL_TEST_PASSWORD}, create_user: {admin_user: %s, admin: {env: MONCTL_TEST_ADMIN}}",
		d.address("127.0.0.1"), postgresUser(t).Username)
	if said := d.look(d.script("postgres_exporter", settings, "x")); !strings.Contains(said, "authentication failed") {
		t.Errorf("before there is an account: %q", said)
	}
	for _, password := range passwords {
		s := d.script("postgres_exporter", settings, password)
		for range 2 { // it is idempotent
			if err := d.run(s); err != nil {
				t.Fatalf("password %q: %v", password, err)
			}
		}
		if said := d.look(s); said != "" {
			t.Errorf("password %q: %s", password, said)
		}
		if out, err := d.query(password, "SELECT count(*) FROM pg_stat_activity WHERE query <> ''"); err != nil {
			t.Errorf("password %q: %v %s", password, err, out)
		}
		if len(password) > 5 && strings.Contains(argv(), password) || strings.Contains(argv(), d.admin) {
			t.Errorf("password %q is on a command line:\n%s", password, argv())
		}
	}
	last := passwords[len(passwords)-1]
	for _, sql := range []string{"CREATE TABLE x (y int)", "CREATE ROLE y", "SELECT * FROM pg_authid", "ALTER SYSTEM SET work_mem = 1"} {
		if out, err := d.query(last, sql); err == nil {
			t.Errorf("the account may %s: %s", sql, out)
		}
	}
	log, err := os.ReadFile(filepath.Join(d.dir, "log"))
	if err != nil || strings.Contains(string(log), passwords[1]) {
		t.Errorf("a password is in the server's log (%v)", err)
	}
}

func TestAccountInPostgreSQLBySocket(t *testing.T) {
	d := postgreSQL(t)
	t.Setenv("PGHOST", d.dir) // where this server's socket is; a real one's is where psql looks
	settings := fmt.Sprintf("server: '%s', password: {env: MONCTL_TEST_PASSWORD}, create_user: {admin_user: %s}", d.address("127.0.0.1"), postgresUser(t).Username)
	s := d.script("postgres_exporter", settings, passwords[1])
	if err := d.run(s); err != nil {
		t.Fatal(err)
	}
	if said := d.look(s); said != "" {
		t.Error(said)
	}
}

func TestAccountInPostgreSQLThatCannotBeMade(t *testing.T) {
	d := postgreSQL(t)
	const settings = "server: '%s', password: {env: MONCTL_TEST_PASSWORD}, create_user: {admin_user: %s, admin: {env: MONCTL_TEST_ADMIN}}"
	owner, good := postgresUser(t).Username, d.admin
	d.admin = "wrong password"
	wrong := d.script("postgres_exporter", fmt.Sprintf(settings, d.address("127.0.0.1"), owner), "secret word")
	d.refusal(d.run(wrong), "secret word", "password authentication failed")
	d.admin, d.port = good, freePort(t)
	down := d.script("postgres_exporter", fmt.Sprintf(settings, d.address("127.0.0.1"), owner), "secret word")
	d.refusal(d.run(down), "secret word", "Connection refused")
}
