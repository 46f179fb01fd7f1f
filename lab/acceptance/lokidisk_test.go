package acceptance

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// TestLokiDisk fills the disk of a real Loki: it goes on taking lines, which only its metrics show, and the doctor says so.
func TestLokiDisk(t *testing.T) {
	needLab(t)
	if len(lab.mirror.Versions("loki")) == 0 || os.Getenv("MONCTL_LAB_LONG") == "" {
		t.Skip("runs with MONCTL_LAB_LONG and MONCTL_LAB_LOKI: it needs a real Loki")
	}
	mon := take(t, "h1")[0]
	on(t, mon, "mkdir -p /srv/logs && mount -t tmpfs -o size=24m tmpfs /srv/logs")
	t.Cleanup(func() { on(t, mon, "systemctl stop monctl-loki 2>/dev/null; umount -l /srv/logs; rm -rf /srv/logs") })
	c := newController(t, only(mon, "loki")+"components:\n  loki: {data_dir: /srv/logs/loki}\n")
	step(t, "install", func(t *testing.T) { c.run(t, "install", "--yes").want(t, done) })
	lines := func() {
		resp, err := http.Post("http://"+mon.Address+":3100/loki/api/v1/push", "application/json", bytes.NewReader(fmt.Appendf(nil, //nolint:noctx // a test
			`{"streams":[{"stream":{"app":"x"},"values":[["%d",%q]]}]}`, time.Now().UnixNano(), strings.Repeat("x", 100_000))))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusNoContent {
			t.Fatalf("push: %s", resp.Status)
		}
	}
	lines()
	c.run(t, "doctor", "--only", "loki/wal-disk").want(t, done)
	step(t, "full", func(t *testing.T) {
		on(t, mon, "dd if=/dev/zero of=/srv/logs/fill bs=64k 2>/dev/null || :")
		eventually(t, "the failure in Loki's metrics", func() bool {
			lines()
			return !strings.Contains(string(get(t, request(t, "http://"+mon.Address+":3100/metrics")))+"\n", "loki_ingester_wal_disk_full_failures_total 0\n")
		})
		c.run(t, "doctor", "--only", "loki/wal-disk").want(t, changes, "loki/wal-disk")
	})
	step(t, "free again", func(t *testing.T) {
		on(t, mon, "rm /srv/logs/fill; systemctl restart monctl-loki")
		eventually(t, "Loki", func() bool { return on(t, mon, "systemctl is-active monctl-loki || :") == "active" })
		c.run(t, "verify").want(t, done, "Loki on "+mon.Name)
	})
}
