package data

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	merged bool          // and the first of them is one with the newest good block
	late   bool          // good samples that came out of order lie in a log of their own
	junk   bool          // 200 bytes in the middle of the log are overwritten
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
	o.RetentionDuration, o.WALCompression, o.OutOfOrderTimeWindow = 0, "snappy", (20 * time.Minute).Milliseconds()
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
	if d.late {
		d.appendLate(t, db, now, &g)
	}
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
	if d.merged {
		merge(t, dir, now)
	}
	if d.junk {
		reopened, err := tsdb.Open(dir, slog.New(slog.DiscardHandler), nil, o, nil) // a replay maps what is complete
		must(t, err)
		must(t, reopened.Close())
		overwrite(t, dir)
	}
	return g
}

// appendLate writes samples between those that are there.
func (d damage) appendLate(t *testing.T, db *tsdb.DB, now time.Time, g *good) {
	t.Helper()
	for at := now.Add(-15 * time.Minute); at.Before(now.Add(-2 * time.Minute)); at = at.Add(step) {
		app := db.Appender(context.Background())
		for i := range goodSeries {
			_, err := app.Append(0, series("good_total", i), at.Add(11*time.Second).UnixMilli(), 1)
			must(t, err)
			g.count, g.sum = g.count+1, g.sum+1
		}
		must(t, app.Commit())
	}
}

// merge compacts the newest good block and the first of the future into one, as a server does when its spans are long enough.
func merge(t *testing.T, dir string, now time.Time) {
	t.Helper()
	metas, err := filepath.Glob(filepath.Join(dir, "*", "meta.json"))
	must(t, err)
	var last, first *tsdb.Block
	for _, m := range metas {
		b, err := tsdb.OpenBlock(slog.New(slog.DiscardHandler), filepath.Dir(m), nil, nil)
		must(t, err)
		defer b.Close()
		switch begins := b.Meta().MinTime; {
		case begins <= now.UnixMilli() && (last == nil || begins > last.Meta().MinTime):
			last = b
		case begins > now.UnixMilli() && (first == nil || begins < first.Meta().MinTime):
			first = b
		}
	}
	if last == nil || first == nil {
		t.Fatalf("there are no two blocks to merge among %d", len(metas))
	}
	compactor, err := tsdb.NewLeveledCompactor(context.Background(), nil, slog.New(slog.DiscardHandler), []int64{time.Hour.Milliseconds()}, nil, nil)
	must(t, err)
	_, err = compactor.Compact(dir, []string{last.Dir(), first.Dir()}, nil)
	must(t, err)
	must(t, os.RemoveAll(last.Dir()))
	must(t, os.RemoveAll(first.Dir()))
}

// overwrite spoils the largest segment of the log in its middle.
func overwrite(t *testing.T, dir string) {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(dir, "wal", "0*"))
	must(t, err)
	slices.SortFunc(segments, func(a, b string) int { return int(size(t, a) - size(t, b)) })
	f, err := os.OpenFile(segments[len(segments)-1], os.O_RDWR, 0)
	must(t, err)
	_, err = f.WriteAt([]byte(strings.Repeat("\xa5", 200)), size(t, f.Name())/3)
	must(t, errors.Join(err, f.Close()))
}

func size(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	must(t, err)
	return info.Size()
}

func series(name string, i int) labels.Labels {
	return labels.FromStrings("__name__", name, "job", "lab", "instance", fmt.Sprint(i))
}

// under puts the directory in the place of a server's, and starts that on it.
func (d damage) under(t *testing.T, h *hosts.Host, unit, dir string) good {
	t.Helper()
	g := d.place(t, h, unit, dir)
	on(t, h, "systemctl start "+unit)
	return g
}

// place puts it there, of a server that is stopped. What monctl kept of earlier tests goes.
func (d damage) place(t *testing.T, h *hosts.Host, unit, dir string) good {
	t.Helper()
	made := filepath.Join(t.TempDir(), "data")
	g := d.make(t, made)
	owner := on(t, h, "systemctl stop "+unit+" && stat -c %u:%g "+dir+" && find "+dir+" -mindepth 1 -delete && rm -rf "+dir+".monctl")
	// In two steps: what the host has mounted, this machine does not see.
	if said, err := exec.Command("cp", "-a", made, filepath.Join(h.Root(), "srv/incoming")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	on(t, h, "cp -a /srv/incoming/. "+dir+"/ && rm -rf /srv/incoming "+dir+"/.monctl && chown -R "+owner+" "+dir+" && systemctl reset-failed "+unit+" 2>/dev/null; true")
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
