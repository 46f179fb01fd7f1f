package ui

import (
	"fmt"
	"strings"

	"github.com/monctl/monctl/fleet/facts"
)

// Probe is what was found out about a host that is not in an inventory yet.
type Probe struct {
	Host, Address string
	Name          string // that it gets in the inventory
	Facts         facts.Facts
	Err           error
}

// Probed prints what hosts are.
func (u *UI) Probed(probes []*Probe, file string) {
	var rows [][]string
	for _, p := range probes {
		u.Emit("host", map[string]any{
			"host": p.Name, "address": p.Address, "os": p.Facts.OS.Name, "arch": p.Facts.Arch, "cpus": p.Facts.CPUs,
			"memory_bytes": p.Facts.Memory.Total, "error": said(p.Err),
		})
		rows = append(rows, u.probeRow(p))
	}
	u.Table([]string{"HOST", "ADDRESS", "SYSTEM", "ARCH", "CPUS", "MEMORY", "FREE", "NOTE"}, rows)
}

func (u *UI) probeRow(p *Probe) []string {
	if p.Err != nil {
		return []string{p.Name, p.Address, u.paint.red("not reached"), "", "", "", "", ""}
	}
	f := p.Facts
	return []string{p.Name, p.Address, system(f), or(f.Arch, u.paint.red("none fits")), fmt.Sprint(f.CPUs), Bytes(int64(f.Memory.Total)), free(f), u.paint.yellow(remarks(f))}
}

func system(f facts.Facts) string {
	first, _, _ := strings.Cut(f.OS.Name, " ")
	return strings.TrimSpace(first + " " + f.OS.VersionID)
}

func free(f facts.Facts) string {
	d, ok := f.Disk("/var/lib")
	if !ok {
		return ""
	}
	return Bytes(int64(d.Avail))
}

// remarks are what stands in the way: the words of the facts' own line that are not in the table.
func remarks(f facts.Facts) string {
	var words []string
	for _, w := range strings.Split(f.Line(), ", ") {
		if w == "no systemd" || strings.HasPrefix(w, "clock ") && w != "clock ok" {
			words = append(words, w)
		}
	}
	return strings.Join(words, ", ")
}
