package doctor

import (
	"path"
	"regexp"
	"strings"
)

var positionsError = regexp.MustCompile(`(?i)error writing positions file|positions.*(permission denied|read-only file system|no such file)`)

func lokiPositions() Check {
	const id = "loki/positions"
	return Check{
		ID: id, Title: "the agent keeps what it has read", On: agentKinds, Root: true, Needs: []Shared{Journal}, Reads: []string{agentCheck}, After: []string{"install/disk", "install/read-only"},
		Judge: perComponent(id, agentKinds, judgePositions),
		Doc: Doc{
			Symptom:  "`error writing positions file … permission denied`; after a restart old lines are sent again and refused as too old.",
			Cause:    "The folder of the positions file is not writable for the agent (it writes a new file and renames it), or lies in /tmp, which a reboot empties.",
			Evidence: "The message in its journal, mode and owner of the folder, and its path.",
			Fix:      "A folder such as /var/lib/promtail that belongs to the agent's user.",
			Risk:     "without the old file everything is read once more: move it along",
			Source:   "loki#10113",
		},
	}
}

func judgePositions(h Host, c Component) []Finding {
	a := h.answerOf(agentCheck, c)
	who, free := readerOf(a)
	file, s := a.Get("positions"), h.heard(c.Unit, settled, positionsError)
	dir := path.Dir(file)
	if c.Kind == "alloy" {
		dir = file
	}
	stat, known := pathStats(a.All("stat"))[dir]
	switch {
	case s.times > 0:
		return one(Fail, c.Name+" cannot write its positions file", "its folder is not writable for it", "chown its user on "+dir, s.evidence(c.Unit)...)
	case known && !free && !stat.missing && who.uid != "" && !stat.allows(who, 3):
		return one(Warn, c.Name+" may not write its positions into "+dir, "mode and owner of the folder do not let "+who.name, "chown its user on "+dir, Says("folder", dir+", owner "+stat.uid+":"+stat.gid))
	case strings.HasPrefix(file, "/tmp/"):
		return one(Note, c.Name+" keeps its positions in /tmp", "a reboot empties it; then every file is read from its start and old lines are refused", "positions: filename: /var/lib/promtail/positions.yaml, and move the file", Says("positions", file))
	}
	return nil
}
