package doctor

import (
	"fmt"
	"strings"
)

func installArch() Check {
	const id = "install/arch"
	return Check{
		ID:    id,
		Title: "the programs are for this machine",
		Reads: []string{unitsCheck},
		Judge: perHost(id, judgeArch),
		Doc: Doc{
			Symptom:  "`exec format error`, `cannot execute binary file`, `status=203/EXEC`.",
			Cause:    "The archive was for another architecture (amd64 on arm64, arm64 on a 32-bit userland), or the file is not a program at all: a page of HTML saved under its name, half a download.",
			Evidence: "e_machine and class in the first 20 bytes of the file that ExecStart= names, against `uname -m` and the word size of the userland.",
			Fix:      "Install the archive of the right architecture: `monctl install` chooses it.",
			Risk:     "low",
			Source:   "elf(5): e_ident, e_machine",
		},
	}
}

// elfMachines are values of e_machine of elf(5), little endian, as in the file; big endian ones are not listed.
var elfMachines = map[string]string{"3e00": "x86_64", "b700": "aarch64", "2800": "arm", "0300": "i386", "f300": "riscv64", "1500": "ppc64le", "1600": "s390x"}

// runsOn lists what a kernel executes besides its own kind.
var runsOn = map[string][]string{
	"x86_64": {"x86_64", "i386"}, "aarch64": {"aarch64", "arm"}, "armv8l": {"arm", "aarch64"}, "armv7l": {"arm"}, "armv6l": {"arm"}, "i686": {"i386"},
	"i386": {"i386"}, "riscv64": {"riscv64"}, "ppc64le": {"ppc64le"}, "s390x": {"s390x"},
}

func judgeArch(h Host) []Finding {
	var all []Finding
	for _, b := range h.unitBinaries() {
		if b.state != "ok" {
			continue
		}
		f := Finding{Component: h.componentOf(b.unit), Level: Fail, Fix: "monctl install, which takes the release for " + orNone(h.Facts.Arch), Evidence: []Evidence{Says("file", b.path), Says("uname -m", h.Facts.Machine)}}
		switch machine, isELF := elfMachine(b.elf); {
		case b.elf == "":
			f.Level, f.Title, f.Cause, f.Fix = Unknown, "the program of "+b.unit+" could not be read", "its first bytes are not readable for this login", ""
		case strings.HasPrefix(b.elf, "2321"): // a script
			continue
		case !isELF:
			f.Title, f.Cause = "the program of "+b.unit+" is no program", "the file is not in the ELF format: a saved web page or a broken download"
		case !matches(machine, h.Facts.Machine):
			f.Title, f.Cause = fmt.Sprintf("the program of %s is for %s and the host is %s", b.unit, machine, h.Facts.Machine), "the archive of another architecture was unpacked"
		default:
			continue
		}
		f.Evidence = append(f.Evidence, Says("first bytes", b.elf))
		all = append(all, f)
	}
	return all
}

// elfMachine reads e_machine from 20 bytes in hexadecimal.
func elfMachine(hex string) (string, bool) {
	if len(hex) < 40 || !strings.HasPrefix(hex, "7f454c46") {
		return "", false
	}
	if name, ok := elfMachines[hex[36:40]]; ok {
		return name, true
	}
	return "machine 0x" + hex[38:40] + hex[36:38], true
}

// matches says whether a program can run; a machine that is not known is not blamed.
func matches(program, machine string) bool {
	list, known := runsOn[machine]
	if !known {
		return true
	}
	for _, m := range list {
		if m == program {
			return true
		}
	}
	return false
}
