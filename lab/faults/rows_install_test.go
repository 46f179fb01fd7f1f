package faults

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
)

// installRows are faults of units, programs, files and disks.
var installRows = []row{
	{
		fault: "an exporter is stopped", on: "h2", breaks: "systemctl stop $unit", mends: "systemctl start $unit", until: down("h2"),
		check: "install/not-running", words: []string{"monctl-node-exporter.service is stopped"},
	},
	{
		fault: "a unit is not enabled", on: "h2", breaks: "systemctl disable --quiet $unit", mends: "systemctl enable --quiet $unit",
		check: "install/not-enabled", words: []string{"systemctl enable"},
	},
	{
		fault: "a unit is masked", on: "h2", until: down("h2"),
		breaks: "systemctl stop $unit; cd /etc/systemd/system; mv $unit.service /root/; ln -s /dev/null $unit.service; systemctl daemon-reload",
		mends:  "cd /etc/systemd/system; rm $unit.service; mv /root/$unit.service .; systemctl daemon-reload; systemctl enable --quiet --now $unit",
		check:  "install/not-running", words: []string{"mask"},
	},
	{
		fault: "a flag that the program does not know: a restart loop", on: "h2", breaks: "flags --no-such-flag", mends: "again $unit", until: down("h2"),
		check: "install/unit-failed", words: []string{"no-such-flag"},
	},
	{
		fault: "systemd gave up starting a unit", on: "h2", mends: "again $unit", until: state("h2", "monctl-node-exporter", "ActiveState", "failed"),
		breaks: "dropin $unit 'RestartSec=100ms\nExecStart=\nExecStart=/opt/monctl/node_exporter/current/node_exporter --no-such-flag' 'StartLimitBurst=2'",
		check:  "install/unit-failed", words: []string{"no-such-flag"},
	},
	{
		fault: "the program may not be executed", on: "h2", until: down("h2"),
		breaks: "chmod a-x /opt/monctl/node_exporter/current/node_exporter; systemctl restart --no-block $unit",
		mends:  "chmod a+x /opt/monctl/node_exporter/current/node_exporter; again $unit",
		check:  "install/binary",
	},
	{
		fault: "the program is gone", on: "h2", until: down("h2"),
		breaks: "cd /opt/monctl/node_exporter/current/; mv node_exporter gone; systemctl restart --no-block $unit",
		mends:  "cd /opt/monctl/node_exporter/current/; mv gone node_exporter; again $unit",
		check:  "install/binary",
	},
	{
		fault: "the user of a unit does not exist", on: "h2", breaks: "dropin $unit User=ghost", mends: "again $unit", until: down("h2"),
		check: "install/user", words: []string{"ghost"},
	},
	{
		fault: "another program has the port", on: "h2", until: down("h2"),
		breaks: "systemctl stop $unit; mkdir -p /srv/fault; serve /srv/fault 9100; sleep 0.3; systemctl start --no-block $unit",
		mends:  "unserve; again $unit",
		check:  "install/port-taken", words: []string{"fault-web"},
	},
	{
		fault: "a unit file was edited without daemon-reload", on: "h2",
		breaks: "echo '# edited' >>/etc/systemd/system/$unit.service; touch -d '+5 seconds' /etc/systemd/system/$unit.service",
		mends:  "sed -i '/^# edited/d' /etc/systemd/system/$unit.service; systemctl daemon-reload",
		check:  "install/daemon-reload",
	},
	{
		fault: "the program was replaced and not restarted", on: "h2",
		breaks: "cd /opt/monctl/node_exporter/current/; cp -p node_exporter new; mv new node_exporter", mends: "again $unit",
		check: "install/stale-binary",
	},
	{
		fault: "an exporter was started by hand from a home folder", on: "h2",
		breaks: "systemctl disable --quiet --now $unit; mv /etc/systemd/system/$unit.service /root/; systemctl daemon-reload; cp /opt/monctl/node_exporter/current/node_exporter /home/ubuntu/; cd /home/ubuntu; setsid ./node_exporter >/dev/null 2>&1 </dev/null & sleep 1",
		mends:  "for p in /proc/[0-9]*; do case $(readlink $p/exe) in /home/ubuntu/node_exporter) kill ${p#/proc/};; esac; done; rm /home/ubuntu/node_exporter; mv /root/$unit.service /etc/systemd/system/; systemctl daemon-reload; systemctl enable --quiet --now $unit",
		check:  "install/by-hand",
	},
	{
		fault: "the disk of an exporter's host is full", on: "h2", outside: fill(256 << 10), undo: unfill,
		check: "install/disk",
	},
	{
		fault: "the disk of Prometheus' data is full", on: "h1", outside: fill(8 << 20), undo: unfill,
		check: "install/disk",
	},
	{
		fault: "the data of Prometheus lies on a read-only mount", on: "h1",
		breaks: "cd /var/lib/monctl; mount --bind prometheus prometheus; mount -o remount,bind,ro prometheus", mends: "umount -l /var/lib/monctl/prometheus; again monctl-prometheus",
		check: "install/read-only",
	},
	{
		fault: "Grafana may not read its configuration", on: "h1",
		breaks: "chown root:root /etc/monctl/grafana/grafana.ini; chmod 600 /etc/monctl/grafana/grafana.ini", mends: "restored",
		check: "install/config-readable",
	},
	{
		fault: "the configuration of Alertmanager is gone", on: "h1", until: down("alertmanager"),
		breaks: "rm /etc/monctl/alertmanager/alertmanager.yml; systemctl restart --no-block monctl-alertmanager", mends: "restored; again monctl-alertmanager",
		check: "install/config-readable",
	},
	{
		fault: "Alertmanager is stopped", on: "h1", breaks: "systemctl stop monctl-alertmanager", mends: "systemctl start monctl-alertmanager", until: down("alertmanager"),
		check: "install/not-running", words: []string{"monctl-alertmanager.service"},
	},
	{
		fault: "Grafana is stopped", on: "h1", breaks: "systemctl stop monctl-grafana", mends: "systemctl start monctl-grafana", until: down("grafana"),
		check: "install/not-running", words: []string{"monctl-grafana.service"},
	},
	{
		fault: "Prometheus is stopped", on: "h1", breaks: "systemctl stop monctl-prometheus", mends: "systemctl start monctl-prometheus",
		check: "install/not-running", words: []string{"monctl-prometheus.service"},
	},
	{
		fault: "an exporter crashes and comes back", on: "h2", breaks: "systemctl kill -s SEGV $unit", mends: "again $unit", until: after(4 * time.Second),
		check: "install/restarts",
	},
	{
		fault: "the program is for another machine", on: "h2", until: down("h2"), outside: wrongMachine,
		mends: "cd /opt/monctl/node_exporter/current/; mv right node_exporter; again $unit",
		check: "install/arch",
	},
}

func fill(free int64) func(*testing.T, *site, *hosts.Host) {
	return func(t *testing.T, _ *site, h *hosts.Host) {
		if err := h.FillDisk(t.Context(), free); err != nil {
			t.Error(err)
		}
	}
}

func unfill(t *testing.T, _ *site, h *hosts.Host) {
	if err := h.FreeDisk(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// wrongMachine puts the mirror's program for armv7 where the one for this machine was. One for arm64 would run:
// the lab emulates that.
func wrongMachine(t *testing.T, _ *site, h *hosts.Host) {
	dir := filepath.Join(h.Root(), "opt/monctl/node_exporter/current")
	real, err := os.Readlink(dir)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.IsAbs(real) {
		dir = filepath.Join(h.Root(), real)
	}
	on(t, h, "cd /opt/monctl/node_exporter/current/; mv node_exporter right")
	if err := os.WriteFile(filepath.Join(dir, "node_exporter"), armProgram(t), 0o755); err != nil {
		t.Fatal(err)
	}
	on(t, h, "systemctl restart --no-block $unit")
}
