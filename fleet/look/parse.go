package look

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Parse reads the output of Script. Output that stops before its last section is an error: half a look is no look.
func Parse(out string) (Seen, error) {
	seen := Seen{
		Paths: map[string]Path{}, Users: map[string]bool{}, Units: map[string]Unit{},
		Marks: map[string]string{}, Pending: map[string]string{},
	}
	section, unit, answers := "", map[string]string{}, 0
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "@") {
			seen.addUnit(unit)
			section = line
			continue
		}
		if section == "@units" {
			seen.unitLine(unit, line)
			if strings.HasPrefix(line, "Id=") {
				answers++
			}
			continue
		}
		if section == "@asked" {
			if asked, err := strconv.Atoi(line); err != nil || answers < asked {
				return Seen{}, fmt.Errorf("look: systemd answered for %d of %s units", answers, line)
			}
			continue
		}
		if err := seen.line(section, line); err != nil {
			return Seen{}, fmt.Errorf("look: section %q: line %q: %w", section, line, err)
		}
	}
	if section != "@end" {
		return Seen{}, fmt.Errorf("look: the answer ends early, after section %q", section)
	}
	return seen, nil
}

func (s *Seen) line(section, line string) error {
	switch section {
	case "@paths":
		return s.pathLine(line)
	case "@sums":
		return s.sumLine(line)
	case "@users":
		s.Users[line] = true
		return nil
	case "@known":
		s.Known = with(s.Known, line, true)
		return nil
	case "@journal":
		s.Journal = strings.TrimSpace(line)
		return nil
	}
	key, value, ok := strings.Cut(line, "|")
	if !ok {
		return fmt.Errorf("want two fields")
	}
	switch section {
	case "@links":
		p := s.Paths[key]
		p.Target = value
		s.Paths[key] = p
	case "@marks":
		s.Marks[key] = value
	case "@pending":
		s.Pending[key] = value
	case "@groups":
		s.Groups = with(s.Groups, key, strings.Fields(value))
	case "@scripts":
		s.Scripts = with(s.Scripts, key, said(value))
	default:
		return fmt.Errorf("unexpected output")
	}
	return nil
}

// with adds an entry to a map that may not be there yet.
func with[V any](m map[string]V, key string, value V) map[string]V {
	if m == nil {
		m = map[string]V{}
	}
	m[key] = value
	return m
}

// said turns "ok" into nothing and "no:WHY" into WHY.
func said(value string) string {
	if value == "ok" {
		return ""
	}
	return cmp.Or(strings.TrimSpace(strings.TrimPrefix(value, "no:")), "is not done")
}

func (s *Seen) pathLine(line string) error {
	f := strings.SplitN(line, "|", 6)
	if len(f) != 6 {
		return fmt.Errorf("want six fields, got %d", len(f))
	}
	mode, err := strconv.ParseUint(f[3], 8, 32)
	if err != nil {
		return fmt.Errorf("mode: %w", err)
	}
	size, err := strconv.ParseInt(f[4], 10, 64)
	if err != nil {
		return fmt.Errorf("size: %w", err)
	}
	kind := f[0]
	if kind == "regular empty file" {
		kind = "regular file"
	}
	s.Paths[f[5]] = Path{Kind: kind, Owner: f[1], Group: f[2], Mode: uint32(mode), Size: size}
	return nil
}

func (s *Seen) sumLine(line string) error {
	sum, path, ok := strings.Cut(line, "  ")
	if !ok || len(sum) != 64 {
		return fmt.Errorf("not a sha256sum line")
	}
	p := s.Paths[path]
	p.SHA256 = sum
	s.Paths[path] = p
	return nil
}

// unitLine collects one property; an empty line ends a unit, as systemctl show prints it.
func (s *Seen) unitLine(unit map[string]string, line string) {
	if line == "" {
		s.addUnit(unit)
		return
	}
	if key, value, ok := strings.Cut(line, "="); ok {
		unit[key] = value
	}
}

func (s *Seen) addUnit(unit map[string]string) {
	id := unit["Id"]
	if id != "" && unit["LoadState"] != "not-found" {
		pid, _ := strconv.Atoi(unit["MainPID"])
		restarts, _ := strconv.Atoi(unit["NRestarts"])
		s.Units[id] = Unit{
			Load: unit["LoadState"], Active: unit["ActiveState"], Sub: unit["SubState"], File: unit["UnitFileState"],
			MainPID: pid, Exe: strings.TrimSuffix(unit["Exe"], " (deleted)"), Restarts: restarts,
			NeedReload: unit["NeedDaemonReload"] == "yes",
		}
	}
	clear(unit)
}
