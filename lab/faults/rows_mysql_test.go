package faults

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// On h2 run a real MariaDB and a real mysqld_exporter, which Prometheus scrapes.
const (
	// startMySQL and startExporter run on h2.
	startMySQL = `cd /srv/fault; chmod 755 mariadbd mysqld_exporter; chown -R nobody data
systemd-run --quiet --unit=mariadb -p User=nobody -E LD_LIBRARY_PATH=/srv/fault/lib /srv/fault/mariadbd --no-defaults --datadir=/srv/fault/data --bind-address=127.0.0.1 --socket=/srv/fault/data/s --innodb-buffer-pool-size=16M
for i in $(seq 300); do [ -S data/s ] && break; sleep 0.1; done
`
	startExporter = `cat >/etc/systemd/system/mysqld_exporter.service <<'END'
[Service]
User=nobody
Restart=always
RestartSec=2
ExecStart=/srv/fault/mysqld_exporter --config.my-cnf=/srv/fault/my.cnf --web.listen-address=:9104
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload; systemctl enable --quiet --now mysqld_exporter
`
	everything = "GRANT ALL ON *.* TO exporter@localhost"
)

// withMySQL is a row whose exporter logs in with some lines of my.cnf at a MariaDB that grants it something.
func withMySQL(r row, login, grant, more string) row {
	r.on = "h2"
	r.outside = func(t *testing.T, s *site, h *hosts.Host) {
		database(t, h, grant)
		give(t, h, "/srv/fault/my.cnf", []byte("[client]\nhost=localhost\nsocket=/srv/fault/data/s\n"+login))
		on(t, h, startMySQL+startExporter+"chown nobody my.cnf; chmod 600 my.cnf\n"+more)
		on(t, s.server(), job("static_configs: [{targets: ['"+h.Address+":9104'], labels: {instance: h2}}]")+"\nreload")
	}
	r.undo = func(t *testing.T, s *site, h *hosts.Host) {
		on(t, h, "systemctl disable --quiet --now mysqld_exporter; systemctl stop mariadb || :; rm -rf /srv/fault /etc/systemd/system/mysqld_exporter.service; systemctl daemon-reload; systemctl reset-failed")
		on(t, s.server(), "restored; reload")
	}
	return r
}

var mysqlRows = []row{
	withMySQL(row{
		fault: "the exporter of MySQL has the wrong password", until: more(1),
		check: "mysqld/up", words: []string{"Access denied"},
	}, "user=exporter\npassword=guess\n", everything, ""),
	withMySQL(row{
		fault: "MySQL is stopped", until: more(1),
		check: "mysqld/up",
	}, "user=exporter\npassword=right\n", everything, "systemctl stop mariadb"),
	withMySQL(row{
		fault: "the account of the exporter may not read what it needs", until: more(1),
		check: "mysqld/grants",
	}, "user=exporter\npassword=right\n", "GRANT USAGE ON *.* TO exporter@localhost", ""),
	withMySQL(row{
		fault: "my.cnf names no user", until: down("fault"),
		check: "mysqld/client-config",
	}, "password=right\n", everything, ""),
}

// database puts a MariaDB of this machine on a host, with an account of the exporter.
func database(t *testing.T, h *hosts.Host, grant string) {
	t.Helper()
	const server = "/usr/sbin/mariadbd"
	data := filepath.Join(t.TempDir(), "data")
	install := exec.Command("mariadb-install-db", "--no-defaults", "--user=root", "--datadir="+data, "--tmpdir="+t.TempDir(), "--skip-test-db")
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	bootstrap := exec.Command(server, "--no-defaults", "--user=root", "--datadir="+data, "--tmpdir="+t.TempDir(), "--bootstrap")
	bootstrap.Stdin = strings.NewReader("FLUSH PRIVILEGES;\nCREATE USER exporter@localhost IDENTIFIED BY 'right';\n" + grant + ";\n")
	if out, err := bootstrap.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	root := filepath.Join(h.Root(), "srv/fault")
	if err := os.MkdirAll(filepath.Join(root, "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	copies(t, root, data, server)
	copies(t, filepath.Join(root, "lib"), libraries(t, server)...)
	copies(t, filepath.Join(root, "mysqld_exporter"), mysqldExporter(t))
}

func copies(t *testing.T, to string, from ...string) {
	t.Helper()
	if out, err := exec.Command("cp", append(append([]string{"-aL", "--"}, from...), to)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// libraries are those of a program, without the C library, which hosts have.
func libraries(t *testing.T, program string) []string {
	t.Helper()
	out, err := exec.Command("ldd", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if len(words) > 2 && words[1] == "=>" && words[0] != "libc.so.6" && words[0] != "libm.so.6" {
			paths = append(paths, words[2])
		}
	}
	return paths
}

// mysqldExporter is Debian's, which .ci/setup unpacks.
func mysqldExporter(t *testing.T) string {
	t.Helper()
	const name = "prometheus-mysqld-exporter"
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	home, _ := os.UserHomeDir()
	path := filepath.Join(home, ".cache/monctl-tools/checkers/usr/bin", name)
	if _, err := os.Stat(path); err != nil {
		t.Skip(name + " is not here: .ci/setup unpacks it")
	}
	return path
}
