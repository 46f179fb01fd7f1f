package doctor

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

func installConfigReadable() Check {
	const id = "install/config-readable"
	return Check{
		ID:    id,
		Title: "the units' users can read their configuration",
		Root:  true,
		Reads: []string{unitsCheck},
		Judge: perHost(id, judgeConfigReadable),
		Doc: Doc{
			Symptom:  "`open /etc/…/….yml: permission denied`, or `no such file or directory`, and the unit ends.",
			Cause:    "The file belongs to root with mode 0600, or a directory above it has no x bit for the unit's user.",
			Evidence: "Mode and owner of the file and of every directory above it, against the user and the groups of the unit. Access control lists are not looked at.",
			Fix:      "`chgrp GROUP FILE && chmod 640 FILE`, or x for the directory.",
			Risk:     "low: do not make a file with secrets readable for everybody",
			Source:   "path_resolution(7)",
		},
	}
}

// reader is who reads: what id(1) says.
type reader struct {
	name   string
	uid    string
	groups []string
}

// pathStat is mode and owner of a path.
type pathStat struct {
	path, uid, gid, group string // group is the name of gid; "" is not known
	mode                  uint64
	missing, dir          bool
}

// groupName is the number where the name is not known.
func (s pathStat) groupName() string { return cmp.Or(s.group, s.gid) }

// allows says whether the mode lets somebody do what bits say: 4 read, 1 enter.
func (s pathStat) allows(who reader, bits uint64) bool {
	switch {
	case who.uid == "0":
		return true
	case s.uid == who.uid:
		return s.mode>>6&bits == bits
	case slices.Contains(who.groups, s.gid):
		return s.mode>>3&bits == bits
	}
	return s.mode&bits == bits
}

// pathStats reads the lines "PATH|MODE|UID|GID|TYPE" of a probe, with or without "|GROUP" by name, or "PATH|missing".
func pathStats(lines []string) map[string]pathStat {
	of := map[string]pathStat{}
	for _, line := range lines {
		w := strings.Split(line, "|")
		if len(w) == 2 && w[1] == "missing" {
			of[w[0]] = pathStat{path: w[0], missing: true}
		}
		if mode, err := strconv.ParseUint(wordAt(w, 1), 8, 32); err == nil && len(w) >= 5 {
			of[w[0]] = pathStat{path: w[0], mode: mode, uid: w[2], gid: w[3], dir: w[4] == "directory", group: wordAt(w, 5)}
		}
	}
	return of
}

func wordAt(words []string, i int) string {
	if i < len(words) {
		return words[i]
	}
	return ""
}

// hinders gives what keeps somebody from reading a path: the path itself, or the first directory above it. "" is nothing.
func hinders(of map[string]pathStat, who reader, path string) (pathStat, bool) {
	for i := 1; i < len(path); i++ {
		dir := path[:i]
		if path[i] != '/' {
			continue
		}
		if s, ok := of[dir]; ok && (s.missing || !s.allows(who, 1)) {
			return s, true
		}
	}
	s, ok := of[path]
	return s, ok && (s.missing || !s.allows(who, 4))
}

func judgeConfigReadable(h Host) []Finding {
	a := h.Probes[unitsCheck]
	of, users := pathStats(a.All("stat")), map[string]reader{}
	for _, v := range a.All("user") {
		if w := strings.Split(v, "|"); len(w) == 4 {
			users[w[0]] = reader{w[1], w[2], strings.Fields(w[3])}
		}
	}
	var all []Finding
	for _, v := range a.All("config") {
		unit, path, _ := strings.Cut(v, "|")
		who, known := users[unit]
		s, bad := hinders(of, who, path)
		if !known || !bad {
			continue
		}
		f := Finding{Component: h.componentOf(unit), Level: Fail, Tag: path, Evidence: []Evidence{Says("configuration", path), Says("user", who.name)}}
		if s.missing {
			f.Title, f.Cause, f.Fix = path+" is missing", unit+" is started with it", "monctl install, or correct the flag"
		} else {
			f.Title = who.name + " cannot read " + path
			f.Cause = "mode and owner of " + s.path + " do not let it"
			f.Fix = "chgrp and chmod " + s.path + " so that " + who.name + " may read it"
			f.Evidence = append(f.Evidence, Says(s.path, "mode "+strconv.FormatUint(s.mode, 8)+", owner "+s.uid+":"+s.gid))
		}
		if u, ok := h.Unit(unit); ok && u.Get("ActiveState") == "active" {
			f.Level = Warn // it read the file before that; the next start or reload fails
		}
		all = append(all, f)
	}
	return all
}
