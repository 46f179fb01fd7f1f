package doctor

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestMysqld(t *testing.T) {
	up := func(v float64) func(*Host) {
		return func(h *Host) {
			h.of("mysqld_exporter").Metrics = Samples{"mysql_up": v, `mysqld_exporter_build_info{goversion="go1.25",version="0.17.2"}`: 1}
		}
	}
	down := func(text string) func(*Host) {
		return func(h *Host) {
			up(0)(h)
			h.Facts.Clock.Uptime = unitStart + 2*minute
			h.says("mysqld_exporter.service", `ts=x level=error msg="Error pinging mysqld" err="`+text+`"`)
		}
	}
	metrics := func(s Samples) func(*Host) { return func(h *Host) { h.of("mysqld_exporter").Metrics = s } }
	password := func(odd string) func(*Host) {
		return func(h *Host) {
			up(0)(h)
			h.Probes["mysqld/password"] = probed("password=/etc/mysqld_exporter/my.cnf|" + odd)
		}
	}
	dsn := func(version string) func(*Host) {
		return func(h *Host) {
			h.Probes["mysqld/data-source-name"] = probed("file=/etc/default/mysqld_exporter\ndone=yes")
			h.of("mysqld_exporter").Metrics = Samples{`mysqld_exporter_build_info{version="` + version + `"}`: 1}
		}
	}
	const kind = "mysqld_exporter"
	tryWrongs(t, []wrong{
		{"up", kind, up(1), mysqldUp(), OK, ""},
		{"no page", kind, func(*Host) {}, mysqldUp(), Unknown, "metrics could not be read"},
		{"no reason", kind, up(0), mysqldUp(), Fail, "does not say why"},
		{"password", kind, down(`Error 1045 (28000): Access denied for user 'exporter'@'localhost' (using password: YES)`), mysqldUp(), Fail, "wrong password"},
		{"no password", kind, down(`Error 1045: Access denied for user 'exporter'@'localhost' (using password: NO)`), mysqldUp(), Fail, "no password"},
		{"::1", kind, down(`Error 1045: Access denied for user 'exporter'@'::1' (using password: YES)`), mysqldUp(), Fail, "from ::1"},
		{"host", kind, down(`Error 1130: Host '10.0.0.3' is not allowed to connect to this MySQL server`), mysqldUp(), Fail, "host part"},
		{"name", kind, down(`dial tcp: lookup db1: no such host`), mysqldUp(), Fail, "not known to the resolver"},
		{"socket", kind, down(`dial unix /run/mysqld/mysqld.sock: connect: no such file or directory`), mysqldUp(), Fail, "no MySQL socket"},
		{"refused", kind, down(`dial tcp 127.0.0.1:3306: connect: connection refused`), mysqldUp(), Fail, "nothing listens"},
		{"timeout", kind, down(`dial tcp 10.0.0.9:3306: i/o timeout`), mysqldUp(), Fail, "does not answer"},
		{"full", kind, down(`Error 1040: Too many connections`), mysqldUp(), Fail, "no connection left"},
		{"user full", kind, down(`Error 1226 (42000): User 'exporter' has exceeded the 'max_user_connections' resource (current value: 1)`), mysqldUp(), Fail, "MAX_USER_CONNECTIONS"},
		{"no login", kind, func(h *Host) {
			h.down(kind)
			h.says(kind+".service", `level=error msg="failed to validate config" section=client err="no user specified in section or parent"`)
		}, mysqldClientConfig(), Fail, "no login"},
		{"DSN, new", kind, dsn("0.17.2"), mysqldDataSourceName(), Warn, "ignores DATA_SOURCE_NAME"},
		{"DSN, old", kind, dsn("0.14.0"), mysqldDataSourceName(), OK, ""},
		{"DSN, ?", kind, dsn(""), mysqldDataSourceName(), Unknown, "not known"},
		{"#, old", kind, func(h *Host) {
			password("hash")(h)
			h.of(kind).Metrics = Samples{"mysql_up": 0, `mysqld_exporter_build_info{version="0.15.1"}`: 1}
		}, mysqldPassword(), Warn, "cut at a #"},
		{"#, new", kind, func(h *Host) {
			password("hash")(h)
			h.of(kind).Metrics = Samples{"mysql_up": 0, `mysqld_exporter_build_info{version="0.18.0"}`: 1}
		}, mysqldPassword(), OK, ""},
		{"$", kind, password("dollar"), mysqldPassword(), Warn, "is replaced"},
		{"$ and it works", kind, func(h *Host) { password("dollar")(h); up(1)(h) }, mysqldPassword(), OK, ""},
		{"grants, of an exporter that counts no collectors", kind, func(h *Host) {
			h.of(kind).Metrics = Samples{"mysql_up": 1}
			h.says(kind+".service", `level=error msg="Error from scraper" scraper=slave_status err="Error 1227: Access denied; you need (at least one of) the SUPER, SLAVE MONITOR privilege(s) for this operation"`)
		}, mysqldGrants(), Warn, "lacks a privilege"},
		{"grants", kind, func(h *Host) {
			metrics(Samples{"mysql_up": 1, `mysql_exporter_collector_success{collector="collect.slave_status"}`: 0, `mysql_exporter_collector_success{collector="collect.global_status"}`: 1})(h)
			h.says(kind+".service", `level=error msg="Error from scraper" scraper=slave_status err="Error 1227 (42000): Access denied; you need (at least one of) the SLAVE MONITOR privilege(s) for this operation"`)
		}, mysqldGrants(), Warn, "lacks a privilege"},
		{"connections", kind, metrics(Samples{"mysql_global_status_threads_connected": 149, "mysql_global_variables_max_connections": 151}), mysqldConnections(), Warn, "149 of 151"},
		{"8.4", kind, metrics(Samples{`mysql_version_info{innodb_version="8.4.3",version="8.4.3",version_comment="MySQL"}`: 1, `mysqld_exporter_build_info{version="0.15.1"}`: 1}), mysqldReplicaSyntax(), Warn, "8.4.3"},
		{"8.0", kind, metrics(Samples{`mysql_version_info{version="8.0.36"}`: 1, `mysqld_exporter_build_info{version="0.15.1"}`: 1}), mysqldReplicaSyntax(), OK, ""},
		{"MariaDB", kind, metrics(Samples{`mysql_version_info{version="10.11.6-MariaDB"}`: 1, `mysqld_exporter_build_info{version="0.15.1"}`: 1}), mysqldReplicaSyntax(), OK, ""},
	})
}

// TestRealMysqldExporter starts a real exporter with what is wrong in its my.cnf, and no MySQL.
func TestRealMysqldExporter(t *testing.T) {
	program, err := exec.LookPath("prometheus-mysqld-exporter")
	if err != nil {
		t.Skip("no prometheus-mysqld-exporter here (package prometheus-mysqld-exporter)")
	}
	for _, w := range []struct{ name, cnf, tag string }{
		{"refused", "[client]\nuser=exporter\npassword=sesame\nhost=127.0.0.1\nport=1\n", "refused"},
		{"socket", "[client]\nuser=exporter\npassword=sesame\nsocket=/nowhere/mysqld.sock\n", "socket"},
		{"name", "[client]\nuser=exporter\npassword=sesame\nhost=db1.invalid\n", "name"},
		{"hash", "[client]\nuser=exporter\npassword=ses#ame\nhost=127.0.0.1\nport=1\n", "refused"},
	} {
		t.Run(w.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "my.cnf")
			if err := os.WriteFile(file, []byte(w.cnf), 0o600); err != nil {
				t.Fatal(err)
			}
			port := freePort(t)
			cmd := exec.Command(program, "--config.my-cnf="+file, "--web.listen-address=127.0.0.1:"+port)
			out := startReal(t, cmd)
			h := well("mysqld_exporter")
			c := h.of("mysqld_exporter")
			c.Base, c.Flags["config.my-cnf"] = "http://127.0.0.1:"+port, file
			waitFor(t, c.Base+"/metrics")
			realAnswers(t, &h, mysqldUp())
			answer := run(t, mysqldPassword())
			stopReal(cmd)
			h.Facts.Clock.Uptime = unitStart + 2*minute
			realLog(&h, "mysqld_exporter.service", out.String())
			found := mysqldUp().Judge(Fleet{Hosts: []Host{h}})
			if len(found) != 1 || found[0].Tag != w.tag {
				t.Errorf("found %+v, want tag %s", found, w.tag)
			}
			h.Probes["mysqld/password"] = answer
			odd := mysqldPassword().Judge(Fleet{Hosts: []Host{h}})
			if (w.name == "hash") != (len(odd) == 1) {
				t.Errorf("password: %+v from %+v", odd, answer)
			}
			for _, v := range answer.Values {
				if strings.Contains(v.Value, "ses") {
					t.Errorf("the probe told the password: %v", v)
				}
			}
		})
	}
	t.Run("no user", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "my.cnf")
		if err := os.WriteFile(file, []byte("[client]\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, _ := exec.CommandContext(t.Context(), program, "--config.my-cnf="+file, "--web.listen-address=127.0.0.1:"+freePort(t)).CombinedOutput()
		h := well("mysqld_exporter")
		h.down("mysqld_exporter")
		realLog(&h, "mysqld_exporter.service", string(out))
		if found := mysqldClientConfig().Judge(Fleet{Hosts: []Host{h}}); len(found) != 1 || found[0].Level != Fail {
			t.Errorf("found %+v from %s", found, out)
		}
	})
}
