package report

import (
	"slices"
	"strings"

	"github.com/monctl/monctl/doctor"
)

// matrix has a row per source and a column per role that occurs.
type matrix struct {
	Roles  []doctor.LinkRole
	Rows   []matrixRow
	Broken []doctor.Link // certainly
	Blind  []doctor.Link // nobody can tell
	OK     int
}

type matrixRow struct {
	Host, Component string
	Cells           [][]cell // by role
}

type cell struct {
	doctor.Link
	Class, Sign, Label, Tip string
}

// roleWords say what a column is about.
var roleWords = map[doctor.LinkRole]string{
	doctor.LinkScrape: "scrapes", doctor.LinkAlerts: "sends alerts to", doctor.LinkQuery: "queries", doctor.LinkPush: "pushes to", doctor.LinkNotify: "notifies",
}

// Word is the heading of a column.
func (matrix) Word(role doctor.LinkRole) string { return roleWords[role] }

func newMatrix(links []doctor.Link) matrix {
	var m matrix
	for _, role := range []doctor.LinkRole{doctor.LinkScrape, doctor.LinkAlerts, doctor.LinkQuery, doctor.LinkPush, doctor.LinkNotify} {
		if slices.ContainsFunc(links, func(l doctor.Link) bool { return l.Role == role }) {
			m.Roles = append(m.Roles, role)
		}
	}
	for _, l := range links {
		n := len(m.Rows)
		if n == 0 || m.Rows[n-1].Host != l.From || m.Rows[n-1].Component != l.Component {
			m.Rows = append(m.Rows, matrixRow{Host: l.From, Component: l.Component, Cells: make([][]cell, len(m.Roles))})
			n++
		}
		at := slices.Index(m.Roles, l.Role)
		if at < 0 {
			continue
		}
		cells := &m.Rows[n-1].Cells[at]
		*cells = append(*cells, newCell(l))
		switch {
		case l.Broken():
			m.Broken = append(m.Broken, l)
		case l.State() == doctor.LinkUnknown:
			m.Blind = append(m.Blind, l)
		default:
			m.OK++
		}
	}
	return m
}

func newCell(l doctor.Link) cell {
	state := l.State()
	c := cell{Link: l, Class: strings.ReplaceAll(string(state), " ", "-"), Label: l.To}
	c.Sign = map[doctor.LinkState]string{
		doctor.LinkOK: "✓", doctor.LinkRefused: "✗", doctor.LinkDropped: "⊘", doctor.LinkNoRoute: "⊘", doctor.LinkNoName: "∅", doctor.LinkUnknown: "?",
	}[state]
	if l.Name != "" {
		c.Label = l.Name
		if l.Host != "" {
			c.Label += " " + l.Host
		}
	}
	c.Tip = strings.TrimSpace(l.Name+" "+l.To) + ": " + string(state)
	if state == doctor.LinkOK {
		c.Tip += " in " + short(l.Reached.Took)
	} else if why := l.Why(); why != "" {
		c.Tip += ", " + why
	}
	return c
}
