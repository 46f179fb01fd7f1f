package slack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/lab/slack"
	"github.com/monctl/monctl/templates"
)

// alertmanager starts a real Alertmanager with the configuration that an inventory gives, and gives its address. Only the
// waiting for more alerts is cut short.
func alertmanager(t *testing.T, webhook string) string {
	t.Helper()
	program, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		t.Skip("prometheus-alertmanager is not in PATH (Debian: package prometheus-alertmanager)")
	}
	address, _ := start(t, program, webhook)
	return address
}

// start is alertmanager with a program of the caller's; it gives the file with its log, too.
func start(t *testing.T, program, webhook string) (address, logFile string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	l.Close()
	dir := t.TempDir()
	logFile = filepath.Join(dir, "log")
	for path, content := range configuration(t, webhook, l.Addr().(*net.TCPAddr).Port) {
		path = strings.NewReplacer("/etc/monctl/alertmanager", dir, "/var/lib/monctl/alertmanager", dir).Replace(path)
		content = strings.NewReplacer("/var/lib/monctl/alertmanager", dir, "group_wait: 10s", "group_wait: 0s", "group_wait: 30s", "group_wait: 0s", "group_interval: 5m", "group_interval: 1s", "group_interval: 5s", "group_interval: 1s").Replace(content)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(logFile)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--config.file="+dir+"/alertmanager.yml", "--storage.path="+dir+"/data", "--web.listen-address="+address,
		"--web.external-url=http://mon.example.org:9093", "--web.route-prefix=/", "--cluster.listen-address=")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
		if text, err := os.ReadFile(logFile); err == nil && t.Failed() {
			t.Log(string(text))
		}
	})
	until(t, "Alertmanager is ready", func() bool { return get("http://"+address+"/-/ready") != "" })
	return address, logFile
}

// configuration gives the files below Alertmanager's folders.
func configuration(t *testing.T, webhook string, port int) map[string]string {
	t.Helper()
	stack := stackOf(t, webhook, port).With(map[string]templates.Arch{"mon": templates.AMD64}, map[string]release.Release{
		"alertmanager": {Component: "alertmanager", Version: "0.0.0", Files: map[templates.Arch]release.File{templates.AMD64: {}}},
	})
	list, err := stack.Resources("mon", func() string { return "drawn" })
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, r := range list {
		if f, ok := r.(resource.File); ok && strings.Contains(f.Path, "/alertmanager/") {
			files[f.Path] = string(f.Content)
		}
	}
	return files
}

// stackOf is an Alertmanager with Slack and nothing else.
func stackOf(t *testing.T, webhook string, port int) *desired.Stack {
	t.Helper()
	t.Setenv("SLACK_WEBHOOK", webhook)
	inv, err := inventory.Parse("monctl.yaml", fmt.Appendf(nil, `hosts: {mon: {address: 10.0.0.1, components: [alertmanager]}}
components:
  alertmanager: {port: %d, slack: {channel: "#ops", webhook: {env: SLACK_WEBHOOK}}}
`, port))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := templates.Load("")
	if err != nil {
		t.Fatal(err)
	}
	stack, err := desired.StackOf(inv, catalog)
	if err != nil {
		t.Fatal(err)
	}
	return stack
}

func get(address string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return ""
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return ""
	}
	return string(body) + " "
}

func until(t *testing.T, what string, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !true(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

type alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
	EndsAt       *time.Time        `json:"endsAt,omitempty"`
}

func fire(t *testing.T, address string, alerts ...alert) {
	t.Helper()
	body, err := json.Marshal(alerts)
	if err != nil {
		t.Fatal(err)
	}
	post(t, "http://"+address+"/api/v2/alerts", string(body))
}

func post(t *testing.T, address, body string) {
	t.Helper()
	resp, err := http.Post(address, "application/json", strings.NewReader(body)) //nolint:noctx // loopback
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
}

func mysqlDown(severity string) alert {
	return alert{
		Labels:       map[string]string{"alertname": "MySQLDown", "instance": "db1", "severity": severity},
		Annotations:  map[string]string{"summary": "no login on db1", "description": "It refuses the account.", "runbook_url": "https://runbooks.example.org/#mysqldown"},
		GeneratorURL: "http://prometheus.example.org/graph?g0.expr=mysql_up",
	}
}

func TestMessage(t *testing.T) {
	r := slack.Start()
	defer r.Close()
	am := alertmanager(t, r.Webhook())
	firing := mysqlDown("critical")
	fire(t, am, firing)
	until(t, "a message", func() bool { return len(r.Messages()) > 0 })
	m := r.Messages()[0]
	if len(m.Attachments) != 1 || m.Channel != "#ops" {
		t.Fatalf("%+v", m)
	}
	a := m.Attachments[0]
	if a.Color != "#e01e5a" || a.Title != "Critical: MySQLDown on db1" || a.Fallback != a.Title || a.TitleLink != "http://mon.example.org:9093/#/alerts?receiver=slack" {
		t.Errorf("%+v", a)
	}
	for _, part := range []string{"*no login on db1*", "It refuses the account.", "<http://prometheus.example.org/graph?g0.expr=mysql_up|Query>", ":rotating_light:"} {
		if !strings.Contains(a.Text, part) {
			t.Errorf("no %q in %q", part, a.Text)
		}
	}
	if len(a.Actions) != 2 || a.Actions[0].Text != "Silence" || a.Actions[1].URL != "https://runbooks.example.org/#mysqldown" {
		t.Fatalf("%+v", a.Actions)
	}
	_, filter, _ := strings.Cut(a.Actions[0].URL, "#/silences/new?filter=")
	if decoded, err := url.QueryUnescape(filter); err != nil || decoded != `{alertname="MySQLDown",instance="db1",severity="critical"}` {
		t.Errorf("silence button: %s (%v)", decoded, err)
	}
	now := time.Now()
	firing.EndsAt = &now
	fire(t, am, firing)
	until(t, "a second message", func() bool { return len(r.Messages()) > 1 })
	if a := r.Messages()[1].Attachments[0]; a.Color != "#2eb67d" || !strings.HasPrefix(a.Title, "Resolved: MySQLDown") || !strings.Contains(a.Text, ":white_check_mark:") {
		t.Errorf("%+v", a)
	}
	if refused := r.Refused(); len(refused) > 0 {
		t.Error(refused)
	}
}

// TestCauseSilencesWhatFollows: while a host is down, nothing else of that host is sent, and all of others is.
func TestCauseSilencesWhatFollows(t *testing.T) {
	r := slack.Start()
	defer r.Close()
	am := alertmanager(t, r.Webhook())
	named := func(name, instance, severity string) alert {
		return alert{Labels: map[string]string{"alertname": name, "instance": instance, "severity": severity}, Annotations: map[string]string{"summary": name}}
	}
	fire(t, am, named("HostDown", "db1", "critical"))
	until(t, "the cause", func() bool { return len(r.Messages()) > 0 })
	fire(t, am, mysqlDown("warning"), named("TargetDown", "db1", "warning"), named("TargetDown", "db2", "warning"))
	until(t, "the other host", func() bool {
		for _, m := range r.Messages() {
			if strings.Contains(m.Attachments[0].Title, "TargetDown on db2") {
				return true
			}
		}
		return false
	})
	until(t, "both are inhibited", func() bool {
		return strings.Count(get("http://"+am+"/api/v2/alerts?inhibited=true&active=false"), `"alertname"`) == 2
	})
	for _, m := range r.Messages() {
		if title := m.Attachments[0].Title; strings.Contains(title, "db1") && !strings.Contains(title, "HostDown") {
			t.Errorf("sent: %s", title)
		}
	}
}

// TestRefusalsAreCounted: what Slack answers to a revoked or damaged webhook is in the metric that an alert watches.
func TestRefusalsAreCounted(t *testing.T) {
	r := slack.Start()
	defer r.Close()
	am := alertmanager(t, r.Webhook())
	for n, answer := range []slack.Answer{slack.NoService, slack.InvalidToken} {
		r.Say(answer)
		a := mysqlDown("critical")
		a.Labels["instance"] = fmt.Sprint("db", n)
		fire(t, am, a)
		until(t, "a failed notification for "+answer.Body, func() bool {
			return strings.Contains(get("http://"+am+"/metrics"), fmt.Sprintf(`alertmanager_notifications_failed_total{integration="slack"} %d`, n+1)) ||
				strings.Contains(get("http://"+am+"/metrics"), `alertmanager_notifications_failed_total{integration="slack",reason="clientError"} `+fmt.Sprint(n+1))
		})
	}
}
