package doctor

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestSecurity(t *testing.T) {
	onInternet := func(do func(*Host)) func(*Host) {
		return func(h *Host) {
			h.Facts.Addresses = append(h.Facts.Addresses, netip.MustParseAddr("8.8.4.4"))
			do(h)
		}
	}
	same := func(*Host) {}
	flag := func(kind, name, value string) func(*Host) {
		return func(h *Host) { h.of(kind).Flags[name] = value }
	}
	page := func(status int) func(*Host) {
		return func(h *Host) {
			h.Probes[grafanaCheck] = probed("pid=1000\nconfig=/etc/grafana/grafana.ini")
			h.Pages["http://admin:admin@127.0.0.1:3000/api/org"] = Reply{Status: status}
		}
	}
	sources := func(status int, body string) func(*Host) {
		return func(h *Host) { h.of("grafana").Replies["/api/datasources"] = Reply{Status: status, Body: body} }
	}
	file := func(mode string) func(*Host) {
		return func(h *Host) {
			h.Probes["security/secret-files"] = probed("file=/etc/am.yml|" + mode + "|root:root|api_url ")
		}
	}
	targets := func(body string) func(*Host) {
		return func(h *Host) { h.of("prometheus").Replies[askTargets] = Reply{Status: 200, Body: body} }
	}
	tryWrongs(t, []wrong{
		{"private", "node_exporter", same, securityOpenPublic(), OK, ""},
		{"carrier NAT", "node_exporter", func(h *Host) { h.Facts.Addresses = []netip.Addr{netip.MustParseAddr("100.64.0.7")} }, securityOpenPublic(), OK, ""},
		{"public", "node_exporter", onInternet(same), securityOpenPublic(), Warn, "8.8.4.4:9100"},
		{"public, firewall", "node_exporter", onInternet(func(h *Host) { h.Facts.Firewall = []string{"nftables"} }), securityOpenPublic(), Note, "nftables"},
		{"public, login", "node_exporter", onInternet(flag("node_exporter", "web.config.file", "/etc/web.yml")), securityOpenPublic(), OK, ""},
		{"public, bound inside", "node_exporter", onInternet(func(h *Host) {
			h.of("node_exporter").Listen = []netip.AddrPort{netip.MustParseAddrPort("192.168.1.10:9100")}
		}), securityOpenPublic(), OK, ""},
		{"profiles", "loki", onInternet(same), securityProfiles(), Note, "/debug/pprof"},
		{"admin API", "prometheus", flag("prometheus", "web.enable-admin-api", ""), securityAdminAPI(), Warn, "delete series"},
		{"lifecycle", "prometheus", flag("prometheus", "web.enable-lifecycle", ""), securityAdminAPI(), Note, "stop and reload"},
		{"lifecycle, public", "prometheus", onInternet(flag("prometheus", "web.enable-lifecycle", "")), securityAdminAPI(), Warn, "stop and reload"},
		{"lifecycle off", "prometheus", flag("prometheus", "web.enable-lifecycle", "false"), securityAdminAPI(), OK, ""},
		{"lifecycle on localhost", "prometheus", func(h *Host) {
			flag("prometheus", "web.enable-lifecycle", "")(h)
			h.of("prometheus").Listen = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:9090")}
		}, securityAdminAPI(), OK, ""},
		{"admin/admin", "grafana", page(200), securityGrafanaPassword(), Fail, "password admin"},
		{"changed", "grafana", page(401), securityGrafanaPassword(), OK, ""},
		{"odd answer", "grafana", page(502), securityGrafanaPassword(), Unknown, "cannot tell"},
		{"ini says admin", "grafana", func(h *Host) {
			h.Probes[grafanaCheck] = probed("pid=1000\nconfig=/x\nini=security.admin_password|default")
		}, securityGrafanaPassword(), Warn, "default password"},
		{"anonymous admin", "grafana", sources(200, "[]"), securityGrafanaAnonymous(), Fail, "without a login"},
		{"login", "grafana", sources(401, "{}"), securityGrafanaAnonymous(), OK, ""},
		{"readable", "alertmanager", file("644"), securitySecretFiles(), Warn, "/etc/am.yml"},
		{"not readable", "alertmanager", file("640"), securitySecretFiles(), OK, ""},
		{"root", "node_exporter", func(h *Host) { h.of("node_exporter").Process.UID = 0 }, securityRoot(), Note, "runs as root"},
		{"agent as root", "promtail", func(h *Host) { h.of("promtail").Process.UID = 0 }, securityRoot(), OK, ""},
		{"argument", "mysqld_exporter", func(h *Host) {
			h.of("mysqld_exporter").Process.Args = redacted([]string{"x", "--mysqld.password=sesame"})
		}, securityCommandLine(), Warn, "command line"},
		{"gossip", "alertmanager", onInternet(func(h *Host) {
			h.of("alertmanager").Listen = append(h.of("alertmanager").Listen, netip.MustParseAddrPort("[::]:9094"))
		}), securityClusterPort(), Warn, "8.8.4.4:9094"},
		{"plain", "prometheus", targets(`{"data":{"activeTargets":[{"scrapeUrl":"http://8.8.4.4:9100/metrics"},{"scrapeUrl":"http://10.0.0.1:9100/metrics"}]}}`), securityPlainHTTP(), Note, "1 targets"},
		{"private targets", "prometheus", targets(`{"data":{"activeTargets":[{"scrapeUrl":"http://10.0.0.1:9100/metrics"}]}}`), securityPlainHTTP(), OK, ""},
	})
}

// enterable is a folder that everybody may enter, unlike those of the testing package.
func enterable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil { //nolint:gosec
			t.Fatal(err)
		}
	}
	return dir
}

// TestSecretFilesOnThisMachine lets a real Alertmanager read a real file that everybody may read.
func TestSecretFilesOnThisMachine(t *testing.T) {
	program := alertmanagerProgram(t)
	file := filepath.Join(enterable(t), "am.yml")
	config := "route:\n  receiver: s\nreceivers:\n- name: s\n  slack_configs:\n  - channel: '#x'\n    api_url: https://hooks.example/T0/sesame\n"
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil { //nolint:gosec
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--config.file", file, "--storage.path="+t.TempDir(), "--web.listen-address=127.0.0.1:"+freePort(t), "--cluster.listen-address=")
	startReal(t, cmd)
	for _, mode := range []os.FileMode{0o644, 0o600} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		h := well("alertmanager")
		until(t, func() bool {
			line, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "cmdline"))
			return strings.Contains(string(line), file)
		})
		h.Probes["security/secret-files"] = run(t, securitySecretFiles())
		if strings.Contains(strings.Join(h.Probes["security/secret-files"].All("file"), " "), "sesame") {
			t.Error("the probe told a secret")
		}
		found := 0
		for _, f := range securitySecretFiles().Judge(Fleet{Hosts: []Host{h}}) {
			if f.Tag == file {
				found++
			}
		}
		if want := map[os.FileMode]int{0o644: 1, 0o600: 0}[mode]; found != want {
			t.Errorf("mode %o: %d findings, want %d: %+v", mode, found, want, h.Probes["security/secret-files"])
		}
	}
}

// TestCloseFile names the group of the user that reads a file, as far as that is known.
func TestCloseFile(t *testing.T) {
	h := well("alertmanager")
	h.set(h.Components[0].Unit, "User", "prometheus")
	for path, want := range map[string]string{
		"/etc/prometheus/alertmanager.yml": `chgrp "$(id -gn prometheus)" /etc/prometheus/alertmanager.yml && chmod 640 /etc/prometheus/alertmanager.yml`,
		"/etc/mysqld_exporter/my.cnf":      "chmod 640 /etc/mysqld_exporter/my.cnf   # its group must be that of the component that reads it",
	} {
		if got := h.closeFile(path); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
