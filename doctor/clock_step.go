package doctor

import (
	"net"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet"
)

// stepWith steps with the daemon that runs, else with one that is installed, else with chrony, installed for it. One
// that hears nobody is told the servers that were named for this run.
func (h Host) stepWith(f Fleet) []Step {
	servers := f.named()
	if keep, _ := h.keptDaemon(); keep != "" {
		if synced, _ := h.synchronised(keep); synced == "yes" {
			servers = nil
		}
		return stepOf(keep, servers)
	}
	if name := h.installedDaemon(); name != "" {
		enable := Step{"it is installed: enable it", "systemctl unmask " + name + " && systemctl enable " + name}
		return append([]Step{enable}, stepOf(name, servers)...)
	}
	return append([]Step{installChrony}, chronySteps("chronyd", servers)...)
}

// installedDaemon is the unit of a time daemon that does not run: one that is to start with the host, which somebody chose, else the best.
func (h Host) installedDaemon() string {
	var installed []string
	for _, name := range []string{"chrony", "chronyd", "systemd-timesyncd", "ntpsec", "ntp", "ntpd"} {
		u, ok := h.Unit(name + ".service")
		if ok && u.Get("UnitFileState") == "enabled" {
			return name
		}
		if ok {
			installed = append(installed, name)
		}
	}
	if len(installed) == 0 {
		return ""
	}
	return installed[0]
}

// keptDaemon is the time daemon to keep, the one that follows a source when there are several, and those to disable.
func (h Host) keptDaemon() (keep string, others []string) {
	all := h.timeDaemons()
	if len(all) == 0 {
		return "", nil
	}
	keep = all[0]
	for _, d := range all {
		if synced, _ := h.synchronised(d); synced == "yes" {
			keep = d
			break
		}
	}
	return keep, slices.DeleteFunc(all, func(d string) bool { return d == keep })
}

// stepOf steps with one daemon.
func stepOf(d string, servers []string) []Step {
	switch {
	case strings.HasPrefix(d, "chrony"):
		return chronySteps(d, servers)
	case strings.HasPrefix(d, "systemd-timesyn"):
		return timesyncdSteps(servers)
	}
	return ntpdSteps(d, servers)
}

// chronySteps makes the next steps by themselves, then one now.
func chronySteps(unit string, servers []string) []Step {
	steps := []Step{chronySetting("makestep 1 -1"), chronySetting("rtcsync")}
	for _, s := range servers {
		line := "server " + s + " iburst"
		if host, port, err := net.SplitHostPort(s); err == nil {
			line = "server " + host + " port " + port + " iburst"
		}
		steps = append(steps, Step{"chrony.conf: ask " + s, chronyFile + "grep -qxF " + fleet.Quote(line) + ` "$f" || printf '%s\n' ` + fleet.Quote(line) + ` >>"$f"`})
	}
	return append(
		steps,
		Step{"read the new configuration", "systemctl restart " + fleet.Quote(unit)},
		Step{"wait for a source, at most 30 s", "chronyc waitsync 15 0 0 2 || { echo 'no NTP server answered within 30 s' >&2; exit 1; }"},
		Step{"step now", "chronyc makestep"},
	)
}

// chronyFile finds the configuration: Debian's place, or everybody else's.
const chronyFile = `f=/etc/chrony/chrony.conf; [ -f "$f" ] || f=/etc/chrony.conf; [ -f "$f" ] || exit 1
`

// chronySetting puts a line into chrony.conf in the place of those of its kind. The old file is kept aside.
func chronySetting(line string) Step {
	key, _, _ := strings.Cut(line, " ")
	return Step{
		"chrony.conf: " + line,
		chronyFile + "grep -qx " + fleet.Quote(line) + ` "$f" || { cp -p "$f" "$f.before-monctl-` + key + `" && sed -i ` + fleet.Quote(`s/^[[:space:]]*`+key+`\b.*/# &/`) + ` "$f" && printf '%s\n' ` + fleet.Quote(line) + ` >>"$f"; }`,
	}
}

// installChrony uses the host's own package manager. Lists of packages that were never fetched, or lie in the future of a
// clock that is behind, are no reason to fail.
var installChrony = Step{
	"install chrony from the host's own package sources", `if command -v apt-get >/dev/null; then
	export DEBIAN_FRONTEND=noninteractive
	apt-get install -y -q chrony || { apt-get update -q -o Acquire::Check-Date=false && apt-get install -y -q chrony; }
elif command -v dnf >/dev/null; then dnf install -y -q chrony && systemctl enable chronyd
elif command -v zypper >/dev/null; then zypper -n -q install chrony && systemctl enable chronyd
elif command -v yum >/dev/null; then yum install -y -q chrony && systemctl enable chronyd
else echo 'no package manager that is known' >&2; exit 1; fi`,
}

// timesyncdSteps lets timesyncd step, which it does when it first hears from a server.
func timesyncdSteps(servers []string) []Step {
	var steps []Step
	if list := withoutPorts(servers); len(list) > 0 {
		text := "[Time]\nNTP=" + strings.Join(list, " ") + "\n"
		steps = append(steps, Step{
			"timesyncd.conf.d: ask " + strings.Join(list, ", "),
			"mkdir -p /etc/systemd/timesyncd.conf.d && printf %s " + fleet.Quote(text) + " >/etc/systemd/timesyncd.conf.d/monctl.conf",
		})
	}
	const synced = "/run/systemd/timesync/synchronized"
	return append(
		steps,
		Step{"timesyncd steps when it first hears from a server", "rm -f " + synced + " && systemctl restart systemd-timesyncd"},
		Step{"wait until it has, 30 s at most", "i=0; until [ -e " + synced + " ]; do i=$((i+1)); [ $i -lt 30 ] || { echo 'no NTP server answered within 30 s' >&2; exit 1; }; sleep 1; done"},
	)
}

// ntpdSteps steps once with ntpd, whatever the size, and goes on. Debian's ntpd wants three servers that agree
// (tos minsane 3), which fewer named ones cannot give.
func ntpdSteps(unit string, servers []string) []Step {
	const file = `f=/etc/ntpsec/ntp.conf; [ -f "$f" ] || f=/etc/ntp.conf; [ -f "$f" ] || exit 1
`
	var steps []Step
	for _, s := range withoutPorts(servers) {
		line := "server " + s + " iburst"
		steps = append(steps, Step{"ntp.conf: ask " + s, file + "grep -qxF " + fleet.Quote(line) + ` "$f" || printf '%s\n' ` + fleet.Quote(line) + ` >>"$f"`})
	}
	if n := len(steps); n > 0 && n < 3 {
		steps = append(steps, Step{"ntp.conf: believe fewer than three servers", file + `grep -qx 'tos minsane 1' "$f" || echo 'tos minsane 1' >>"$f"`})
	}
	return append(
		steps,
		Step{"ntpd steps once, whatever the size, and goes on", "systemctl stop " + fleet.Quote(unit) + "; timeout 60 ntpd -gq; e=$?; systemctl start " + fleet.Quote(unit) + "; [ $e = 0 ] || { echo 'no NTP server answered within 60 s' >&2; exit 1; }"},
	)
}

// withoutPorts are the servers at the port of NTP: only chrony can ask others.
func withoutPorts(servers []string) []string {
	return slices.DeleteFunc(slices.Clone(servers), func(s string) bool {
		_, _, err := net.SplitHostPort(s)
		return err == nil
	})
}
