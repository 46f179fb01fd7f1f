package acceptance

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// TestUnreachable: every way in which a host cannot be logged in to, or cannot be used.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	plain := take(t, "p1")[0]
	cases := []struct {
		name  string
		setUp func(t *testing.T, c *controller)
		code  int
		words []string
	}{
		{"nobody there", func(t *testing.T, c *controller) {
			c.inventory(t, strings.Replace(only(h, "node_exporter"), h.Address, strings.TrimSuffix(lab.Gateway(), ".1")+".250", 1))
		}, failed, []string{"unreachable", ".250:22", "firewalls"}},
		{"cable pulled", func(t *testing.T, c *controller) {
			if err := h.Cut(t.Context()); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { mend(t, h) })
		}, failed, []string{"unreachable", h.Address}},
		{"port refused", func(t *testing.T, c *controller) {
			c.inventory(t, strings.Replace(only(h, "node_exporter"), "{", "{port: 2222, ", 1))
		}, failed, []string{"port refused", h.Address + ":2222", "sshd runs"}},
		{"another server", func(t *testing.T, c *controller) {
			_, port, _ := strings.Cut(strings.TrimPrefix(lab.url, "http://"), ":")
			c.inventory(t, "hosts: {gateway: {address: "+lab.Gateway()+", port: "+port+", components: [node_exporter]}}\n")
		}, failed, []string{"not an SSH server", "port"}},
		{"unknown name", func(t *testing.T, c *controller) {
			c.inventory(t, strings.Replace(only(h, "node_exporter"), h.Address, "no-such-host.invalid", 1))
		}, failed, []string{"no-such-host.invalid", "does not resolve"}},
		{"wrong key", func(t *testing.T, c *controller) {
			c.ssh(t, "User ubuntu", "IdentityFile "+newKey(t), "IdentitiesOnly yes", "UserKnownHostsFile "+lab.KnownHosts())
		}, failed, []string{"login refused", "ubuntu"}},
		{"host key changed", func(t *testing.T, c *controller) {
			c.flags["known-hosts"] = c.write(t, "known", h.Address+" "+publicKey(t, newKey(t)))
		}, refused, []string{"host key has changed", "SHA256:", "ssh-keygen -R"}},
		{"host key unknown and nobody to ask", func(t *testing.T, c *controller) {
			c.flags["known-hosts"] = c.write(t, "known", "")
		}, refused, []string{"host key is unknown", fingerprint(t, h), "monctl trust " + h.Address}},
		{"sudo wants a password and nobody to ask", func(t *testing.T, c *controller) {
			c.login(t, h, "pat")
		}, refused, []string{"sudo wants a password", "terminal"}},
		{"no right to sudo", func(t *testing.T, c *controller) {
			// Without this line sudo asks for a password first, as it does for everybody.
			on(t, h, "echo 'Defaults:nosudo !authenticate' >/etc/sudoers.d/test")
			t.Cleanup(func() { on(t, h, "rm /etc/sudoers.d/test") })
			c.login(t, h, "nosudo")
		}, failed, []string{"sudo", "sudo or wheel"}},
		{"no systemd", func(t *testing.T, c *controller) {
			c.inventory(t, only(plain, "node_exporter"))
		}, refused, []string{"p1", "systemd is not the init system"}},
		{"unknown machine", func(t *testing.T, c *controller) {
			standInUname(t, h)
		}, refused, []string{"riscv64", "amd64, arm64 and armv7"}},
	}
	for _, bad := range cases {
		t.Run(bad.name, func(t *testing.T) {
			c := newController(t, only(h, "node_exporter"))
			c.shortTimeout(t)
			bad.setUp(t, c)
			before, plainBefore := stateOf(t, h), stateOf(t, plain)
			c.run(t, "plan").want(t, bad.code, bad.words...)
			c.run(t, "install", "--yes").want(t, bad.code, bad.words...)
			same(t, h, before)
			same(t, plain, plainBefore)
		})
	}
}

// TestSudoPassword: asked once on a terminal, never shown, wrong ones tried once.
func TestSudoPassword(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	before := stateOf(t, h)
	c := newController(t, "")
	c.login(t, h, "pat")

	wrong := c.beginOn(t, "install", "--yes")
	wrong.waitFor(t, "sudo password")
	wrong.answer(t, "not-the-password")
	o := wrong.end(t).want(t, failed, "sudo refused the password")
	if strings.Contains(o.String(), "not-the-password") {
		t.Errorf("the password is shown:\n%s", o)
	}
	same(t, h, before)

	right := c.beginOn(t, "install", "--yes")
	right.waitFor(t, "sudo password")
	right.answer(t, lab.Password)
	o = right.end(t).want(t, done, "installed and proven")
	if strings.Contains(o.String(), lab.Password) {
		t.Errorf("the password is shown:\n%s", o)
	}
}

// login is an inventory of one host with another login.
func (c *controller) login(t *testing.T, h *hosts.Host, user string) {
	t.Helper()
	c.inventory(t, strings.Replace(only(h, "node_exporter"), "{", "{user: "+user+", ", 1))
}

// ssh is the whole ssh_config of a controller.
func (c *controller) ssh(t *testing.T, lines ...string) {
	t.Helper()
	c.flags["ssh-config"] = c.write(t, "ssh_config", "Host *\n  "+strings.Join(lines, "\n  ")+"\n")
}

// shortTimeout gives up hosts that do not answer soon.
func (c *controller) shortTimeout(t *testing.T) {
	t.Helper()
	c.ssh(t, "ConnectTimeout 4", "Include "+lab.SSHConfig())
}

func mend(t *testing.T, h *hosts.Host) {
	t.Helper()
	if err := h.Mend(context.WithoutCancel(t.Context())); err != nil { // also when the test is over
		t.Error(err)
	}
}

// newKey makes a key that no host knows.
func newKey(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	tool(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file)
	return file
}

func publicKey(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func fingerprint(t *testing.T, h *hosts.Host) string {
	t.Helper()
	out := tool(t, "ssh-keygen", "-lf", filepath.Join(h.Root(), "etc/ssh/ssh_host_ed25519_key.pub"))
	return strings.Fields(out)[1]
}

// tool runs a program of this machine.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatal(fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out))
	}
	return string(out)
}

// standInUname puts a stand-in for uname early in the PATH of a host: no lab has such a machine.
func standInUname(t *testing.T, h *hosts.Host) {
	t.Helper()
	on(t, h, `printf '#!/bin/sh\n/usr/bin/uname "$@" | sed s/x86_64/riscv64/\n' >/usr/local/sbin/uname && chmod 755 /usr/local/sbin/uname`)
	t.Cleanup(func() { on(t, h, "rm /usr/local/sbin/uname") })
}
