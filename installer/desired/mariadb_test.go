package desired

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mariadb starts a real MariaDB on the loopback addresses and a socket, whose root has a password that is hard to quote.
func mariadb(t *testing.T) *database {
	t.Helper()
	server := need(t, "mariadbd", "mariadb-server-core", "/usr/sbin")
	install := need(t, "mariadb-install-db", "mariadb-server-core")
	client := need(t, "mariadb", "mariadb-client-core")
	d := newDatabase(t)
	data, socket := filepath.Join(d.dir, "data"), d.dir+"/s"
	user := "--user=" + userName(t)
	out, err := exec.Command(install, "--no-defaults", user, "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	d.serve(exec.Command(server, "--no-defaults", user, "--datadir="+data, "--socket="+socket, fmt.Sprintf("--port=%d", d.port),
		"--bind-address=127.0.0.1,::1", "--pid-file="+d.dir+"/pid", "--innodb-buffer-pool-size=16M", "--performance-schema=on"))
	d.ready(client, "--no-defaults", "--user=root", "--socket="+socket, "--execute", "SELECT 1")
	cmd := exec.Command(client, "--no-defaults", "--user=root", "--socket="+socket)
	cmd.Stdin = strings.NewReader("ALTER USER root@localhost IDENTIFIED BY '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(d.admin) + "';\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return d
}

func userName(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("id", "-un").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// ask runs SQL as the exporter's account.
func (d *database) ask(password, host, sql string) (string, error) {
	cmd := exec.Command("mariadb", "--no-defaults", "--user=monctl", "--protocol=tcp", "--host="+host, fmt.Sprintf("--port=%d", d.port),
		"--batch", "--skip-column-names", "--execute", sql)
	cmd.Env = append(os.Environ(), "MYSQL_PWD="+password)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestAccountInMariaDB(t *testing.T) {
	d := mariadb(t)
	argv := d.spy("mariadb")
	settings := "server: '%s', password: {env: MONCTL_TEST_PASSWORD}, create_user: {admin: {env: MONCTL_TEST_ADMIN}}"
	first := d.script("mysqld_exporter", fmt.Sprintf(settings, d.address("127.0.0.1")), "x")
	if said := d.look(first); !strings.Contains(said, "Access denied") {
		t.Errorf("before there is an account: %q", said)
	}
	for _, password := range passwords {
		s := d.script("mysqld_exporter", fmt.Sprintf(settings, d.address("127.0.0.1")), password)
		for range 2 { // it is idempotent
			if err := d.run(s); err != nil {
				t.Fatalf("password %q: %v", password, err)
			}
		}
		if said := d.look(s); said != "" {
			t.Errorf("password %q: %s", password, said)
		}
		if len(password) > 5 && strings.Contains(argv(), password) || strings.Contains(argv(), d.admin) {
			t.Errorf("password %q is on a command line:\n%s", password, argv())
		}
		for _, host := range []string{"127.0.0.1", "::1"} {
			if out, err := d.ask(password, host, "SHOW GLOBAL STATUS LIKE 'Queries'; SHOW PROCESSLIST; SHOW SLAVE STATUS"); err != nil {
				t.Errorf("password %q from %s: %v %s", password, host, err, out)
			}
		}
	}
	last := passwords[len(passwords)-1]
	bySocket := d.script("mysqld_exporter", fmt.Sprintf(settings, d.dir+"/s"), last)
	if err := d.run(bySocket); err != nil {
		t.Errorf("by socket: %v", err)
	}
	if said := d.look(bySocket); said != "" {
		t.Errorf("by socket: %s", said)
	}
	for _, sql := range []string{"CREATE DATABASE x", "SELECT * FROM mysql.global_priv", "SET GLOBAL max_connections = 1", "CREATE USER y"} {
		if out, err := d.ask(last, "127.0.0.1", sql); err == nil {
			t.Errorf("the account may %s: %s", sql, out)
		}
	}
}

func TestAccountInMariaDBThatCannotBeMade(t *testing.T) {
	d := mariadb(t)
	const settings = "server: '%s', password: {env: MONCTL_TEST_PASSWORD}, create_user: {admin: {env: MONCTL_TEST_ADMIN}}"
	good := d.admin
	d.admin = "wrong password"
	wrong := d.script("mysqld_exporter", fmt.Sprintf(settings, d.address("127.0.0.1")), "secret word")
	d.refusal(d.run(wrong), "secret word", "Access denied for user 'root'")
	d.admin, d.port = good, freePort(t) // nobody listens there
	down := d.script("mysqld_exporter", fmt.Sprintf(settings, d.address("127.0.0.1")), "secret word")
	d.refusal(d.run(down), "secret word", "Can't connect")
	if said := d.look(down); !strings.Contains(said, "Can't connect") {
		t.Errorf("look: %q", said)
	}
}
