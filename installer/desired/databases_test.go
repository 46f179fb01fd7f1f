package desired

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet/resource"
)

// passwords are hard on sh, systemd, YAML, SQL and INI files.
var passwords = []string{
	"plain", `pa#ss;w"o'r` + "`" + `d $HOME ${A} \ ä %s`, `' OR '1'='1`, `\'; DROP TABLE x; --`, `"quoted"`, `$(touch x)`, "`id`", "two words",
	"#", "--help", "日本", "a\\", `!*?[a]{b,c}~`, "|&<>()", ":x", "'", `\`, "%41", "=",
}

// database is a real server in a folder of its own.
type database struct {
	t     *testing.T
	dir   string
	port  int
	admin string // the administrator's password
}

func newDatabase(t *testing.T) *database {
	t.Helper()
	dir, err := os.MkdirTemp("", "db") // short, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return &database{t: t, dir: dir, port: freePort(t), admin: passwords[1]}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// need finds a program, or skips.
func need(t *testing.T, name, debian string, folders ...string) string {
	t.Helper()
	for _, dir := range folders {
		if found, _ := filepath.Glob(filepath.Join(dir, name)); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	program, err := exec.LookPath(name)
	if err != nil {
		t.Skip(name + " is not in PATH (Debian: package " + debian + ")")
	}
	return program
}

// serve starts a server and ends it with the test.
func (d *database) serve(cmd *exec.Cmd) {
	d.t.Helper()
	log, err := os.Create(filepath.Join(d.dir, "log"))
	if err != nil {
		d.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGQUIT) // PostgreSQL: at once
		done := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		done.Stop()
	})
}

// ready waits for a command to succeed.
func (d *database) ready(name string, args ...string) {
	d.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for {
		out, err := exec.Command(name, args...).CombinedOutput()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(d.dir, "log"))
			d.t.Fatalf("%v\n%s\n%s", err, out, log)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// script renders the account script of an exporter whose settings are given, with its secrets in the database's folder.
func (d *database) script(component, settings, password string) resource.Script {
	d.t.Helper()
	d.t.Setenv("MONCTL_TEST_ADMIN", d.admin)
	d.t.Setenv("MONCTL_TEST_PASSWORD", password)
	s := good(d.t, fmt.Sprintf("hosts: {h: {address: 10.0.0.1, components: [%s]}}\ncomponents: {%s: {%s}}\n", component, component, settings))
	list, err := s.Resources("h", drawn)
	if err != nil {
		d.t.Fatal(err)
	}
	var script resource.Script
	for _, r := range list {
		switch r := r.(type) {
		case resource.File:
			if r.Secret {
				d.write(filepath.Base(r.Path), r.Content)
			}
		case resource.Script:
			script = r
		}
	}
	if script.Name == "" {
		d.t.Fatal("no script")
	}
	place := strings.NewReplacer("/etc/monctl/"+component, d.dir)
	script.Look, script.Run = place.Replace(script.Look), place.Replace(script.Run)
	return script
}

func (d *database) write(name string, content []byte) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, name), content, 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// look gives what the look of a script says; "" when all is well.
func (d *database) look(s resource.Script) string {
	out, err := exec.Command("sh", "-c", s.Look).CombinedOutput()
	if err == nil {
		return ""
	}
	return "not well: " + string(out)
}

// run runs a script as a host does; the error has what it said.
func (d *database) run(s resource.Script) error {
	d.t.Helper()
	d.write("run.env", s.Env)
	d.write("run.sh", []byte(s.Run))
	out, err := exec.Command("sh", "-c", `set -a && . "$1/run.env" && set +a && exec sh -- "$1/run.sh" </dev/null`, "sh", d.dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// spy puts a program of the same name before a client in PATH, which notes the words it is called with.
func (d *database) spy(client string) (argv func() string) {
	d.t.Helper()
	real := need(d.t, client, client)
	bin := filepath.Join(d.dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		d.t.Fatal(err)
	}
	text := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$@\" >>%s/argv\nexec %s \"$@\"\n", d.dir, real)
	if err := os.WriteFile(filepath.Join(bin, client), []byte(text), 0o755); err != nil {
		d.t.Fatal(err)
	}
	d.t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return func() string {
		b, _ := os.ReadFile(filepath.Join(d.dir, "argv"))
		return string(b)
	}
}

func (d *database) address(host string) string { return net.JoinHostPort(host, strconv.Itoa(d.port)) }

// refusal checks an error of a script: its cause is there, and no password.
func (d *database) refusal(err error, password string, causes ...string) {
	d.t.Helper()
	if err == nil {
		d.t.Fatal("no error")
	}
	found := false
	for _, c := range causes {
		found = found || strings.Contains(err.Error(), c)
	}
	if !found {
		d.t.Errorf("want one of %q in: %v", causes, err)
	}
	for _, secret := range []string{password, d.admin} {
		if strings.Contains(err.Error(), secret) {
			d.t.Errorf("the error has a password: %v", err)
		}
	}
}
