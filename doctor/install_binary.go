package doctor

import (
	_ "embed" // the probe
	"fmt"
	"strings"
)

//go:embed install_units.sh
var unitsProbe string

// unitsCheck is the check whose probe tells what the units execute; others read it.
const unitsCheck = "install/binary"

func installBinary() Check {
	return Check{
		ID:    unitsCheck,
		Title: "the programs of the units are there and can be executed",
		Probe: unitsProbe,
		Limit: 8,
		Judge: perHost(unitsCheck, judgeBinary),
		Doc: Doc{
			Symptom:  "`status=203/EXEC`, `Failed to locate executable …: No such file or directory`, `Failed at step EXEC spawning …: Permission denied`.",
			Cause:    "The file named in ExecStart= is missing, has no x bit, is a directory, or lies on a file system mounted noexec.",
			Evidence: "The path of ExecStart= as systemd has loaded it, a look at that file, and the options of its mount.",
			Fix:      "Install it again with `monctl install`, or `chmod 755 FILE`; move it off a noexec mount.",
			Risk:     "low",
			Source:   "systemd.exec(5) exit code 203, mount(8) noexec",
		},
	}
}

// unitBinary is what one unit executes.
type unitBinary struct {
	unit, path, state string
	elf               string // first 20 bytes, in hexadecimal
	label             string // of SELinux
	real              string // path without symbolic links
}

func (h Host) unitBinaries() []unitBinary {
	var list []unitBinary
	for _, v := range h.Probes[unitsCheck].All("binary") {
		if w := strings.Split(v, "|"); len(w) == 6 {
			list = append(list, unitBinary{w[0], w[1], w[2], w[3], w[4], w[5]})
		}
	}
	return list
}

// componentOf names the component of a unit; the unit's own name when there is none.
func (h Host) componentOf(unit string) string {
	for _, c := range h.Components {
		if c.Unit == unit {
			return c.Name
		}
	}
	return strings.TrimSuffix(unit, ".service")
}

func judgeBinary(h Host) []Finding {
	var all []Finding
	for _, b := range h.unitBinaries() {
		f := Finding{Component: h.componentOf(b.unit), Level: Fail, Evidence: []Evidence{Says("ExecStart of "+b.unit, b.path), Says("file", b.state)}}
		m, known := h.Mount(b.real)
		switch {
		case b.state == "missing":
			f.Title, f.Cause, f.Fix = "the program of "+b.unit+" is missing", b.path+" does not exist", "monctl install, or correct ExecStart="
		case known && m.NoExec:
			f.Title = fmt.Sprintf("the program of %s lies on %s, which is mounted noexec", b.unit, m.Path)
			f.Cause, f.Fix = "the kernel executes nothing on that file system", "move the program, or take noexec out of the mount's options"
			f.Evidence = append(f.Evidence, Says("mount", m.Path+" "+m.Type+" noexec"))
		case b.state != "ok":
			f.Title, f.Cause, f.Fix = "the program of "+b.unit+" cannot be executed", b.path+" is "+b.state, "chmod 755 "+b.path
		default:
			continue
		}
		all = append(all, f)
	}
	return all
}
