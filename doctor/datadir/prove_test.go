package datadir

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet/fault"
)

// emptyTSDB has what a Prometheus makes at its first start.
func emptyTSDB(t *testing.T, dir string) string {
	t.Helper()
	for _, name := range []string{"wal", "chunks_head"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"lock", "queries.active", "wal/00000000"} {
		write(t, filepath.Join(dir, name), "")
	}
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestProve(t *testing.T) {
	dir := emptyTSDB(t, filepath.Join(t.TempDir(), "metrics"))
	write(t, filepath.Join(dir, "01ARZ3NDEKTSV4RRFFQ69G5FAV.tmp-for-creation", "index"), "")
	write(t, filepath.Join(dir, "01ARZ3NDEKTSV4RRFFQ69G5FAW", "meta.json"), "{}")
	d := prove(t, dir)
	if d.Path() != dir || d.Mount() || d.Missing() || d.Store() != dir+".monctl" {
		t.Errorf("%+v", d)
	}
	link := filepath.Join(t.TempDir(), "data")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if d := prove(t, link); d.Path() != dir || d.Given() != link {
		t.Errorf("a link is not resolved: %+v", d)
	}
}

// TestProveRefuses is the list of what can never be a target.
func TestProveRefuses(t *testing.T) {
	passwd := filepath.Join(t.TempDir(), "passwd")
	tsdb := func(change func(dir string)) func(t *testing.T) (string, ProveOptions) {
		return func(t *testing.T) (string, ProveOptions) {
			dir := emptyTSDB(t, filepath.Join(t.TempDir(), "metrics"))
			change(dir)
			return dir, ProveOptions{Passwd: passwd}
		}
	}
	at := func(path string) func(t *testing.T) (string, ProveOptions) {
		return func(*testing.T) (string, ProveOptions) { return path, ProveOptions{} }
	}
	for _, c := range []struct {
		name, want string
		target     func(t *testing.T) (string, ProveOptions)
	}{
		{"root", "folder of the system", at("/")},
		{"root by another name", "folder of the system", at("/.././/")},
		{"system", "folder of the system", at("/var/lib")},
		{"below a system folder", "folder of the system", at("/etc/monctl")},
		{"a home", "home of pat", tsdb(func(dir string) { write(t, passwd, "pat:x:1000:1000::"+dir+":/bin/bash\n") })},
		{"foreign files", "does not belong to a TSDB: grafana.db, notes", tsdb(func(dir string) {
			write(t, filepath.Join(dir, "grafana.db"), "")
			write(t, filepath.Join(dir, "notes", "todo"), "")
		})},
		{"the log folder", "does not belong to a TSDB: prometheus.log", tsdb(func(dir string) { write(t, filepath.Join(dir, "prometheus.log"), "") })},
		{"a file for a folder", "wal (not a folder)", tsdb(func(dir string) {
			_ = os.RemoveAll(filepath.Join(dir, "wal"))
			write(t, filepath.Join(dir, "wal"), "")
		})},
		{"nothing in it", "is not a TSDB", func(t *testing.T) (string, ProveOptions) { return t.TempDir(), ProveOptions{} }},
		{"not there", "does not exist", func(t *testing.T) (string, ProveOptions) { return filepath.Join(t.TempDir(), "x"), ProveOptions{} }},
		{"a file", "is not a directory", func(t *testing.T) (string, ProveOptions) {
			path := filepath.Join(t.TempDir(), "x")
			write(t, path, "")
			return path, ProveOptions{}
		}},
		{"overlaps", "overlaps", func(t *testing.T) (string, ProveOptions) {
			dir := emptyTSDB(t, filepath.Join(t.TempDir(), "metrics"))
			return dir, ProveOptions{Others: []string{filepath.Join(dir, "wal")}}
		}},
		{"within another", "overlaps", func(t *testing.T) (string, ProveOptions) {
			dir := emptyTSDB(t, filepath.Join(t.TempDir(), "metrics"))
			return dir, ProveOptions{Others: []string{filepath.Dir(dir)}}
		}},
		{"no Grafana", "is not the data of grafana", func(t *testing.T) (string, ProveOptions) {
			return emptyTSDB(t, filepath.Join(t.TempDir(), "metrics")), ProveOptions{Kind: Grafana}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, o := c.target(t)
			d, err := Prove(path, o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if fault.KindOf(err) != fault.Refused {
				t.Errorf("kind %v", fault.KindOf(err))
			}
			if d.Path() != "" {
				t.Errorf("it is a target all the same: %s", d.Path())
			}
		})
	}
}

// TestUnproved shows that a Dir that nobody proved is refused by everything, as is one that was replaced since.
func TestUnproved(t *testing.T) {
	if _, err := Inspect(t.Context(), Dir{}, InspectOptions{}); err == nil {
		t.Error("an unproved directory was inspected")
	}
	if _, err := Execute(t.Context(), Dir{}, Plan{Action: Reset}, ExecuteOptions{}); fault.KindOf(err) != fault.Refused {
		t.Errorf("an unproved directory was reset: %v", err)
	}
	dir := emptyTSDB(t, filepath.Join(t.TempDir(), "metrics"))
	d := prove(t, dir)
	plan, err := PlanReset(inspect(t, d))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, dir+".moved"); err != nil {
		t.Fatal(err)
	}
	emptyTSDB(t, dir)
	if _, err := Execute(t.Context(), d, plan, ExecuteOptions{}); err == nil || !strings.Contains(err.Error(), "not the directory that was looked at") {
		t.Errorf("a replaced directory was reset: %v", err)
	}
}
