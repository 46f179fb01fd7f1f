package acceptance

import (
	"strings"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// TestUnitFails: a unit that does not start is taken back, and its last words are shown.
func TestUnitFails(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	before := stateOf(t, h)
	c := newController(t, only(h, "node_exporter")+"components: {node_exporter: {args: [--no-such-flag]}}\n")
	c.run(t, "install", "--yes").want(t, failed, "monctl-node-exporter.service", "journal", "unknown long flag '--no-such-flag'", "it is as it was")
	same(t, h, before)

	// On a host that runs it already, the one that works comes back.
	c.inventory(t, only(h, "node_exporter"))
	c.run(t, "install", "--yes").want(t, done)
	version := on(t, h, runningUnit)
	c.inventory(t, only(h, "node_exporter")+"components: {node_exporter: {args: [--no-such-flag]}}\n")
	c.run(t, "install", "--yes").want(t, failed, "unknown long flag '--no-such-flag'")
	if now := on(t, h, runningUnit); now != version || now == "" {
		t.Errorf("before: %q, after the rollback: %q", version, now)
	}
	if unit := on(t, h, "cat /etc/systemd/system/monctl-node-exporter.service"); strings.Contains(unit, "no-such-flag") {
		t.Error("the unit file was not put back")
	}
	c.inventory(t, only(h, "node_exporter"))
	c.run(t, "install", "--yes").want(t, done, "nothing to change")
}

// runningUnit is a script that prints what the unit of node_exporter runs.
const runningUnit = `systemctl is-active monctl-node-exporter && readlink "/proc/$(systemctl show -P MainPID monctl-node-exporter)/exe"`

// TestPortInUse: a stranger on a port is named, and nothing is touched.
func TestPortInUse(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	listener := `perl -MIO::Socket::INET -e '@s = (IO::Socket::INET->new(LocalPort => 9100, Listen => 1, ReuseAddr => 1) or die); sleep' stranger`
	on(t, h, "systemd-run --quiet --unit=stranger "+listener)
	t.Cleanup(func() { on(t, h, "systemctl stop stranger") })
	pid := on(t, h, "systemctl show -P MainPID stranger")
	eventually(t, "the stranger to listen", func() bool { return strings.Contains(on(t, h, "ss -lnt"), ":9100") })
	before := stateOf(t, h)
	c := newController(t, only(h, "node_exporter"))
	for _, command := range [][]string{{"plan"}, {"install", "--yes"}} {
		c.run(t, command...).want(t, refused, "port 9100", "pid "+pid, "perl", "stranger", "Nothing was touched")
		same(t, h, before)
	}
	if on(t, h, "systemctl show -P MainPID stranger") != pid {
		t.Error("the stranger was restarted")
	}
}

// TestConfigRefused: what the release's own checker refuses never replaces what works.
func TestConfigRefused(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	c := newController(t, only(h, "prometheus")+"components: {prometheus: {version: 2.42.0}}\n")
	c.run(t, "install", "--yes").want(t, done)
	before := stateOf(t, h)
	c.inventory(t, only(h, "prometheus")+"components: {prometheus: {version: 2.42.0, scrape_interval: 10s, scrape_timeout: 30s}}\n")
	c.run(t, "install", "--yes").want(t, failed, "scrape timeout greater than scrape interval", "checker refused", "nothing was replaced")
	same(t, h, before) // it was not even restarted
	c.inventory(t, only(h, "prometheus")+"components: {prometheus: {version: 2.42.0, external_labels: {'bad-name': x}}}\n")
	c.run(t, "install", "--yes").want(t, usage, "bad-name", "not a label name", "monctl.yaml:3:")
	same(t, h, before)
}

// TestMounts: a /tmp without programs does not matter; an /etc that cannot be written is said before anything is done.
func TestMounts(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	if err := h.NoExecTmp(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { on(t, h, "umount --lazy /tmp") })
	before := stateOf(t, h)
	c := newController(t, only(h, "node_exporter"))
	if err := h.ReadOnlyEtc(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.run(t, "install", "--yes").want(t, refused, "/etc is read-only", "remount")
	if err := h.WritableEtc(t.Context()); err != nil {
		t.Fatal(err)
	}
	same(t, h, before)
	c.run(t, "install", "--yes").want(t, done)
}

// TestDarkTarget: a host that Prometheus cannot reach is not proven, whatever it says of itself.
func TestDarkTarget(t *testing.T) {
	t.Parallel()
	all := take(t, "h1", "h2")
	mon, dark := all[0], all[1]
	c := newController(t, "hosts:\n"+entry(mon, "prometheus, node_exporter")+entry(dark, "node_exporter")+
		"components: {prometheus: {version: 2.42.0, scrape_interval: 2s}}\n")
	on(t, dark, "ip route add blackhole "+mon.Address)
	t.Cleanup(func() { on(t, dark, "ip route del blackhole "+mon.Address) })
	before := stateOf(t, dark)
	c.run(t, "install", "--yes").want(t, some, dark.Name, "node_exporter up", dark.Address+":9100", "it is as it was")
	same(t, dark, before)
	if up := query(t, mon, `up{job="prometheus"} == 1`); len(up) != 1 {
		t.Error("the good host is not installed")
	}

	on(t, dark, "ip route del blackhole "+mon.Address)
	c.run(t, "install", "--yes").want(t, done, "3 of 3 targets up")
	on(t, dark, "ip route add blackhole "+mon.Address) // for the cleanup
}

// TestOneDeadHost: the others are installed, and the dead one is named with its cause.
func TestOneDeadHost(t *testing.T) {
	t.Parallel()
	all := take(t, "h1", "h2")
	nobody := strings.TrimSuffix(lab.Gateway(), "1")
	c := newController(t, "hosts:\n"+entry(all[0], "node_exporter")+entry(all[1], "node_exporter")+
		"  dead1: {address: "+nobody+"250, components: [node_exporter]}\n  dead2: {address: "+nobody+"251, components: [node_exporter]}\n")
	c.shortTimeout(t)
	o := c.run(t, "install", "--yes").want(t, some, "dead1", "unreachable", "the same on dead2", "2 of 4 hosts failed")
	if n := strings.Count(o.stderr, "error:"); n != 1 {
		t.Errorf("one cause is told %d times:\n%s", n, o.stderr)
	}
	for _, h := range all {
		if on(t, h, runningUnit) == "" {
			t.Errorf("%s is not installed", h.Name)
		}
	}
}

// TestShellWords: nothing of an inventory reaches a shell as anything but a word.
func TestShellWords(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	before := stateOf(t, h)
	for _, bad := range []string{
		"hosts: {'h; touch /tmp/monctl-ran': {address: $h3, components: [node_exporter]}}\n",
		"hosts: {h: {address: '$(touch /tmp/monctl-ran)', components: [node_exporter]}}\n",
		"hosts: {h: {address: '-oProxyCommand=touch /tmp/monctl-ran', components: [node_exporter]}}\n",
		"hosts: {h: {address: $h3, user: 'x; touch /tmp/monctl-ran', components: [node_exporter]}}\n",
		"hosts: {h: {address: $h3, jump: '-oProxyCommand=touch /tmp/monctl-ran', components: [node_exporter]}}\n",
	} {
		c := newController(t, "")
		c.write(t, "monctl.yaml", strings.ReplaceAll(bad, "$h3", h.Address))
		c.run(t, "install", "--yes").want(t, usage, "monctl.yaml:1:", "/tmp/monctl-ran")
	}
	same(t, h, before)

	// Settings may hold any character; they arrive as they are.
	label := "$(touch /tmp/monctl-ran) `touch /tmp/monctl-ran` '; touch /tmp/monctl-ran #\" %i \\\\n"
	c := newController(t, only(h, "prometheus")+"components: {prometheus: {version: 2.42.0, external_labels: {site: '"+strings.ReplaceAll(label, "'", "''")+"'}}}\n")
	c.run(t, "install", "--yes").want(t, done)
	ranNowhere(t, h)
	if config := on(t, h, "cat /etc/monctl/prometheus/prometheus.yml"); !strings.Contains(config, "touch /tmp/monctl-ran #") {
		t.Errorf("the label did not arrive:\n%s", config)
	}
}

func ranNowhere(t *testing.T, h *hosts.Host) {
	t.Helper()
	if out := on(t, h, "ls -d /tmp/monctl-ran /monctl-ran 2>/dev/null || true") + tool(t, "sh", "-c", "ls -d /tmp/monctl-ran 2>/dev/null || true"); out != "" {
		t.Errorf("a word was run: %s", out)
	}
}
