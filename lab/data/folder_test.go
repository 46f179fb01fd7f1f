package data

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
)

// TestWholeFolder: data that are not looked into are moved and copied as a whole, of a real Alertmanager.
func TestWholeFolder(t *testing.T) {
	t.Parallel()
	h := host(t, "h1")
	const unit, folder, target, confirm = "monctl-alertmanager.service", "/var/lib/monctl/alertmanager", "h1/alertmanager", "--yes=h1/alertmanager"
	on(t, h, "rm -rf "+folder+".monctl; systemctl restart "+unit) // it writes its files when it ends
	before := sums(t, h, folder)
	data(t, "repair", target, confirm).want(t, usage, "cannot be repaired")
	data(t, "backup", target, confirm, "--to="+t.TempDir()).want(t, done, "every sum as on the host")
	data(t, "reset", target, confirm).want(t, done, unit+" stays active")
	if left := on(t, h, "ls "+folder+"/nflog 2>/dev/null || true"); left != "" {
		t.Errorf("%s is there after a reset", left)
	}
	data(t, "restore", target, confirm).want(t, done)
	if after := sums(t, h, folder); after != before {
		t.Errorf("it is not what it was:\n%s\nwas\n%s", after, before)
	}
}

// TestGrafanaFolder: the folder that the stand-in for Grafana keeps, with a real SQLite file as Grafana has, which is written
// to between the backup and its return.
func TestGrafanaFolder(t *testing.T) {
	t.Parallel()
	if !long {
		t.Skip("MONCTL_LAB_LONG is not set")
	}
	h := host(t, "h1")
	const unit, folder, target, confirm = "monctl-grafana.service", "/var/lib/monctl/grafana", "h1/grafana", "--yes=h1/grafana"
	ask := func(statement string) string {
		return sqlite(t, filepath.Join(h.Root(), folder, "grafana.db"), statement)
	}
	ask("PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS dashboard (title); DELETE FROM dashboard; INSERT INTO dashboard VALUES ('first')")
	on(t, h, "chown --reference="+folder+" "+folder+"/grafana.db*; systemctl start "+unit)
	const titles = "PRAGMA integrity_check; SELECT group_concat(title) FROM dashboard"

	to := t.TempDir()
	data(t, "backup", target, confirm, "--to="+to).want(t, done, "every sum as on the host")
	copies, _ := filepath.Glob(filepath.Join(to, "h1-grafana-*-backup", "grafana.db"))
	if len(copies) != 1 || sqlite(t, copies[0], titles) != "ok\nfirst" {
		t.Errorf("there is %v", copies)
	}
	id := identifier(t, data(t, "backup", target, confirm, "--json").want(t, done))
	ask("INSERT INTO dashboard VALUES ('second')")
	data(t, "reset", target, confirm).want(t, done, unit+" stays active")
	on(t, h, "test ! -e "+folder+"/grafana.db && test -d "+folder)
	data(t, "restore", target, confirm).want(t, done)
	if got := ask(titles); got != "ok\nfirst,second" {
		t.Errorf("after the restore of the reset: %q", got)
	}
	data(t, "restore", target, id, confirm).want(t, done)
	if got := ask(titles); got != "ok\nfirst" {
		t.Errorf("after the restore of the backup: %q", got)
	}
	if owner := on(t, h, "stat -c %U "+folder+"/grafana.db"); owner != "monctl-grafana" {
		t.Errorf("it belongs to %s", owner)
	}
}

func sqlite(t *testing.T, file, statement string) string {
	t.Helper()
	out, err := exec.Command("sqlite3", file, statement).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", statement, err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestLokiFolder: a real Loki has the lines of before after a reset and its undo, and those of a backup after that was brought back.
func TestLokiFolder(t *testing.T) {
	t.Parallel()
	h := host(t, "h1")
	if !lab.loki() {
		t.Skip("the mirror has no Loki: MONCTL_LAB_LOKI has it built")
	}
	const target, confirm = "h1/loki", "--yes=h1/loki"
	l := loki{t, h}
	l.push("first")
	l.has("first")
	data(t, "inspect", target).want(t, done, "/var/lib/monctl/loki")
	id := identifier(t, data(t, "backup", target, confirm, "--json").want(t, done))
	l.push("second")
	l.has("first", "second")
	data(t, "reset", target, confirm).want(t, done, "monctl-loki.service stays active")
	l.has()
	data(t, "restore", target, confirm).want(t, done)
	l.has("first", "second")
	data(t, "restore", target, id, confirm).want(t, done)
	l.has("first")
	data(t, "repair", target, confirm).want(t, usage, "cannot be repaired")
}

// loki is a real Loki on a host, asked from outside.
type loki struct {
	t    *testing.T
	host *hosts.Host
}

func (l loki) at(path string) string { return "http://" + l.host.Address + ":3100" + path }

// push stores a line, once Loki takes it.
func (l loki) push(line string) {
	l.t.Helper()
	eventually(l.t, "Loki to take a line", func() bool {
		body, err := json.Marshal(map[string]any{"streams": []map[string]any{
			{"stream": map[string]string{"job": "lab"}, "values": [][2]string{{fmt.Sprint(time.Now().UnixNano()), line}}},
		}})
		must(l.t, err)
		r, err := http.Post(l.at("/loki/api/v1/push"), "application/json", bytes.NewReader(body))
		if err != nil {
			return false
		}
		defer r.Body.Close()
		return r.StatusCode == http.StatusNoContent
	})
}

// has waits until Loki has just these lines.
func (l loki) has(lines ...string) {
	l.t.Helper()
	eventually(l.t, fmt.Sprintf("Loki to have %v", lines), func() bool {
		r, err := http.Get(l.at("/loki/api/v1/query_range?query=" + url.QueryEscape(`{job="lab"}`)))
		if err != nil {
			return false
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK {
			return false
		}
		for _, line := range []string{"first", "second"} {
			if strings.Contains(string(text), `"`+line+`"`) != contains(strings.Join(lines, " "), line) {
				return false
			}
		}
		return true
	})
}
