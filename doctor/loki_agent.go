package doctor

import (
	_ "embed" // the probe
	"slices"
	"strconv"
	"strings"
)

//go:embed loki_agent.sh
var agentProbe string

// agentCheck is the check whose probe looks at the log agents; others read it.
const agentCheck = "loki/agent-read"

var (
	agentKinds = []string{"promtail", "alloy"}
	lokiKinds  = []string{"loki"}
)

// answerOf is the part of a probe's answer that comes after the "pid=" of a component.
func (h Host) answerOf(check string, c Component) Answer {
	a, mine := h.Probes[check], false
	part := Answer{Exit: a.Exit, Err: a.Err}
	for _, v := range a.Values {
		if v.Key == "pid" {
			mine = v.Value == strconv.Itoa(c.Process.PID)
		} else if mine {
			part.Values = append(part.Values, v)
		}
	}
	return part
}

// letIn is what lets a user read a log file, or through a folder above it: the group that may, or one that is made to. Logs of the
// group root are given to adm, the group of those who may read logs (Debian's and systemd's base groups).
func letIn(s pathStat, user string) string {
	bit, right := uint64(0o040), "g+r"
	if s.dir {
		bit, right = 0o010, "g+x"
	}
	if s.mode&bit != 0 && s.gid != "0" {
		return "usermod -aG " + s.groupName() + " " + user
	}
	return "chgrp adm " + s.path + " && chmod " + right + " " + s.path + " && usermod -aG adm " + user
}

// capabilities that let a process read any file: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (linux/capability.h).
const readAnything = 1<<1 | 1<<2

// readerOf says as whom a process reads; free is one that may read anything.
func readerOf(a Answer) (who reader, free bool) {
	for _, line := range a.All("status") {
		w := strings.Fields(line)
		switch {
		case len(w) > 2 && w[0] == "Uid:":
			who.uid, who.name = w[2], "user "+w[2]
		case len(w) > 2 && w[0] == "Gid:":
			who.groups = append(who.groups, w[2])
		case len(w) > 0 && w[0] == "Groups:":
			who.groups = append(who.groups, w[1:]...)
		case len(w) > 1 && w[0] == "CapEff:":
			caps, err := strconv.ParseUint(w[1], 16, 64)
			free = err == nil && caps&readAnything != 0
		}
	}
	return who, free
}

func lokiAgentRead() Check {
	return Check{
		ID: agentCheck, Title: "the log agent may read the logs it is told to", On: agentKinds, Root: true, Probe: agentProbe, Limit: 8,
		Judge: perComponent(agentCheck, agentKinds, judgeAgentRead),
		Doc: Doc{
			Symptom:  "The agent runs, sends nothing and says nothing; at most `permission denied` once.",
			Cause:    "Its user is not in the group adm (files of /var/log) or systemd-journal (the journal), or a folder has no x bit for it.",
			Evidence: "Mode and owner of the files that match its __path__ patterns, and of all folders above, against its user, groups and capabilities. Access control lists are not looked at.",
			Fix:      "`usermod -aG GROUP USER` with the group that may read them, then a restart. Files of the group root are given to adm, for good in the create line of their logrotate file.",
			Risk:     "low: the agent can read more logs",
			Source:   "loki#11351, #11306, #7836, #8008",
		},
	}
}

func judgeAgentRead(h Host, c Component) []Finding {
	a := h.answerOf(agentCheck, c)
	who, free := readerOf(a)
	if who.uid == "" {
		return unsure("cannot tell: its process was not looked at", "it was not there any more")
	}
	if free || who.uid == "0" {
		return nil
	}
	if user := a.Get("user"); user != "" {
		who.name = user
	}
	of := pathStats(a.All("stat"))
	var closed []string
	for _, log := range a.All("log") {
		if _, bad := hinders(of, who, log); bad {
			closed = append(closed, log)
		}
	}
	var all []Finding
	if len(closed) > 0 {
		s, _ := hinders(of, who, closed[0])
		f := one(Warn, c.Name+" may not read "+strconv.Itoa(len(closed))+" of "+strconv.Itoa(len(a.All("log")))+" log files: "+closed[0], "mode and owner of "+s.path+" do not let "+who.name,
			letIn(s, who.name)+", then "+c.restart(), Says(s.path, "mode "+strconv.FormatUint(s.mode, 8)+", owner "+s.uid+", group "+s.groupName()), Says("groups of the agent", strings.Join(who.groups, " ")))
		f[0].Tag = "files"
		all = append(all, f...)
	}
	readable := slices.ContainsFunc(a.All("journals"), func(dir string) bool { return of[dir].allows(who, 5) })
	if a.Get("journal") == "yes" && len(a.All("journals")) > 0 && !readable {
		dir := a.Get("journals")
		f := one(Warn, c.Name+" may not read the journal", "its user is not in the group systemd-journal", "usermod -aG systemd-journal "+who.name+", then "+c.restart(), Says(dir, "mode "+strconv.FormatUint(of[dir].mode, 8)+", group "+of[dir].gid), Says("groups of the agent", strings.Join(who.groups, " ")))
		f[0].Tag = "journal"
		all = append(all, f...)
	}
	return all
}
