package doctor

import (
	"net/netip"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet/facts"
)

const (
	amd64ELF = "7f454c46020101000000000000000000" + "02003e00"
	arm64ELF = "7f454c46020101000000000000000000" + "0200b700"
)

func TestInstall(t *testing.T) {
	binary := func(state, elf, label string) func(*Host) {
		return func(h *Host) {
			h.Probes[unitsCheck] = probed("binary=prometheus.service|/opt/p/prometheus|" + state + "|" + elf + "|" + label + "|/opt/p/prometheus")
		}
	}
	selinux := func(h *Host) {
		h.Facts.SELinux = "enforcing"
		binary("ok", amd64ELF, "unconfined_u:object_r:user_tmp_t:s0")(h)
	}
	config := func(stats string) func(*Host) {
		return func(h *Host) {
			h.Probes[unitsCheck] = probed("user=prometheus.service|prometheus|900|900 4\nconfig=prometheus.service|/etc/p/p.yml\n" + stats)
		}
	}
	readable := "stat=/etc/p/p.yml|640|0|900|regular file\nstat=/etc/p|750|0|900|directory\nstat=/etc|755|0|0|directory\nstat=/|755|0|0|directory"
	tryWrongs(t, []wrong{
		{"unit failed", "prometheus", func(h *Host) {
			h.down("prometheus")
			h.says("prometheus.service", "opening storage failed: lock DB directory")
		}, installUnitFailed(), Fail, "does not start"},
		{"unit loops", "prometheus", func(h *Host) {
			h.down("prometheus")
			h.set("prometheus.service", "ActiveState", "activating")
			h.set("prometheus.service", "SubState", "auto-restart")
		}, installUnitFailed(), Fail, "status 1"},
		{"203", "prometheus", func(h *Host) { h.down("prometheus"); h.set("prometheus.service", "ExecMainStatus", "203") }, installUnitFailed(), Fail, "203/EXEC"},
		{"start limit", "prometheus", func(h *Host) { h.down("prometheus"); h.set("prometheus.service", "Result", "start-limit-hit") }, installUnitFailed(), Fail, "gave up"},
		{"starting", "prometheus", func(h *Host) { h.set("prometheus.service", "ActiveState", "activating") }, installUnitFailed(), OK, ""},

		{"stopped", "prometheus", func(h *Host) { h.down("prometheus"); h.set("prometheus.service", "ActiveState", "inactive") }, installNotRunning(), Fail, "is stopped"},
		{"stopped and disabled", "prometheus", func(h *Host) {
			h.down("prometheus")
			h.set("prometheus.service", "ActiveState", "inactive")
			h.set("prometheus.service", "UnitFileState", "disabled")
		}, installNotRunning(), OK, ""},
		{"not there", "prometheus", func(h *Host) { h.Wants = []string{"prometheus", "loki"} }, installNotRunning(), Fail, "loki is not installed"},

		{"restarts", "loki", func(h *Host) { h.set("loki.service", "NRestarts", "7") }, installRestarts(), Warn, "restarted 7 times"},
		{"restarts long ago", "loki", func(h *Host) { h.set("loki.service", "NRestarts", "7"); h.Facts.Clock.Uptime = 48 * time.Hour }, installRestarts(), Note, "restarted 7 times"},
		{"not enabled", "loki", func(h *Host) { h.set("loki.service", "UnitFileState", "disabled") }, installNotEnabled(), Warn, "does not start with the host"},
		{"static", "loki", func(h *Host) { h.set("loki.service", "UnitFileState", "static") }, installNotEnabled(), OK, ""},
		{"reload", "loki", func(h *Host) { h.set("loki.service", "NeedDaemonReload", "yes") }, installDaemonReload(), Warn, "has not read it"},
		{"deleted", "loki", func(h *Host) { h.of("loki").Process.Exe += " (deleted)" }, installStaleBinary(), Warn, "replaced"},

		{"disk", "loki", func(h *Host) { h.Mounts[0].Avail = 1 << 30 }, installDisk(), Warn, "2.5 % free"},
		{"disk full", "loki", func(h *Host) { h.Mounts[0].Avail = 0 }, installDisk(), Fail, "0.0 % free"},
		{"large disk", "loki", func(h *Host) { h.Mounts[0].Total, h.Mounts[0].Avail = 4<<40, 100<<30 }, installDisk(), OK, ""},
		{"inodes", "loki", func(h *Host) { h.Mounts[0].InodesFree = 100 }, installInodes(), Fail, "inodes"},
		{"no fixed inodes", "loki", func(h *Host) { h.Mounts[0].Inodes, h.Mounts[0].InodesFree = 0, 0 }, installInodes(), OK, ""},
		{"read only", "loki", func(h *Host) { h.Mounts[0].ReadOnly = true }, installReadOnly(), Fail, "read-only"},
		{"memory", "loki", func(h *Host) { h.Facts.Memory.Available = 100 << 20 }, installMemory(), Note, "memory is available"},

		{"two nodes", "node_exporter", func(h *Host) { h.add("node_exporter", 7) }, installTwoCopies(), Warn, "2 copies of node_exporter"},
		{"two Prometheis, one dir", "prometheus", func(h *Host) {
			h.add("prometheus", 7)
			for i := range h.Components {
				h.Components[i].Flags["storage.tsdb.path"] = "/data"
			}
		}, installTwoCopies(), Fail, "share the data directory /data"},
		{"two Prometheis", "prometheus", func(h *Host) { h.add("prometheus", 7).Flags["storage.tsdb.path"] = "/b" }, installTwoCopies(), Note, "2 copies"},

		{"port", "prometheus", func(h *Host) {
			h.down("prometheus")
			h.says("prometheus.service", `level=error msg="Unable to start web listener" err="listen tcp 0.0.0.0:9090: bind: address already in use"`)
			h.Facts.Listeners = []facts.Listener{{Network: "tcp", Address: netip.MustParseAddrPort("0.0.0.0:9090"), PID: 42, Process: "cockpit-ws"}}
		}, installPortTaken(), Fail, "cockpit-ws (pid 42) listens on 0.0.0.0:9090"},
		{"port, another message", "grafana", func(h *Host) {
			h.down("grafana")
			h.says("grafana.service", `failed to open listener on address 0.0.0.0:3000: listen tcp 0.0.0.0:3000: bind: address already in use`)
		}, installPortTaken(), Fail, "port 3000"},
		{"port, cured", "grafana", func(h *Host) {
			h.says("grafana.service", `failed to open listener on address 0.0.0.0:3000: bind: address already in use`)
		}, installPortTaken(), OK, ""},
		{"port, stopped since", "grafana", func(h *Host) {
			h.down("grafana")
			h.set("grafana.service", "ActiveState", "inactive")
			h.says("grafana.service", `failed to open listener on address 0.0.0.0:3000: listen tcp 0.0.0.0:3000: bind: address already in use`)
		}, installPortTaken(), OK, ""},
		{"privileged", "grafana", func(h *Host) {
			h.down("grafana")
			h.says("grafana.service", `listen tcp 0.0.0.0:80: bind: permission denied`)
		}, installPrivilegedPort(), Fail, "CAP_NET_BIND"},
		{"libc", "promtail", func(h *Host) {
			h.down("promtail")
			h.says("promtail.service", "promtail: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by promtail)")
		}, installLibc(), Fail, "newer C library"},

		{"missing", "prometheus", binary("missing", "", ""), installBinary(), Fail, "is missing"},
		{"no x", "prometheus", binary("not executable", amd64ELF, ""), installBinary(), Fail, "not executable"},
		{"noexec", "prometheus", func(h *Host) { binary("ok", amd64ELF, "")(h); h.Mounts[0].NoExec = true }, installBinary(), Fail, "noexec"},
		{"fine", "prometheus", binary("ok", amd64ELF, ""), installBinary(), OK, ""},
		{"arm64 on amd64", "prometheus", binary("ok", arm64ELF, ""), installArch(), Fail, "is for aarch64 and the host is x86_64"},
		{"HTML", "prometheus", binary("ok", "3c21444f43545950452068746d6c3e0a3c68746d", ""), installArch(), Fail, "not in the ELF format"},
		{"script", "prometheus", binary("ok", "23212f62696e2f73680a", ""), installArch(), OK, ""},
		{"unreadable", "prometheus", binary("ok", "", ""), installArch(), Unknown, "could not be read"},
		{"same machine", "prometheus", binary("ok", amd64ELF, ""), installArch(), OK, ""},
		{"label", "prometheus", selinux, installSELinux(), Fail, "SELinux does not let"},
		{"label, permissive", "prometheus", func(h *Host) { selinux(h); h.Facts.SELinux = "permissive" }, installSELinux(), OK, ""},
		{"user", "prometheus", func(h *Host) { h.Probes[unitsCheck] = probed("user=prometheus.service|prometheus|missing") }, installUser(), Fail, "does not exist"},
		{"config readable", "prometheus", config(readable), installConfigReadable(), OK, ""},
		{"config of root", "prometheus", config("stat=/etc/p/p.yml|600|0|0|regular file\n" + readable[len("stat=/etc/p/p.yml|640|0|900|regular file\n"):]), installConfigReadable(), Warn, "cannot read /etc/p/p.yml"},
		{"folder of root", "prometheus", config("stat=/etc/p/p.yml|644|0|0|regular file\nstat=/etc/p|700|0|0|directory\nstat=/etc|755|0|0|directory"), installConfigReadable(), Warn, "mode and owner of /etc/p do not"},
		{"config missing", "prometheus", config("stat=/etc/p/p.yml|missing\nstat=/etc/p|755|0|0|directory"), installConfigReadable(), Warn, "is missing"},

		{"OOM", "prometheus", func(h *Host) {
			h.Probes["install/out-of-memory"] = probed("kill=[ 812.1] Out of memory: Killed process 77 (prometheus) total-vm:1kB")
		}, installOutOfMemory(), Warn, "killed prometheus"},
		{"OOM of another", "prometheus", func(h *Host) {
			h.Probes["install/out-of-memory"] = probed("kill=[ 812.1] Out of memory: Killed process 77 (mysqld) total-vm:1kB")
		}, installOutOfMemory(), OK, ""},
		{"files", "loki", func(h *Host) { h.of("loki").Metrics = Samples{"process_open_fds": 1000, "process_max_fds": 1024} }, installFileLimit(), Fail, "1000 of 1024"},
		{"files, said", "loki", func(h *Host) {
			h.says("loki.service", "http: Accept error: accept tcp [::]:3100: accept4: too many open files; retrying in 5ms")
		}, installFileLimit(), Fail, "its limit is 65536"},
		{"files, stopped since", "loki", func(h *Host) {
			h.says("loki.service", "accept4: too many open files")
			h.down("loki")
			h.set("loki.service", "ActiveState", "inactive")
		}, installFileLimit(), OK, ""},
		{"files, metrics not read", "loki", func(h *Host) { h.of("loki").Metrics = nil }, installFileLimit(), Unknown, "could not be read"},
		{"cut short", "loki", func(h *Host) { h.Probes["install/unfinished"] = probed("state=open\nid=20260301-1") }, installUnfinished(), Warn, "cut short"},
		{"running now", "loki", func(h *Host) { h.Probes["install/unfinished"] = probed("state=open\nid=x\nlock=held") }, installUnfinished(), OK, ""},
		{"by hand", "prometheus", func(h *Host) {
			h.of("prometheus").Unit, h.of("prometheus").Process.Dir = "", "/home/kim/prometheus"
			h.Probes["install/by-hand"] = probed("process=1000|none|bash|34816")
		}, installByHand(), Warn, "started by hand"},
		{"container", "prometheus", func(h *Host) {
			h.of("prometheus").Unit = ""
			h.Probes["install/by-hand"] = probed("process=1000|container|containerd-shim|0")
		}, installByHand(), OK, ""},
		{"package besides", "alertmanager", func(h *Host) {
			h.of("alertmanager").Process.Exe = "/opt/monctl/alertmanager/alertmanager"
			h.Probes["install/mixed"] = probed("package=prometheus-alertmanager|0.25.0+ds-1\npackage=prometheus|2.42")
		}, installMixed(), Note, "prometheus-alertmanager"},
		{"package alone", "alertmanager", func(h *Host) { h.Probes["install/mixed"] = probed("package=prometheus-alertmanager|0.25.0+ds-1") }, installMixed(), OK, ""},
	})
}
