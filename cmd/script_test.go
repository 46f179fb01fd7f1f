package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"monctl": func() { os.Exit(Main(os.Args[1:], ui.Std())) },
	})
}

// TestScripts runs the built command with real files, pipes and terminals. Hosts are SSH servers on loopback; none of
// the scripts changes one, because what they would change is this machine.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"HOME", "XDG_CACHE_HOME"} {
				env.Setenv(name, env.WorkDir+"/home")
			}
			for _, name := range []string{"SSH_AUTH_SOCK", "NO_COLOR", "MONCTL_FILE"} {
				env.Setenv(name, "")
			}
			env.Setenv("TERM", "xterm")
			env.Values[serversOf{}] = map[string]*fleettest.Server{}
			return os.Mkdir(env.WorkDir+"/home", 0o700)
		},
		Condition: func(name string) (bool, error) {
			if name != "systemd" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			_, err := os.Stat("/run/systemd/system")
			return err == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"sshd":  func(ts *testscript.TestScript, _ bool, args []string) { sshd(t, ts, args) },
			"newkey": func(ts *testscript.TestScript, _ bool, args []string) {
				servers(ts)[args[0]].ChangeHostKey(t)
			},
			"grafanacom": func(ts *testscript.TestScript, _ bool, _ []string) { grafanaComStandin(t, ts) },
			"closedport": closedPort,
			"waitready":  waitReady,
			"waitfor":    waitFor,
			"waitfile":   waitFile,
			"hup":        hup,
			"jsonlines":  jsonLines,
		},
	})
}

// waitReady ADDRESS waits until a monitor answers there.
func waitReady(ts *testscript.TestScript, neg bool, args []string) {
	waitFor(ts, neg, []string{args[0] + "/-/ready", ""})
}

// waitFor ADDRESS/PATH TEXT waits until what is answered there holds the text.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	var last string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get("http://" + args[0])
		if err != nil {
			last = err.Error()
			continue
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		last = string(text)
		if err == nil && resp.StatusCode == http.StatusOK && strings.Contains(last, args[1]) {
			return
		}
	}
	ts.Fatalf("%s does not answer %q: %.300s", args[0], args[1], last)
}

// hup sends SIGHUP to what runs in the background.
func hup(ts *testscript.TestScript, _ bool, _ []string) {
	for _, c := range ts.BackgroundCmds() {
		ts.Check(c.Process.Signal(syscall.SIGHUP))
	}
}

// waitFile NAME waits until there is such a file with something in it.
func waitFile(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if info, err := os.Stat(ts.MkAbs(args[0])); err == nil && info.Size() > 0 {
			return
		}
	}
	ts.Fatalf("there is no %s", args[0])
}

// exits CODE COMMAND… runs a command and wants exactly this exit code. Its output is that of exec.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	if args[0] == "0" {
		ts.Check(ts.Exec(args[1], args[2:]...))
		return
	}
	err := ts.Exec(args[1], args[2:]...)
	if err == nil || err.Error() != "exit status "+args[0] {
		ts.Fatalf("want exit status %s, got: %v", args[0], err)
	}
}

// serversOf is the key of the SSH servers of a script, by name.
type serversOf struct{}

func servers(ts *testscript.TestScript) map[string]*fleettest.Server {
	return ts.Value(serversOf{}).(map[string]*fleettest.Server)
}

// sshd NAME… starts hosts on loopback and writes ssh_config and known_hosts for them.
func sshd(t *testing.T, ts *testscript.TestScript, names []string) {
	var config, known strings.Builder
	for _, name := range names {
		s := fleettest.Start(t, fleettest.Options{})
		servers(ts)[name] = s
		fmt.Fprintf(&config, "Host %s\n  HostName 127.0.0.1\n  Port %d\n  IdentityFile %s\n  User tester\n", name, s.Port(), s.Key())
		text, err := os.ReadFile(s.KnownHosts())
		ts.Check(err)
		known.Write(text)
		ts.Setenv("port_"+name, fmt.Sprint(s.Port()))
	}
	ts.Check(os.WriteFile(ts.MkAbs("ssh_config"), []byte(config.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("known_hosts"), []byte(known.String()), 0o600))
}

// grafanaComStandin sets $SITE to an HTTP stand-in for grafana.com: dashboard 7 has the revisions 1 and 2, files of the
// script; 8 is a web page, 9 is larger than any dashboard, and there are no others.
func grafanaComStandin(t *testing.T, ts *testscript.TestScript) {
	large := strings.Repeat(" ", 5<<20)
	mux := http.NewServeMux()
	answer := func(path, body string) {
		mux.HandleFunc("GET /api/dashboards/"+path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
	}
	answer("7", `{"id": 7, "name": "Seven", "revision": 2}`)
	answer("7/revisions/1/download", ts.ReadFile("seven1.json"))
	answer("7/revisions/2/download", ts.ReadFile("seven2.json"))
	for id, body := range map[string]string{"8": "<!DOCTYPE html><html><body>Sign in</body></html>", "9": large} {
		answer(id, `{"id": 1, "name": "Odd", "revision": 1}`)
		answer(id+"/revisions/1/download", body)
	}
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	ts.Setenv("SITE", site.URL)
}

// closedPort NAME sets $NAME to a port of loopback that nobody listens on.
func closedPort(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
	ts.Check(l.Close())
}

// jsonLines FILE CODE wants one object with a type per line, the last being the summary with this exit code.
func jsonLines(ts *testscript.TestScript, _ bool, args []string) {
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile(args[0]), "\n"), "\n")
	var last map[string]any
	for i, line := range lines {
		last = nil
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			ts.Fatalf("line %d is no JSON object: %v: %s", i+1, err, line)
		}
		kind, _ := last["type"].(string)
		if kind == "" || (kind == "summary") != (i == len(lines)-1) {
			ts.Fatalf("line %d has type %q: %s", i+1, kind, line)
		}
	}
	if got := fmt.Sprint(last["exit"]); got != args[1] {
		ts.Fatalf("the summary has exit %s, want %s", got, args[1])
	}
}

// TestEveryCommandIsDocumented wants examples and the exit status in the help of every command.
func TestEveryCommandIsDocumented(t *testing.T) {
	found, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var scripts strings.Builder
	for _, f := range found {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		scripts.Write(text)
	}
	for _, c := range newRoot(&globals{}).Commands() {
		if c.Name() == "help" || c.Name() == "completion" {
			continue
		}
		if c.Example == "" || c.Short == "" || c.GroupID == "" {
			t.Errorf("%s: no example, short text or group", c.Name())
		}
		if !strings.Contains(scripts.String(), "monctl "+c.Name()) {
			t.Errorf("%s: no script runs it", c.Name())
		}
	}
}
