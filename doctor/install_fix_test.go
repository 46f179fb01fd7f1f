package doctor

import (
	"os/exec"
	"strings"
	"testing"
)

func TestInstallFixes(t *testing.T) {
	selinux := func(h *Host) {
		h.Facts.SELinux = "enforcing"
		h.Probes[unitsCheck] = probed("binary=loki.service|/opt/l o/loki|ok|" + amd64ELF + "|u:object_r:user_home_t:s0|/opt/l o/loki")
	}
	for _, w := range []struct {
		check Check
		do    func(*Host)
		runs  string
	}{
		{installNotRunning(), func(h *Host) { h.down("loki"); h.set("loki.service", "ActiveState", "inactive") }, "systemctl start -- loki.service"},
		{installNotEnabled(), func(h *Host) { h.set("loki.service", "UnitFileState", "disabled") }, "systemctl enable -- loki.service"},
		{installDaemonReload(), func(h *Host) { h.set("loki.service", "NeedDaemonReload", "yes") }, "systemctl daemon-reload"},
		{installFileLimit(), func(h *Host) { h.of("loki").Metrics = Samples{"process_open_fds": 99, "process_max_fds": 100} }, "LimitNOFILE=65536"},
		{installSELinux(), selinux, "restorecon -v -- '/opt/l o/loki'"},
	} {
		h := well("loki")
		w.do(&h)
		f := Fleet{Hosts: []Host{h}}
		found := w.check.Judge(f)
		if len(found) != 1 {
			t.Fatalf("%s: %+v", w.check.ID, found)
		}
		fix, ok := w.check.Fix(f, found[0])
		script := ""
		for _, s := range fix.Steps {
			script += s.Run + "\n"
			if s.Why == "" {
				t.Errorf("%s: a step without a reason", w.check.ID)
			}
		}
		if !ok || fix.Host != "vm1" || fix.Title == "" || fix.Risk == "" || !strings.Contains(script, w.runs) {
			t.Errorf("%s: %v %+v, want %q", w.check.ID, ok, fix, w.runs)
		}
		if out, err := exec.CommandContext(t.Context(), "sh", "-n", "-c", script).CombinedOutput(); err != nil {
			t.Errorf("%s: no sh: %s", w.check.ID, out)
		}
		h.Units = nil
		if _, ok := w.check.Fix(Fleet{Hosts: []Host{h}}, found[0]); ok {
			t.Errorf("%s: a fix for a unit that is not there", w.check.ID)
		}
	}
}
