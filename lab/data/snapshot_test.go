package data

import (
	"context"
	"log/slog"
	"math"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/monctl/monctl/lab/hosts"
)

// TestSnapshot: servers with the admin API, Debian's 2.42 and a 3.13.5, are copied while they run, on the host and to this
// machine. The copies can be opened, and have every good sample.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	if !long {
		t.Skip("MONCTL_LAB_LONG is not set")
	}
	for _, c := range []struct {
		name         string
		take         func(t *testing.T) *hosts.Host
		port         int
		unit, folder string
		target       string
	}{
		{"2.42", func(t *testing.T) *hosts.Host { return host(t, "h1") }, 9090, managedUnit, managedData, "h1/prometheus"},
		{"3.13.5", foreignHost, 9090, "prometheus.service", "/srv/real", "h2/prometheus:9090"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := c.take(t)
			withAdminAPI(t, h, c.unit)
			p := prometheus{t, h, c.port}
			g := damage{good: shapes["head"].good}.under(t, h, c.unit, c.folder)
			p.takes()
			pid := on(t, h, "systemctl show -p MainPID --value "+c.unit)
			confirm := "--yes=" + c.target
			data(t, "backup", c.target, "--plan").want(t, changes, "let the server make a snapshot; it goes on running")
			to := t.TempDir()
			data(t, "backup", c.target, confirm, "--to="+to).want(t, done, "every sum as on the host")
			copies, _ := filepath.Glob(filepath.Join(to, "*-backup"))
			if len(copies) != 1 {
				t.Fatalf("there is %v", copies)
			}
			check := exec.Command("sha256sum", "-c", "--quiet", "--strict", copies[0]+".sha256")
			check.Dir = copies[0]
			if out, err := check.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
			if count, sum := readGood(t, copies[0]); count != g.count || sum != g.sum {
				t.Errorf("the copy has %g good samples with sum %g of %g with sum %g", count, sum, g.count, g.sum)
			}
			id := identifier(t, data(t, "backup", c.target, confirm, "--json").want(t, done))
			if again := on(t, h, "systemctl show -p MainPID --value "+c.unit); again != pid {
				t.Error("the server was stopped")
			}
			if left := on(t, h, "ls "+c.folder+"/snapshots"); left != "" {
				t.Errorf("%s is left", left)
			}
			data(t, "reset", c.target, confirm).want(t, done)
			if n := p.value("sum(count_over_time(good_total[30d]))", g.at); n != 0 {
				t.Errorf("%g samples are there after a reset", n)
			}
			data(t, "restore", c.target, id, confirm).want(t, done)
			p.takes()
			p.kept(g)
		})
	}
}

// TestNoSpaceForSnapshot: a server that has not the space for a snapshot says so, and is copied while it is stopped.
func TestNoSpaceForSnapshot(t *testing.T) {
	t.Parallel()
	if !long {
		t.Skip("MONCTL_LAB_LONG is not set")
	}
	h := foreignHost(t)
	withAdminAPI(t, h, secondUnit)
	p := prometheus{t, h, 9091}
	damage{good: shapes["head"].good}.under(t, h, secondUnit, secondData)
	p.takes()
	const confirm = "--yes=" + secondTarget
	data(t, "backup", secondTarget, confirm).want(t, failed, "no space left on device", "monctl data backup h2/prometheus:9091 --stopped")
	data(t, "backup", secondTarget, confirm, "--stopped").want(t, done, "are the same files as in the directory")
	p.takes()
}

// withAdminAPI lets a unit's Prometheus make snapshots, until the test ends.
func withAdminAPI(t *testing.T, h *hosts.Host, unit string) {
	t.Helper()
	dropin := "/etc/systemd/system/" + unit + ".d/admin.conf"
	on(t, h, `set -e; d=`+dropin+`; mkdir -p "${d%/*}"
line=$(systemctl cat `+unit+` | awk '/^ExecStart=/{on=1} on{print} on&&!/\\$/{exit}')
printf '[Service]\nExecStart=\n%s --web.enable-admin-api\n' "$line" >"$d"; systemctl daemon-reload; systemctl restart `+unit)
	t.Cleanup(func() { on(t, h, "rm "+dropin+"; systemctl daemon-reload; systemctl restart "+unit) })
}

// readGood counts and adds up the good samples of a folder, with Prometheus' own library.
func readGood(t *testing.T, dir string) (count, sum float64) {
	t.Helper()
	db, err := tsdb.Open(dir, slog.New(slog.DiscardHandler), nil, tsdb.DefaultOptions(), nil)
	must(t, err)
	defer db.Close()
	q, err := db.Querier(math.MinInt64, math.MaxInt64)
	must(t, err)
	defer q.Close()
	set := q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "good_total"))
	for set.Next() {
		it := set.At().Iterator(nil)
		for it.Next() != chunkenc.ValNone {
			_, v := it.At()
			count, sum = count+1, sum+v
		}
	}
	must(t, set.Err())
	return count, sum
}
