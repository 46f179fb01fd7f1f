package data

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/monctl/monctl/lab/hosts"
)

// damage is a data directory made with Prometheus' own library: good samples, then samples of the future.
type damage struct {
	good   time.Duration // how far back the good samples reach, to a minute before now
	ahead  time.Duration // from now to the first sample of the future
	span   time.Duration // how long samples of the future go on
	blocks bool          // the future is compacted into blocks, too
}

// The good samples: series good_total, one sample a step, whose value is the number of the sample.
const (
	goodSeries = 10
	step       = time.Minute
)

// good is what must be queryable in the end.
type good struct {
	at         time.Time // after the last good sample, before now
	count, sum float64
}

// make writes the directory on this machine.
func (d damage) make(t *testing.T, dir string) good {
	t.Helper()
	o := tsdb.DefaultOptions()
	o.RetentionDuration, o.WALCompression = 0, "snappy"
	db, err := tsdb.Open(dir, slog.New(slog.DiscardHandler), nil, o, nil)
	must(t, err)
	db.DisableCompactions()
	now := time.Now().Truncate(time.Second)
	g := good{at: now.Add(-30 * time.Second)}
	n := 0
	for at := now.Add(-d.good); at.Before(now.Add(-time.Minute)); at = at.Add(step) {
		n++
		app := db.Appender(context.Background())
		for i := range goodSeries {
			_, err := app.Append(0, series("good_total", i), at.UnixMilli(), float64(n))
			must(t, err)
			g.count, g.sum = g.count+1, g.sum+float64(n)
		}
		_, err := app.Append(0, series("up", 0), at.UnixMilli(), 1)
		must(t, err)
		must(t, app.Commit())
	}
	must(t, db.Compact(context.Background()))
	for at := now.Add(d.ahead); at.Before(now.Add(d.ahead + d.span)); at = at.Add(step) {
		app := db.Appender(context.Background())
		for i := range goodSeries {
			_, err := app.Append(0, series("good_total", i), at.UnixMilli(), math.Pi)
			must(t, err)
		}
		must(t, app.Commit())
	}
	if d.blocks {
		must(t, db.Compact(context.Background()))
	}
	must(t, db.Close())
	return g
}

func series(name string, i int) labels.Labels {
	return labels.FromStrings("__name__", name, "job", "lab", "instance", fmt.Sprint(i))
}

// under puts the directory in the place of a server's, and starts that on it. What monctl kept of earlier tests goes.
func (d damage) under(t *testing.T, h *hosts.Host, unit, dir string) good {
	t.Helper()
	made := filepath.Join(t.TempDir(), "data")
	g := d.make(t, made)
	owner := on(t, h, "systemctl stop "+unit+" && stat -c %u:%g "+dir+" && find "+dir+" -mindepth 1 -delete && rm -rf "+dir+".monctl")
	// In two steps: what the host has mounted, this machine does not see.
	if said, err := exec.Command("cp", "-a", made, filepath.Join(h.Root(), "srv/incoming")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	on(t, h, "cp -a /srv/incoming/. "+dir+"/ && rm -rf /srv/incoming "+dir+"/.monctl && chown -R "+owner+" "+dir+" && systemctl reset-failed "+unit+" 2>/dev/null; systemctl start "+unit)
	return g
}

// kept wants every good sample to be there, through the API of the running server.
func (p prometheus) kept(g good) {
	p.t.Helper()
	var count, sum float64
	eventually(p.t, "an answer", func() bool { count = p.value("sum(count_over_time(good_total[30d]))", g.at); return count >= 0 })
	sum = p.value("sum(sum_over_time(good_total[30d]))", g.at)
	if count != g.count || sum != g.sum {
		p.t.Errorf("%s: %g good samples with sum %g are left of %g with sum %g", p.host.Name, count, sum, g.count, g.sum)
	}
}

// sums lists names, sizes and sums of all files of a folder on a host, but for the file of running queries.
func sums(t *testing.T, h *hosts.Host, dir string) string {
	t.Helper()
	return on(t, h, "cd "+dir+" && find . -type f ! -name queries.active ! -name lock -exec sha256sum {} + | sort -k2")
}

// identifier is the ID of the newest operation, from what a command printed as JSON.
func identifier(t *testing.T, o outcome) string {
	t.Helper()
	_, rest, ok := strings.Cut(o.stdout, `{"type":"result","id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	if !ok || id == "" {
		t.Fatalf("no ID in\n%s", o.stdout)
	}
	return id
}
