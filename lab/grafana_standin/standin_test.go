package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/lab/grafana_standin/files"
)

// home unpacks what the archive holds beside the program.
func home(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files.All() {
		write(t, filepath.Join(dir, name), text)
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

func TestSettingsOverrideEachOther(t *testing.T) {
	dir := home(t)
	secret, ini := filepath.Join(dir, "secret"), filepath.Join(dir, "grafana.ini")
	write(t, secret, "from-file\n")
	write(t, ini, "; comment\n[server]\nhttp_port = 3001\n[security]\nadmin_password = $__file{"+secret+"}\n[paths]\nlogs = \"/from/ini\"\n")
	set, err := load(dir, ini,
		[]string{"cfg:default.paths.logs=/from/default", "cfg:default.paths.data=/d", "cfg:server.http_port=3003"},
		[]string{"GF_SERVER_HTTP_PORT=3002", "GF_AUTH_ANONYMOUS_ENABLED=true", "HOME=/x"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"server.http_port": "3003", "security.admin_password": "from-file", "paths.logs": "/from/ini",
		"paths.data": "/d", "auth.anonymous.enabled": "true", "security.admin_user": "admin",
	} {
		if got := set.get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestSettingsAreStrict(t *testing.T) {
	dir := home(t)
	cases := []struct{ ini, argument, variable, want string }{
		{ini: "[server]\nhttp_prot = 1\n", want: `grafana.ini:2: unknown setting "server.http_prot"`},
		{ini: "[sevrer]\nhttp_port = 1\n", want: `unknown setting "sevrer.http_port"`},
		{ini: "[server]\nhttp_port\n", want: "neither [section] nor key = value"},
		{ini: "[security]\nadmin_password = $__file{/nonexistent}\n", want: "/nonexistent"},
		{argument: "default.paths.data=/d", want: "want cfg:section.key=value"},
		{argument: "cfg:default.path.data=/d", want: `unknown setting "path.data"`},
		{variable: "GF_SECURITY_ADMIN_PASSWORD__FILE=/x", want: "container image only"},
		{variable: "GF_SECURITY_PASWORD=x", want: "no such setting"},
	}
	for _, c := range cases {
		ini := filepath.Join(dir, "grafana.ini")
		write(t, ini, c.ini)
		var arguments []string
		if c.argument != "" {
			arguments = []string{c.argument}
		}
		if _, err := load(dir, ini, arguments, []string{c.variable}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestProvisioningIsStrict(t *testing.T) {
	const one = "apiVersion: 1\ndatasources:\n- {name: P, type: prometheus, uid: p, url: http://p.example:9090}\n"
	cases := map[string]string{
		"apiVersion: 2\n":                            "apiVersion is 2",
		strings.ReplaceAll(one, "uid", "uidd"):       "uidd",
		one + "- {name: Q, type: x, access: side}\n": "want proxy or direct",
		one + "- {name: P, type: x}\n":               "there twice",
		one + "- {name: Q, type: x, isDefault: true}\n- {name: R, type: x, isDefault: true}\n": "only one datasource",
		one + "- {type: x}\n":                         "no name",
		one + "- {name: Q, type: x, url: 'p:9090'}\n": "is not one",
	}
	for text, want := range cases {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "a.yaml"), text)
		if _, err := readDatasources(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

// fixture is a stand-in with a datasource that answers and one that does not, and a dashboard.
func fixture(t *testing.T, log io.Writer) (*server, *httptest.Server) {
	t.Helper()
	prometheus := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"status":"success","data":"`+r.URL.Path+r.Header.Get("Authorization")+`"}`)
	}))
	t.Cleanup(prometheus.Close)
	dir := home(t)
	conf := filepath.Join(dir, "conf/provisioning")
	write(t, filepath.Join(conf, "datasources/p.yaml"), "apiVersion: 1\nprune: true\ndatasources:\n"+
		"- {name: P, type: prometheus, uid: p, isDefault: true, url: '"+prometheus.URL+"'}\n"+
		"- {name: Dead, type: prometheus, uid: dead, url: 'http://127.0.0.1:1'}\n")
	boards := filepath.Join(dir, "boards")
	write(t, filepath.Join(conf, "dashboards/d.yaml"),
		"apiVersion: 1\nproviders:\n- {name: d, type: file, folder: Nodes, options: {path: '"+boards+"'}}\n")
	write(t, filepath.Join(boards, "node.json"), `{"uid":"n","title":"Node (all)","panels":[{"datasource":{"uid":"p"},"targets":[{"datasource":{"uid":"gone"}}]},{"datasource":{"uid":"${ds}"}}]}`)
	write(t, filepath.Join(boards, "untitled.json"), `{"uid":"u"}`)
	set, err := load(dir, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	users, err := openStore(filepath.Join(dir, "data"), "admin", "secret")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{settings: set, store: users, version: "13.2.3", log: slog.New(slog.NewTextHandler(log, nil))}
	if err := s.provision(); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.routes())
	t.Cleanup(web.Close)
	return s, web
}

func TestAPI(t *testing.T) {
	var log strings.Builder
	_, web := fixture(t, &log)
	cases := []struct {
		call, user string
		status     int
		body       string
	}{
		{"GET /api/health", "", 200, `"database":"ok"`},
		{"GET /login", "", 200, "not Grafana"},
		{"GET /api/datasources", "", 401, `"messageId":"auth.unauthorized"`},
		{"GET /api/datasources", "wrong", 401, `"Invalid username or password"`},
		{"GET /api/datasources", "secret", 200, `"uid":"p"`},
		{"GET /api/datasources/uid/p", "secret", 200, `"readOnly":true`},
		{"GET /api/datasources/uid/x", "secret", 404, "Data source not found"},
		{"GET /api/datasources/uid/p/health", "secret", 200, `"status":"OK"`},
		{"GET /api/datasources/uid/dead/health", "secret", 400, `"status":"ERROR"`},
		{"GET /api/datasources/proxy/uid/p/api/v1/query?query=up", "secret", 200, `"data":"/api/v1/query"`},
		{"GET /api/search?query=node", "secret", 200, `"url":"/d/n/node-all"`},
		{"GET /api/dashboards/uid/n", "secret", 200, `"provisioned":true`},
		{"GET /api/dashboards/uid/u", "secret", 404, "Dashboard not found"},
		{"POST /api/admin/provisioning/datasources/reload", "secret", 200, "Datasources config reloaded"},
		{"GET /api/unheard-of", "secret", 404, "Not found"},
		{"PUT /api/admin/users/1/password {\"password\":\"changed\"}", "secret", 200, "User password updated"},
		{"GET /api/user", "secret", 401, ""},
		{"GET /api/user", "changed", 200, `"login":"admin"`},
	}
	for _, c := range cases {
		status, body := call(t, web.URL, c.call, c.user)
		if status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s as %q: %d %s; want %d %s", c.call, c.user, status, body, c.status, c.body)
		}
	}
	for _, want := range []string{"datasource=gone", "dashboard title cannot be empty"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, log.String())
		}
	}
}

// call makes a request given as "METHOD /path body" with the admin's password.
func call(t *testing.T, base, what, password string) (int, string) {
	t.Helper()
	method, rest, _ := strings.Cut(what, " ")
	path, body, _ := strings.Cut(rest, " ")
	request, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if password != "" {
		request.SetBasicAuth("admin", password)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestPasswordCountsAtFirstStartOnly(t *testing.T) {
	dir := t.TempDir()
	if _, err := openStore(dir, "admin", "first"); err != nil {
		t.Fatal(err)
	}
	users, err := openStore(dir, "admin", "second")
	if err != nil {
		t.Fatal(err)
	}
	if !users.accepts("admin", "first") || users.accepts("admin", "second") {
		t.Error("a second start took the settings' password")
	}
}

func TestBadReloadKeepsWhatWasInForce(t *testing.T) {
	s, web := fixture(t, io.Discard)
	write(t, filepath.Join(s.settings.path("paths.provisioning"), "datasources/q.yaml"), "apiVersion: 1\nsurprise: yes\n")
	if status, _ := call(t, web.URL, "POST /api/admin/provisioning/datasources/reload", "secret"); status != 500 {
		t.Errorf("a bad file reloads with %d", status)
	}
	_, body := call(t, web.URL, "GET /api/datasources", "secret")
	var list []map[string]any
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 2 {
		t.Errorf("after a bad reload: %s", body)
	}
}
