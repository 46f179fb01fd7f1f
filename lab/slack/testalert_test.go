package slack_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/local"
	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/lab/slack"
)

// withAlertmanager names another Alertmanager to run these tests with: a program of upstream's, of any version.
const withAlertmanager = "MONCTL_LAB_ALERTMANAGER"

// tested is a running Alertmanager that a test alert can be sent through.
type tested struct {
	options installer.Options
	address string
}

func testedAlertmanager(t *testing.T, webhook string) tested {
	t.Helper()
	program := os.Getenv(withAlertmanager)
	if program == "" {
		var err error
		if program, err = exec.LookPath("prometheus-alertmanager"); err != nil {
			t.Skip("prometheus-alertmanager is not in PATH (Debian: package prometheus-alertmanager)")
		}
	}
	address, log := start(t, program, webhook)
	_, text, _ := net.SplitHostPort(address)
	port, _ := strconv.Atoi(text)
	// A stand-in for the journal: Alertmanager's log is a file here, and a cursor is a number of lines.
	bin := t.TempDir()
	journal := `#!/bin/sh
for o; do case $o in
	--show-cursor) echo "-- cursor: $(wc -l < 'LOG')"; exit;;
	--after-cursor=*) tail -n "+$((${o#*=} + 1))" 'LOG';;
esac; done
`
	if err := os.WriteFile(filepath.Join(bin, "journalctl"), []byte(strings.ReplaceAll(journal, "LOG", log)), 0o755); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	dial := func(ctx context.Context, _ fleet.Host) (fleet.Conn, error) {
		return local.Open(ctx, fleet.SudoNever, local.Options{})
	}
	return tested{installer.Options{Stack: stackOf(t, webhook, port), Dial: dial}, address}
}

func (x tested) send(t *testing.T, test installer.AlertTest) installer.AlertResult {
	t.Helper()
	if test.Severity == "" {
		test.Severity = "critical"
	}
	if test.For == 0 {
		test.For = 20 * time.Second
	}
	results := installer.TestAlerts(t.Context(), x.options, test)
	if len(results) != 1 {
		t.Fatalf("%+v", results)
	}
	return results[0]
}

func TestTestAlertIsAccepted(t *testing.T) {
	r := slack.Start()
	defer r.Close()
	x := testedAlertmanager(t, r.Webhook())
	got := x.send(t, installer.AlertTest{})
	if got.Err != nil || len(got.Answers) != 1 || !got.Answers[0].Accepted || !got.Answers[0].Resolved {
		t.Fatalf("%+v", got)
	}
	m := r.Messages()
	if len(m) != 2 || !strings.Contains(m[0].Attachments[0].Title, "Critical: MonctlTest on "+got.Instance) || !strings.HasPrefix(m[1].Attachments[0].Title, "Resolved: MonctlTest") {
		t.Errorf("%+v", m)
	}
	if left := get("http://" + x.address + "/api/v2/alerts?active=true"); strings.Contains(left, "MonctlTest") {
		t.Errorf("left firing: %s", left)
	}
}

// TestTestAlertIsRefused: what Slack says is shown, and the address of the webhook never.
func TestTestAlertIsRefused(t *testing.T) {
	r := slack.Start()
	defer r.Close()
	x := testedAlertmanager(t, r.Webhook())
	for _, answer := range []slack.Answer{slack.NoService, slack.InvalidToken, slack.Broken} {
		r.Say(answer)
		got := x.send(t, installer.AlertTest{Severity: "warning"})
		if !errors.Is(got.Err, installer.ErrNotAccepted) || len(got.Answers) != 1 {
			t.Fatalf("%s: %+v", answer.Body, got)
		}
		if a := got.Answers[0]; a.Accepted || a.Status != answer.Status || a.Said != answer.Body {
			t.Errorf("%s: %+v", answer.Body, a)
		}
	}
}

func TestTestAlertIsNotAnswered(t *testing.T) {
	r := slack.Start()
	defer r.Close()
	x := testedAlertmanager(t, r.Webhook())
	r.Say(slack.Answer{Body: "ok", After: 3 * time.Second})
	got := x.send(t, installer.AlertTest{For: 2 * time.Second})
	if !errors.Is(got.Err, installer.ErrNotAccepted) || !strings.Contains(got.Answers[0].Said, "no answer in") {
		t.Errorf("slow: %+v", got)
	}
}

func TestTestAlertFindsNobody(t *testing.T) {
	r := slack.Start()
	x := testedAlertmanager(t, r.Webhook())
	r.Close()
	got := x.send(t, installer.AlertTest{})
	if a := got.Answers[0]; a.Accepted || a.Status != 0 || !strings.Contains(a.Said, "connection refused") || strings.Contains(a.Said, "T0LAB") {
		t.Errorf("unreachable: %+v", a)
	}
}

// TestTestAlertIsKeptBack by a silence that somebody forgot.
func TestTestAlertIsKeptBack(t *testing.T) {
	r := slack.Start()
	defer r.Close()
	x := testedAlertmanager(t, r.Webhook())
	post(t, "http://"+x.address+"/api/v2/silences", `{"matchers":[{"name":"severity","value":"critical","isRegex":false}],"startsAt":"`+time.Now().Format(time.RFC3339)+
		`","endsAt":"`+time.Now().Add(time.Hour).Format(time.RFC3339)+`","createdBy":"kim","comment":"weekend"}`)
	if got := x.send(t, installer.AlertTest{}); got.Err == nil || !strings.Contains(got.Err.Error(), "a silence keeps it back") {
		t.Errorf("%+v", got)
	}
	if got := x.send(t, installer.AlertTest{Severity: "warning"}); got.Err != nil {
		t.Errorf("the silence is not of this one: %+v", got)
	}
	if len(r.Messages()) != 2 {
		t.Errorf("%d messages", len(r.Messages()))
	}
}

// TestTestAlertBesideOthers: the failure of another alert's message is not this one's.
func TestTestAlertBesideOthers(t *testing.T) {
	r := slack.Start()
	defer r.Close()
	x := testedAlertmanager(t, r.Webhook())
	r.Say(slack.NoService)
	fire(t, x.address, mysqlDown("critical"))
	until(t, "the failure", func() bool { return len(r.Messages()) > 0 })
	r.Say(slack.OK)
	if got := x.send(t, installer.AlertTest{}); got.Err != nil {
		t.Errorf("%+v", got)
	}
}
