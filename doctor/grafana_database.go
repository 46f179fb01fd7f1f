package doctor

import (
	"regexp"
	"time"
)

func grafanaDatabase() Check {
	const id = "grafana/database"
	return Check{
		ID: id, Title: "Grafana's database can be read and written", On: grafanaKinds, Needs: []Shared{Journal}, After: []string{"install/disk", "install/read-only", "install/inodes"},
		Judge: perHost(id, judgeGrafanaDatabase),
		Doc: Doc{
			Symptom:  "`database is locked`, `database disk image is malformed`, `attempt to write a readonly database`, `unable to open database file`.",
			Cause:    "SQLite with many writers or on a network file system; a torn write; or grafana.db belongs to root since somebody ran `grafana cli` as root.",
			Evidence: "The messages in Grafana's journal; `locked` counts from the third in an hour, since one now and then is retried.",
			Fix:      "Locked: `[database] wal = true` on a local disk, or PostgreSQL. Owner: `chown grafana:grafana /var/lib/grafana/grafana.db`. Malformed: stop, copy the file, `sqlite3 grafana.db .recover` into a new one.",
			Risk:     "copy grafana.db before anything else",
			Source:   "grafana#16638, #65115; sqlite.org/rescode.html",
		},
	}
}

var databaseErrors = []struct {
	tag        string
	what       *regexp.Regexp
	least      int
	level      Level
	title      string
	cause, fix string
}{
	{"malformed", regexp.MustCompile(`database disk image is malformed|file is not a database`), 1, Fail, "Grafana's database is damaged", "a write was torn, or a copy was made while it ran", "stop Grafana, copy grafana.db, then sqlite3 grafana.db .recover into a new file"},
	{"owner", regexp.MustCompile(`attempt to write a readonly database|unable to open database file|grafana\.db: permission denied`), 1, Fail, "Grafana may not write its database", "grafana.db or its folder belongs to another user, often after grafana cli was run as root", "chown grafana:grafana grafana.db and its folder, then restart"},
	{"locked", regexp.MustCompile(`database is locked`), 3, Warn, "Grafana's database is locked again and again", "many alert rules or users write at once, or the file is on a network file system", "[database] wal = true on a local disk; or PostgreSQL"},
}

func judgeGrafanaDatabase(h Host) []Finding {
	var all []Finding
	for _, c := range h.Of("grafana") {
		if none := deaf(c); none != nil && c.Running {
			none[0].Component = c.Name
			all = append(all, none...)
		}
		for _, e := range databaseErrors {
			if s := h.heard(c.Unit, time.Hour, e.what); s.times >= e.least {
				all = append(all, Finding{Component: c.Name, Tag: e.tag, Level: e.level, Title: e.title, Cause: e.cause, Fix: e.fix, Evidence: s.evidence(c.Unit), Since: s.first.At})
			}
		}
	}
	return all
}
