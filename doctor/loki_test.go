package doctor

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const agentFiles = `pid=1000
status=Uid: 900 900 900 900
status=Gid: 900 900 900 900
status=Groups: 900 4
status=CapEff: 0000000000000000
url=http://10.0.0.7:3100/loki/api/v1/push
journal=yes
positions=/var/lib/promtail/positions.yaml
log=/var/log/syslog
stat=/var/log/syslog|640|0|4|regular file
stat=/var/log|755|0|0|directory
stat=/var|755|0|0|directory
stat=/|755|0|0|directory
stat=/var/lib/promtail|750|900|900|directory
`

func TestLoki(t *testing.T) {
	agent := func(more string) func(*Host) {
		return func(h *Host) {
			h.Probes[agentCheck] = probed(agentFiles + more)
			h.Reached["10.0.0.7:3100"] = Reached{OK: true, Kind: ReachOK}
		}
	}
	journal := "journals=/var/log/journal\nstat=/var/log/journal|2750|0|101|directory\n"
	open := "journals=/var/log/journal\nstat=/var/log/journal|2755|0|101|directory\n"
	log := func(unit, text string) func(*Host) {
		return func(h *Host) {
			h.Facts.Clock.Uptime = unitStart + 2*minute
			for _, c := range h.Of("loki") {
				h.of(c.Kind).Metrics["up"] = 1
			}
			h.says(unit, text)
		}
	}
	ready := func(status int, body string) func(*Host) {
		return func(h *Host) { h.of("loki").Replies["/ready"] = Reply{Status: status, Body: body} }
	}
	config := func(body string) func(*Host) {
		return func(h *Host) { h.of("loki").Replies["/config"] = Reply{Status: 200, Body: body} }
	}
	dropped := func(reason string) func(*Host) {
		return func(h *Host) {
			h.of("loki").Metrics[`loki_discarded_samples_total{reason="`+reason+`",tenant="fake"}`] = 9
		}
	}
	push := func(status, text string) func(*Host) {
		return log("promtail.service", `level=error component=client host=loki:3100 msg="final error sending batch" status=`+status+` error="server returned HTTP status `+status+`: `+text+`"`)
	}
	tryWrongs(t, []wrong{
		{"ready", "loki", ready(200, "ready"), lokiReady(), OK, ""},
		{"starting", "loki", func(h *Host) {
			ready(503, "Ingester not ready: waiting for 15s after being ready")(h)
			h.Facts.Clock.Uptime = unitStart + minute/2
		}, lokiReady(), Note, "is starting"},
		{"not ready", "loki", ready(503, "Ingester not ready: waiting for 15s after being ready"), lokiReady(), Fail, "not ready"},
		{"ring", "loki", log("loki.service", `level=error msg="..." err="empty ring"`), lokiRing(), Fail, "no healthy member"},
		{"schema", "loki", func(h *Host) {
			h.down("loki")
			h.says("loki.service", `CONFIG ERROR: schema v13 is required to store Structured Metadata and use native OTLP ingestion, your schema version is v12.`)
		}, lokiSchema(), Fail, "schema_config does not fit"},
		{"retention without effect", "loki", config("compactor:\n  retention_enabled: false\nlimits_config:\n  retention_period: 744h\n"), lokiRetention(), Warn, "no effect"},
		{"no retention", "loki", config("compactor:\n  retention_enabled: false\nlimits_config:\n  retention_period: 0s\n"), lokiRetention(), Note, "for ever"},
		{"retention", "loki", config("compactor:\n  retention_enabled: true\nlimits_config:\n  retention_period: 744h\n"), lokiRetention(), OK, ""},
		{"config is HTML", "loki", config("<html>\n\t<"), lokiRetention(), Unknown, "not understood"},
		{"WAL", "loki", func(h *Host) { h.of("loki").Metrics["loki_ingester_wal_disk_full_failures_total"] = 3 }, lokiWALDisk(), Fail, "without writing"},
		{"queue", "loki", log("loki.service", `err="too many outstanding requests"`), lokiQueryLimit(), Warn, "queue is full"},
		{"too new", "promtail", push("400", "entry for stream '{job=x}' has timestamp too new: 2026-03-01T21:00:00Z"), lokiTooNew(), Warn, "future"},
		{"too new, counted", "loki", dropped("too_far_in_future"), lokiTooNew(), Note, "9 lines"},
		{"too old", "promtail", push("400", "entry for stream '{job=x}' has timestamp too old: 2020"), lokiTooOld(), Warn, "older than a week"},
		{"behind", "promtail", push("400", "entry too far behind, entry timestamp is: X, oldest acceptable timestamp is: Y"), lokiTooFarBehind(), Warn, "far ahead"},
		{"429", "promtail", push("429", "Ingestion rate limit exceeded for user fake (limit: 4194304 bytes/sec)"), lokiRateLimited(), Warn, "bytes per second"},
		{"streams", "promtail", push("429", "Maximum active stream limit exceeded"), lokiStreamLimit(), Warn, "too many streams"},
		{"long", "promtail", push("400", "Max entry size '262144' bytes exceeded for stream"), lokiLineTooLong(), Warn, "too long"},
		{"no label", "promtail", push("400", "error at least one label pair is required per stream"), lokiNoLabels(), Warn, "no label"},
		{"another reason", "loki", dropped("line_too_long"), lokiTooNew(), OK, ""},
		{"reads", "promtail", agent(open), lokiAgentRead(), OK, ""},
		{"file", "promtail", agent(open + "log=/var/log/app.log\nstat=/var/log/app.log|600|0|0|regular file"), lokiAgentRead(), Warn, "/var/log/app.log"},
		{"journal", "promtail", agent(journal), lokiAgentRead(), Warn, "may not read the journal"},
		{"capable", "promtail", func(h *Host) {
			h.Probes[agentCheck] = probed("pid=1000\nstatus=Uid: 900 900\nstatus=CapEff: 0000000000000004\nlog=/x\nstat=/x|600|0|0|regular file")
		}, lokiAgentRead(), OK, ""},
		{"gone", "promtail", func(*Host) {}, lokiAgentRead(), Unknown, "not looked at"},
		{"no journal", "promtail", agent(""), lokiJournalMissing(), Warn, "there is none"},
		{"connects", "promtail", agent(""), lokiAgentConnect(), OK, ""},
		{"refused", "promtail", func(h *Host) { agent("")(h); h.Reached["10.0.0.7:3100"] = Reached{Kind: ReachRefused} }, lokiAgentConnect(), Fail, "refused"},
		{"positions", "promtail", func(h *Host) {
			agent("")(h)
			h.says("promtail.service", `level=error msg="error writing positions file" error="open /x/.positions.yaml123: permission denied"`)
		}, lokiPositions(), Fail, "cannot write"},
		{"positions ok", "promtail", agent(""), lokiPositions(), OK, ""},
		{"end", "promtail", func(*Host) {}, lokiPromtailEnd(), Note, "end of life"},
	})
}

// TestLetIn names the group that may read a log already, and adm where none but root may.
func TestLetIn(t *testing.T) {
	for _, c := range []struct {
		path pathStat
		want string
	}{
		{pathStat{path: "/var/log/syslog", mode: 0o640, gid: "4", group: "adm"}, "usermod -aG adm promtail"},
		{pathStat{path: "/var/log/app.log", mode: 0o640, gid: "115", group: "logs"}, "usermod -aG logs promtail"},
		{pathStat{path: "/var/log/app.log", mode: 0o640, gid: "115"}, "usermod -aG 115 promtail"},
		{pathStat{path: "/var/log/app.log", mode: 0o600, gid: "4", group: "adm"}, "chgrp adm /var/log/app.log && chmod g+r /var/log/app.log && usermod -aG adm promtail"},
		{pathStat{path: "/var/log/app.log", mode: 0o640, gid: "0", group: "root"}, "chgrp adm /var/log/app.log && chmod g+r /var/log/app.log && usermod -aG adm promtail"},
		{pathStat{path: "/opt/app/log", mode: 0o700, gid: "0", group: "root", dir: true}, "chgrp adm /opt/app/log && chmod g+x /opt/app/log && usermod -aG adm promtail"},
	} {
		if got := letIn(c.path, "promtail"); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.path, got, c.want)
		}
	}
}

// TestAgentOnThisMachine gives the probe real files, a real user and a real port at which nobody listens. The process is a
// stand-in for promtail: a script of that name, which reads nothing.
func TestAgentOnThisMachine(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root to start a process of another user")
	}
	dir, err := os.MkdirTemp("/tmp", "monctl-agent-") // t.TempDir is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	port := freePort(t)
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec
		t.Fatal(err)
	}
	program := file("promtail", "#!/bin/sh\nsleep 60\n", 0o755)
	config := file("promtail.yml", "positions:\n  filename: "+dir+"/positions.yaml\nclients:\n  - url: http://user:sesame@127.0.0.1:"+port+"/loki/api/v1/push\nscrape_configs:\n- static_configs:\n  - labels:\n      __path__: "+dir+"/*.log\n", 0o644)
	file("open.log", "x\n", 0o644)
	closed := file("closed.log", "x\n", 0o600)
	cmd := exec.Command(program, "-config.file="+config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}, Setpgid: true}
	startReal(t, cmd)
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	h := well("promtail")
	h.of("promtail").Process.PID = cmd.Process.Pid
	until(t, func() bool {
		h.Probes[agentCheck] = run(t, lokiAgentRead())
		return h.answerOf(agentCheck, h.Components[0]).Get("url") != ""
	})
	a := h.answerOf(agentCheck, h.Components[0])
	if got, want := a.Get("url"), "http://127.0.0.1:"+port+"/loki/api/v1/push"; got != want {
		t.Errorf("url %q, want %q", got, want)
	}
	if found := lokiAgentRead().Judge(Fleet{Hosts: []Host{h}}); len(found) != 1 || found[0].Tag != "files" || found[0].Evidence[0].What != closed || !strings.Contains(found[0].Fix, "usermod -aG adm nobody") {
		t.Errorf("agent-read: %+v of %+v", found, a)
	}
	if found := lokiPositions().Judge(Fleet{Hosts: []Host{h}}); len(found) != 1 || found[0].Level != Warn {
		t.Errorf("positions: %+v", found)
	}
	realAnswers(t, &h, lokiAgentConnect())
	if found := lokiAgentConnect().Judge(Fleet{Hosts: []Host{h}}); len(found) != 1 || found[0].Level != Fail {
		t.Errorf("agent-connect: %+v", found)
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	realAnswers(t, &h, lokiAgentConnect())
	if found := lokiAgentConnect().Judge(Fleet{Hosts: []Host{h}}); len(found) != 0 {
		t.Errorf("agent-connect with a listener: %+v", found)
	}
}
