package data

import (
	"os/exec"
	"strconv"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// The second server of h2, with which the refusals are tried.
const (
	secondUnit   = "prometheus2.service"
	secondData   = "/srv/prom2/data"
	secondTarget = "h2/prometheus:9091"
)

// TestRefused: bad input is named, nothing is changed, and the unit runs as before.
func TestRefused(t *testing.T) {
	t.Parallel()
	h := foreignHost(t)
	p := prometheus{t, h, 9091}
	shapes["head"].under(t, h, secondUnit, secondData)
	p.refuses()
	const confirm = "--yes=" + secondTarget
	ran := func(t *testing.T) {
		t.Helper()
		eventually(t, "the unit to run", func() bool { return on(t, h, "systemctl is-active "+secondUnit+" || true") == "active" })
		on(t, h, "test ! -e /run/monctl/held && test ! -e /run/systemd/system/"+secondUnit+".d")
		if left := on(t, h, "ls "+secondData+"/.monctl 2>/dev/null || true"); left != "" {
			t.Errorf("%s is left", left)
		}
	}
	t.Run("two on one folder", func(t *testing.T) {
		end := byHand(t, h, 9092, secondData, "--storage.tsdb.no-lockfile")
		data(t, "repair", secondTarget, confirm).want(t, refused, "in use by")
		end()
		ran(t)
	})
	t.Run("started by hand", func(t *testing.T) {
		on(t, h, "mkdir -p /srv/hand && cp -a "+secondData+"/wal /srv/hand/ && chown -R prom /srv/hand")
		end := byHand(t, h, 9093, "/srv/hand")
		defer end()
		data(t, "repair", "h2/prometheus:9093", "--yes=h2/prometheus:9093").
			want(t, refused, "was started by hand", "kill -TERM", "data repair --local /srv/hand")
		data(t, "inspect", "h2/prometheus:9093").want(t, changes, "/srv/hand")
	})
	t.Run("another folder named by the unit", func(t *testing.T) {
		on(t, h, "mkdir -p /srv/other && cp /etc/systemd/system/prometheus2.service /root/ && sed -i 's|path=data|path=/srv/other|' /etc/systemd/system/prometheus2.service && systemctl daemon-reload")
		data(t, "repair", secondTarget, confirm).want(t, refused, "/srv/other (unit)")
		data(t, "inspect", secondTarget).want(t, changes, "/srv/other (unit)")
		on(t, h, "mv /root/prometheus2.service /etc/systemd/system/ && systemctl daemon-reload")
		ran(t)
	})
	t.Run("foreign entries", func(t *testing.T) {
		on(t, h, "echo precious >"+secondData+"/thesis.txt")
		data(t, "reset", secondTarget, confirm).want(t, refused, "holds what does not belong to a TSDB", "thesis.txt")
		on(t, h, "rm "+secondData+"/thesis.txt")
		ran(t)
	})
	t.Run("disk full", func(t *testing.T) {
		on(t, h, "dd if=/dev/zero of="+secondData+"/queries.active bs=1M oflag=append conv=notrunc 2>/dev/null; true")
		data(t, "repair", secondTarget, confirm).want(t, refused, "MB are free")
		on(t, h, "truncate -s 20001 "+secondData+"/queries.active")
		ran(t)
	})
	t.Run("not root", func(t *testing.T) {
		cmd := lab.command(t.Context(), dataArgs([]string{"inspect", "nosudo@" + h.Address + "/prometheus:9091"})...)
		cmd.Dir = t.TempDir() // no inventory
		if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != refused {
			t.Errorf("exit %d\n%s", cmd.ProcessState.ExitCode(), out)
		}
	})
	t.Run("read-only", func(t *testing.T) {
		t.Cleanup(func() { on(t, h, "mount -o remount,rw "+secondData+"; systemctl start "+secondUnit) })
		on(t, h, "systemctl stop "+secondUnit+" && mount -o remount,ro "+secondData)
		data(t, "repair", secondTarget, confirm).want(t, refused, "read-only")
		on(t, h, "mount -o remount,rw "+secondData+" && systemctl start "+secondUnit)
		ran(t)
	})
	t.Run("home", func(t *testing.T) {
		t.Cleanup(func() { on(t, h, "userdel somebody 2>/dev/null; true") })
		on(t, h, "useradd --no-create-home --home-dir "+secondData+" --shell /bin/sh somebody")
		data(t, "reset", secondTarget, confirm).want(t, refused, "is the home of somebody")
		on(t, h, "userdel somebody")
		ran(t)
	})
	t.Run("another root", func(t *testing.T) { inAnotherRoot(t, h) })
	t.Run("container", func(t *testing.T) { inContainer(t, h) })
}

// byHand starts a server as a person would, without a unit, until end.
func byHand(t *testing.T, h *hosts.Host, port int, folder string, flags ...string) (end func()) {
	t.Helper()
	listen := ":" + strconv.Itoa(port)
	words := ""
	for _, f := range flags {
		words += " " + f
	}
	on(t, h, "cd /srv && setsid setpriv --reuid=prom --clear-groups /opt/prom/prometheus --config.file=/etc/prom/prometheus2.yml --storage.tsdb.path="+folder+
		" --web.listen-address="+listen+words+" >/srv/hand.log 2>&1 </dev/null & sleep 0.1")
	eventually(t, "the server to be started by hand", func() bool { _, err := (prometheus{t, h, port}).get("/-/ready"); return err == nil })
	return func() { on(t, h, "pkill -f -- '[-]-web.listen-address="+listen+"'; sleep 0.5; true") }
}

// TestNames: what is said about a wrong name is an error of usage.
func TestNames(t *testing.T) {
	t.Parallel()
	host(t, "h1")
	for _, args := range [][]string{{"inspect"}, {"inspect", "h1"}, {"inspect", "h1/prometheus", "extra"}, {"repair", "h9/prometheus"}, {"inspect", "h2/loki"}, {"purge"}} {
		data(t, args...).want(t, usage)
	}
	if out, err := exec.CommandContext(t.Context(), lab.monctl, "data", "repair", "--help").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
