package clocks

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// forget takes away what --fix did about the order at boot.
const forget = `rm -rf /etc/systemd/system/monctl-prometheus.service.d /etc/systemd/system/chrony-wait.service.d
systemctl disable chrony-wait 2>/dev/null
systemctl daemon-reload`

// reboot boots the machine with a hardware clock that is two days ahead, after the doctor was let to cure what it says about the
// order at boot: Prometheus waits until chrony has stepped the clock, and stores no sample of the future.
func reboot(t *testing.T) {
	on(t, lab.vm, calm()+"\n"+forget)
	install(t)
	eventually(t, "samples are stored", 3*time.Minute, func() bool { return stored(t) })
	cured := examine(t, "v1", "--only=clock/boot-order", "--fix", "--yes")
	if len(cured.fixes) != 1 || slices.ContainsFunc(cured.findings, func(f finding) bool { return f.Check == "clock/boot-order" }) {
		t.Fatalf("%d fixes, and then\n%s", len(cured.fixes), cured)
	}
	must(t, lab.vm.Restart(t.Context(), time.Now().Add(48*time.Hour)))
	eventually(t, "samples of now are stored, and none of the future", 3*time.Minute, func() bool { return stored(t) })
	order := on(t, lab.vm, `journalctl -b -o short-monotonic --no-pager -u monctl-prometheus -u chrony | grep -E 'Started monctl-prometheus|Started .*Prometheus|System clock was stepped by -1[0-9]{5}' | head -n 2`)
	t.Log(order)
	stepped, started := strings.Index(order, "stepped by"), strings.Index(order, "Started")
	if stepped < 0 || started < stepped {
		t.Errorf("Prometheus did not wait for the step:\n%s", order)
	}
}
