package ui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/monctl/monctl/doctor"
)

// mostColumns is how many addresses a grid has; with more there is a line per source, and only what is broken is named.
const mostColumns = 10

// reachGrid draws who reaches whom: a row per source, a column per address or, in large fleets, one mark for each.
//
//	                 vm1:9100  vm2:9100  hooks.slack.com:443
//	vm1 prometheus   0.3 ms    dropped
//	vm1 alertmanager                     0.8 ms
func (u *UI) reachGrid(links []doctor.Link, width int) []string {
	var addresses []string
	for _, l := range links {
		if a := column(l); !slices.Contains(addresses, a) {
			addresses = append(addresses, a)
		}
	}
	if len(links) == 0 {
		return nil
	}
	if len(addresses) <= mostColumns {
		if grid := u.smallGrid(links, addresses); fits(grid, width) {
			return grid
		}
	}
	return u.largeGrid(links, width)
}

func fits(lines []string, width int) bool {
	return !slices.ContainsFunc(lines, func(l string) bool { return text.StringWidthWithoutEscSequences(l) > width })
}

// column names the other end as a person knows it.
func column(l doctor.Link) string {
	if at := strings.LastIndexByte(l.To, ':'); l.Host != "" && at >= 0 {
		return l.Host + l.To[at:]
	}
	return l.To
}

func source(l doctor.Link) string { return l.From + " " + l.Component }

func (u *UI) smallGrid(links []doctor.Link, addresses []string) []string {
	header := []string{""}
	for _, a := range addresses {
		header = append(header, u.paint.dim(a))
	}
	rows := [][]string{header}
	last := ""
	for _, l := range links {
		if source(l) != last {
			last = source(l)
			rows = append(rows, append([]string{last}, make([]string, len(addresses))...))
		}
		rows[len(rows)-1][1+slices.Index(addresses, column(l))] = u.linkState(l)
	}
	return strings.Split(strings.TrimSuffix(u.rows(rows), "\n"), "\n")
}

func (u *UI) linkState(l doctor.Link) string {
	switch l.State() {
	case doctor.LinkOK:
		return u.paint.green(short(l.Reached.Took))
	case doctor.LinkUnknown:
		return u.paint.cyan("unknown")
	case doctor.LinkRefused:
		return u.paint.red(string(l.State()))
	}
	return u.paint.yellow(string(l.State()))
}

// largeGrid has a mark per address behind each source, and below them what does not get through.
func (u *UI) largeGrid(links []doctor.Link, width int) []string {
	names := 0
	var sources []string
	of := map[string][]doctor.Link{}
	for _, l := range links {
		if of[source(l)] == nil {
			sources = append(sources, source(l))
			names = max(names, text.StringWidthWithoutEscSequences(source(l)))
		}
		of[source(l)] = append(of[source(l)], l)
	}
	var lines, broken []string
	room := max(width-names-14, 10)
	for _, s := range sources {
		lines = append(lines, u.marks(s, names, room, of[s])...)
		for _, l := range of[s] {
			if l.Broken() {
				broken = append(broken, fmt.Sprintf("%s → %s: %s", s, column(l), u.linkState(l)))
			}
		}
	}
	const most = 20
	if len(broken) > most {
		broken = append(broken[:most], u.paint.dim(fmt.Sprintf("and %d more", len(broken)-most)))
	}
	return append(lines, broken...)
}

// marks draws one source: "vm1 prometheus  ■■■■✗■■  96 of 97".
func (u *UI) marks(name string, names, room int, links []doctor.Link) []string {
	var b strings.Builder
	var lines []string
	well := 0
	for i, l := range links {
		if i > 0 && i%room == 0 {
			lines = append(lines, b.String())
			b.Reset()
		}
		switch l.State() {
		case doctor.LinkOK:
			well++
			b.WriteString(u.paint.green("■"))
		case doctor.LinkUnknown:
			b.WriteString(u.paint.cyan("?"))
		case doctor.LinkRefused:
			b.WriteString(u.paint.red("✗"))
		default:
			b.WriteString(u.paint.yellow("⊘"))
		}
	}
	lines = append(lines, b.String()+"  "+u.paint.dim(fmt.Sprintf("%d of %d", well, len(links))))
	for i := range lines {
		first := name
		if i > 0 {
			first = ""
		}
		lines[i] = first + strings.Repeat(" ", names-text.StringWidthWithoutEscSequences(first)) + "  " + lines[i]
	}
	return lines
}
