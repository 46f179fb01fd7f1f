package doctor

import (
	"fmt"
	"strings"
)

func installByHand() Check {
	const id = "install/by-hand"
	return Check{
		ID:    id,
		Title: "components are kept running by something",
		Probe: byHandProbe,
		Judge: perComponent(id, anyComponent, judgeByHand),
		Doc: Doc{
			Symptom:  "Everything works until the reboot, or until somebody logs out; then the port refuses connections.",
			Cause:    "`./prometheus` or `nohup … &` in a shell: no unit starts it again, and its log is in no journal.",
			Evidence: "The process is in no systemd service and no container; its parent, terminal and working directory. A failure to come back is certain only for one with a terminal or a shell above it.",
			Fix:      "`monctl install` with its data directory, or a unit of its own.",
			Risk:     "a restart of Prometheus replays its log",
			Source:   "cgroups(7), systemd.service(5)",
		},
	}
}

// byHandProbe tells for every process of the stack who its parent is and whether it has a terminal or is in a container.
const byHandProbe = `
for p in /proc/[0-9]*; do
	comm= line=
	read -r comm <"$p/comm" || continue
	read -r line <"$p/cmdline"
	case "$comm|$line" in
	prometheus*\|?* | alertmanager*\|?* | grafana*\|?* | loki*\|?* | promtail*\|?* | alloy*\|?* | pushgateway*\|?* | *_exporter*\|?* | *-exporter*\|?* | *--web.listen-address* | *--config.my-cnf*) ;;
	*) continue ;;
	esac
	kind=none
	while IFS= read -r group; do
		case $group in
		*docker* | *libpod* | *containerd* | *kubepods* | *crio* | *lxc.payload*) kind=container ;;
		*.service) [ "$kind" = container ] || kind=service ;;
		esac
	done <"$p/cgroup"
	parent=
	while read -r key value rest; do [ "$key" = PPid: ] && parent=$value; done <"$p/status"
	above=
	[ -z "$parent" ] || read -r above <"/proc/$parent/comm"
	read -r stat <"$p/stat"
	set -- ${stat##*) }
	echo "process=${p#/proc/}|$kind|$above|$5"
done
init=
read -r init </proc/1/comm
echo "init=$init"`

// supervisors are parents that start a process again, besides systemd.
var supervisors = []string{"supervisord", "runsv", "s6-supervise", "monit", "docker-init", "tini", "conmon", "containerd-shim", "dumb-init", "pm2", "openrc", "supervise-daemon"}

func judgeByHand(h Host, c Component) []Finding {
	if c.Unit != "" {
		return nil
	}
	var w []string
	for _, v := range h.Probes["install/by-hand"].All("process") {
		if fields := strings.Split(v, "|"); fields[0] == fmt.Sprint(c.Process.PID) && len(fields) == 4 {
			w = fields
		}
	}
	if w == nil {
		return unsure("it is not known what keeps "+c.Name+" running", "its process was not there any more")
	}
	kind, parent, terminal := w[1], w[2], w[3] != "0"
	if kind != "none" {
		return nil
	}
	for _, s := range supervisors {
		if strings.HasPrefix(parent, s) {
			return nil
		}
	}
	level, cause := Note, "no unit and no container: nothing starts it again that monctl knows of"
	home := strings.HasPrefix(c.Process.Dir, "/home/") || strings.HasPrefix(c.Process.Dir, "/root") || strings.HasPrefix(c.Process.Dir, "/tmp")
	if terminal || home || isShell(parent) {
		level, cause = Warn, "it was started in a shell: it ends with the host, or with the login, and nothing starts it again"
	}
	return one(level, c.Name+" was started by hand", cause, "monctl install, or a unit for it", Says("directory", orNone(c.Process.Dir)), Says("parent", orNone(parent)),
		Says("terminal", map[bool]string{true: "yes", false: "no"}[terminal]))
}

func isShell(comm string) bool {
	switch comm {
	case "sh", "bash", "dash", "zsh", "fish", "ash", "ksh", "screen", "tmux", "tmux: server", "nohup", "sshd":
		return true
	}
	return false
}
