package facts

import (
	"strconv"
	"strings"
)

// units reads `systemctl show`: Name=value lines, an empty line between units. The first block is of systemd itself.
func (p *parser) units() {
	section, ok := p.sections["units"]
	if !ok {
		return
	}
	for block := range strings.SplitSeq(section, "\n\n") {
		values := map[string]string{}
		for line := range strings.Lines(block) {
			name, value, _ := strings.Cut(strings.TrimRight(line, "\n"), "=")
			values[name] = value
		}
		if version := values["Version"]; version != "" { // "252.30-1~deb12u2"
			p.f.Systemd.Version = leadingInt(version)
			p.f.Systemd.State = values["SystemState"]
		}
		if values["exit"] == "0" {
			p.f.UnitsRead = true
		}
		if values["Id"] == "" {
			continue
		}
		pid, _ := strconv.Atoi(values["MainPID"])
		p.f.Units = append(p.f.Units, Unit{
			Name: values["Id"], Load: values["LoadState"], Active: values["ActiveState"], Sub: values["SubState"],
			Enabled: values["UnitFileState"], FragmentPath: values["FragmentPath"], MainPID: pid,
		})
	}
}

// Unit gives a service of Options.Units by name. False also when units were not asked for.
func (f Facts) Unit(name string) (Unit, bool) {
	for _, u := range f.Units {
		if u.Name == name {
			return u, true
		}
	}
	return Unit{}, false
}
