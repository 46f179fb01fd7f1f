package faults

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
)

// site is a lab with a stack of its own: everything on the first host, an exporter on all.
type site struct {
	*hosts.Lab
	name string
	want hosts.Options
	dir  string // of the inventory
	url  string // of the mirror
	// prometheus is what the inventory says of it. What a fault does differs from one version to another.
	prometheus string
}

// take gives a stack that nobody else breaks until the test ends.
func take(t *testing.T) *site {
	t.Helper()
	s := <-lab.free
	t.Cleanup(func() { lab.free <- s })
	return s
}

func (s *site) boot(ctx context.Context) (err error) {
	if !keep { // of a run that was killed
		if err := hosts.Down(ctx, "", s.name); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	s.Lab, err = hosts.Up(ctx, s.want)
	return err
}

// server is the host that has Prometheus, Alertmanager and Grafana.
func (s *site) server() *hosts.Host { return s.Hosts[0] }

// install puts the stack that is broken afterwards on the hosts.
func (s *site) install(ctx context.Context) error {
	listener, err := net.Listen("tcp", net.JoinHostPort(s.Gateway(), "0"))
	if err != nil {
		return err
	}
	s.url = "http://" + listener.Addr().String()
	go func() { _ = http.Serve(listener, lab.mirror.Handler()) }() // until the process ends
	if _, err := os.Stat(filepath.Join(s.dir, "monctl.lock")); err == nil {
		return nil // by an earlier run
	}
	text := "components: {prometheus: {" + s.prometheus + "}}\nhosts:\n"
	for _, h := range s.Hosts {
		components := "node_exporter"
		if h == s.server() {
			components = "prometheus, grafana, alertmanager, node_exporter"
		}
		text += "  " + h.Name + ": {address: " + h.Address + ", components: [" + components + "]}\n"
	}
	if err := os.WriteFile(filepath.Join(s.dir, "monctl.yaml"), []byte(text), 0o600); err != nil {
		return err
	}
	if o := s.run(ctx, "install", "--yes"); o.code != 0 {
		return fmt.Errorf("%s: install: exit %d\n%s%s", s.name, o.code, o.stdout, o.stderr)
	}
	return s.prepare(ctx)
}

// receiver gives the host of Alertmanager somebody to notify. What it has keeps from being a note.
const receiver = `
mkdir -p /srv/receiver
systemd-run --quiet --unit=receiver /usr/local/bin/busybox httpd -f -p 127.0.0.1:9099 -h /srv/receiver
printf '    webhook_configs: [{url: http://127.0.0.1:9099/alerts}]\n' >>/etc/monctl/alertmanager/alertmanager.yml
systemctl kill --kill-whom=main -s HUP monctl-alertmanager
`

// prepare gives every host the web server and a copy of its configuration.
func (s *site) prepare(ctx context.Context) error {
	program, err := os.ReadFile(lab.busybox)
	if err != nil {
		return err
	}
	for _, h := range s.Hosts {
		if err := os.WriteFile(filepath.Join(h.Root(), "usr/local/bin/busybox"), program, 0o755); err != nil {
			return err
		}
		script := "cp -a /etc/monctl /root/kept"
		if h == s.server() {
			script = receiver + script
		}
		if out, err := h.Exec(ctx, script); err != nil {
			return fmt.Errorf("%w\n%s", err, out)
		}
	}
	return nil
}

// outcome is what a command did.
type outcome struct {
	code           int
	stdout, stderr string
}

// run is one command of monctl in the folder of the inventory. A code of -1 is a command that did not end by itself.
func (s *site) run(ctx context.Context, args ...string) outcome {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	args = append(args, "--ssh-config="+s.SSHConfig(), "--cache-dir="+filepath.Join(lab.dir, "cache"),
		"--catalog="+lab.catalog(), "--mirror="+s.url)
	cmd := exec.CommandContext(ctx, lab.monctl, args...)
	cmd.Dir, cmd.Env = s.dir, []string{"HOME=" + s.dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		return outcome{-1, "", err.Error()}
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
