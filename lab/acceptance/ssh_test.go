package acceptance

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// TestSSH: the ways to a host that people have in their ssh_config. That a plan can be made means that a root shell was
// opened there.
func TestSSH(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	key, known := "IdentityFile "+lab.Key(), "UserKnownHostsFile "+lab.KnownHosts()
	cases := []struct {
		name  string
		setUp func(t *testing.T, c *controller)
	}{
		{"root login", func(t *testing.T, c *controller) {
			c.login(t, h, "root")
			c.ssh(t, key, known)
		}},
		{"root login without sudo", func(t *testing.T, c *controller) {
			c.inventory(t, strings.Replace(only(h, "node_exporter"), "{", "{user: root, sudo: never, ", 1))
			c.ssh(t, key, known)
		}},
		{"key of the inventory", func(t *testing.T, c *controller) {
			c.inventory(t, strings.Replace(only(h, "node_exporter"), "{", "{user: ubuntu, key: "+lab.Key()+", ", 1))
			c.ssh(t, known)
		}},
		{"key in the agent", func(t *testing.T, c *controller) {
			c.agent(t)
			c.ssh(t, "User ubuntu", known)
		}},
		{"alias of ssh_config", func(t *testing.T, c *controller) {
			c.inventory(t, "hosts: {web: {address: web-alias, scrape_address: "+h.Address+", components: [node_exporter]}}\n")
			c.flags["ssh-config"] = c.write(t, "ssh_config", "Host web-alias\n  HostName "+h.Address+"\nHost *\n  User ubuntu\n  "+key+"\n  "+known+"\n")
		}},
		{"files of the home folder", func(t *testing.T, c *controller) {
			delete(c.flags, "ssh-config")
			dir := filepath.Join(c.dir, ".ssh")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			c.write(t, ".ssh/config", "Include conf.d/*\nMatch host 10.*\n  User ubuntu\n")
			if err := os.Mkdir(filepath.Join(dir, "conf.d"), 0o700); err != nil {
				t.Fatal(err)
			}
			c.write(t, ".ssh/conf.d/lab", "Host *\n  "+key+"\n")
			text, err := os.ReadFile(lab.KnownHosts())
			if err != nil {
				t.Fatal(err)
			}
			c.write(t, ".ssh/known_hosts", string(text))
		}},
		{"hashed known_hosts", func(t *testing.T, c *controller) {
			text, err := os.ReadFile(lab.KnownHosts())
			if err != nil {
				t.Fatal(err)
			}
			file := c.write(t, "known", string(text))
			tool(t, "ssh-keygen", "-q", "-H", "-f", file)
			if hashed, err := os.ReadFile(file); err != nil || strings.Contains(string(hashed), h.Address) {
				t.Fatalf("the file is not hashed: %v\n%s", err, hashed)
			}
			c.flags["known-hosts"] = file
		}},
		{"certificate authority", func(t *testing.T, c *controller) {
			c.flags["known-hosts"] = c.write(t, "known", "@cert-authority 10.* "+certify(t, h))
		}},
		{"trust", func(t *testing.T, c *controller) {
			c.flags["known-hosts"] = c.write(t, "known", "")
			c.run(t, "trust", h.Name).want(t, refused, fingerprint(t, h))
			c.run(t, "trust", h.Name, "--yes").want(t, done, fingerprint(t, h))
		}},
		{"accept new keys", func(t *testing.T, c *controller) {
			c.flags["known-hosts"], c.flags["accept-new-host-keys"] = c.write(t, "known", ""), "true"
		}},
	}
	for _, way := range cases {
		t.Run(way.name, func(t *testing.T) {
			c := newController(t, only(h, "node_exporter"))
			way.setUp(t, c)
			c.run(t, "plan").want(t, changes, "12 to create")
		})
	}
}

// TestJump: a host that only another one can reach, by ssh_config and by the inventory. All that monctl asks of the host
// travels the same way.
func TestJump(t *testing.T) {
	t.Parallel()
	all := take(t, "h1", "h2")
	jump, far := all[0], all[1]
	on(t, far, "ip route add blackhole "+lab.Gateway())
	t.Cleanup(func() { on(t, far, "ip route del blackhole "+lab.Gateway()) })
	settings := "components: {prometheus: {version: 2.42.0, scrape_interval: 2s}}\n"
	c := newController(t, only(far, "prometheus")+settings)
	c.shortTimeout(t)
	c.run(t, "plan").want(t, failed, "unreachable")

	c.flags["ssh-config"] = c.write(t, "with_jump", "Host "+far.Address+"\n  ProxyJump "+jump.Name+"\nHost *\n  Include "+lab.SSHConfig()+"\n")
	c.run(t, "plan").want(t, changes)
	c.flags["ssh-config"] = lab.SSHConfig()
	c.inventory(t, strings.Replace(only(far, "prometheus"), "{", "{jump: ubuntu@"+jump.Address+", ", 1)+settings)
	c.run(t, "install", "--yes").want(t, done, "1 of 1 target up")
	c.run(t, "status").want(t, done, "1/1 up")
}

// agent gives the controller an agent with the key of the lab, whose file it does not know.
func (c *controller) agent(t *testing.T) {
	t.Helper()
	socket := filepath.Join(c.dir, "agent")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = agent.Process.Kill()
		_ = agent.Wait()
	})
	eventually(t, "the agent", func() bool { _, err := os.Stat(socket); return err == nil })
	add := exec.Command("ssh-add", "-q", lab.Key())
	add.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket)
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("ssh-add: %v\n%s", err, out)
	}
	c.env = append(c.env, "SSH_AUTH_SOCK="+socket)
}

// certify lets an authority of the test sign the key of a host, and returns the authority's public key.
func certify(t *testing.T, h *hosts.Host) string {
	t.Helper()
	authority := newKey(t)
	key := filepath.Join(t.TempDir(), "host.pub")
	text, err := os.ReadFile(filepath.Join(h.Root(), "etc/ssh/ssh_host_ed25519_key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, text, 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "ssh-keygen", "-q", "-s", authority, "-I", h.Name, "-h", "-n", h.Address, key)
	signed, err := os.ReadFile(strings.TrimSuffix(key, ".pub") + "-cert.pub")
	if err != nil {
		t.Fatal(err)
	}
	const file = "/etc/ssh/test-cert.pub"
	if err := os.WriteFile(filepath.Join(h.Root(), file), signed, 0o644); err != nil {
		t.Fatal(err)
	}
	configure := func(script string) {
		on(t, h, script+" && systemctl restart ssh")
		if err := h.Wait(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	configure("echo 'HostCertificate " + file + "' >/etc/ssh/sshd_config.d/test.conf")
	t.Cleanup(func() { configure("rm " + file + " /etc/ssh/sshd_config.d/test.conf") })
	return publicKey(t, authority)
}
