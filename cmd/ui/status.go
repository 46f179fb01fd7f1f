package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/desired"
)

// Problem is something that is not well.
type Problem struct {
	Host      string `json:"host"`
	Component string `json:"component,omitempty"`
	What      string `json:"message"`
	Remedy    string `json:"remedy,omitempty"`
}

// Status prints what runs where, and below it what is not well.
func (u *UI) Status(stack *desired.Stack, hosts []installer.HostStatus, problems []Problem) {
	var rows [][]string
	for _, h := range hosts {
		u.statusJSON(h)
		rows = append(rows, u.statusRows(stack, h, problems)...)
	}
	u.Table([]string{"HOST", "COMPONENT", "VERSION", "ARCH", "PORT", "UNIT", "READY", "TARGETS"}, rows)
	for _, p := range problems {
		u.Emit("problem", p)
	}
	if u.JSON {
		return
	}
	for n, p := range problems {
		if n == 0 {
			u.Print("")
		}
		u.problem(p)
	}
	if len(problems) == 0 && !slices.ContainsFunc(hosts, func(h installer.HostStatus) bool { return h.Err != nil }) {
		u.Print("\n%s", u.paint.green("all is well"))
	}
}

func (u *UI) problem(p Problem) {
	line := u.paint.yellow("!") + " " + strings.TrimSpace(p.Host+" "+p.Component) + ": " + p.What
	if p.Remedy != "" {
		line += "\n  " + u.paint.cyan("→") + " " + p.Remedy
	}
	u.Print("%s", line)
}

func (u *UI) statusRows(stack *desired.Stack, h installer.HostStatus, problems []Problem) [][]string {
	if h.Err != nil {
		return [][]string{{h.Host, u.paint.red("unknown"), "", "", "", "", "", ""}}
	}
	var rows [][]string
	for _, c := range h.Components {
		rows = append(rows, []string{h.Host, c.Component, u.marked(c.Version, h.Host, c.Component, problems), c.Arch, strconv.Itoa(c.Port), u.state(c.State), u.ready(c.Ready), u.targets(c)})
	}
	for _, i := range stack.On(h.Host) {
		if !slices.ContainsFunc(h.Components, func(c installer.ComponentStatus) bool { return c.Component == i.Component.Name }) {
			rows = append(rows, []string{h.Host, i.Component.Name, u.paint.yellow("not installed"), h.Facts.Arch, strconv.Itoa(i.Port), "", "", ""})
		}
	}
	if len(rows) == 0 {
		rows = [][]string{{h.Host, u.paint.dim("nothing"), "", "", "", "", "", ""}}
	}
	return rows
}

// marked adds a mark to the version of a component with a problem.
func (u *UI) marked(version, host, component string, problems []Problem) string {
	if slices.ContainsFunc(problems, func(p Problem) bool { return p.Host == host && p.Component == component }) {
		return version + u.paint.yellow(" !")
	}
	return version
}

func (u *UI) state(s string) string {
	active, sub, _ := strings.Cut(s, "/")
	switch active {
	case "active":
		return u.paint.green(sub)
	case "failed":
		return u.paint.red(active)
	}
	return u.paint.yellow(s)
}

func (u *UI) ready(err error) string {
	if err == nil {
		return u.paint.green("yes")
	}
	return u.paint.red("no")
}

func (u *UI) targets(c installer.ComponentStatus) string {
	if c.TargetsAll == 0 {
		return ""
	}
	text := fmt.Sprintf("%d/%d up", c.TargetsUp, c.TargetsAll)
	if c.TargetsUp == c.TargetsAll {
		return u.paint.green(text)
	}
	return u.paint.red(text)
}

type statusRecord struct {
	Host        string   `json:"host"`
	Component   string   `json:"component"`
	Version     string   `json:"version"`
	Arch        string   `json:"arch"`
	Port        int      `json:"port"`
	Unit        string   `json:"unit"`
	State       string   `json:"state"`
	Enabled     bool     `json:"enabled"`
	Restarts    int      `json:"restarts"`
	Ready       bool     `json:"ready"`
	Listed      bool     `json:"listed"`
	Data        string   `json:"data,omitempty"`
	TargetsUp   int      `json:"targets_up"`
	Targets     int      `json:"targets"`
	TargetsDown []string `json:"targets_down,omitempty"`
}

type statusHostRecord struct {
	Host       string `json:"host"`
	Arch       string `json:"arch,omitempty"`
	Unfinished string `json:"unfinished,omitempty"`
	Error      string `json:"error,omitempty"`
}

func (u *UI) statusJSON(h installer.HostStatus) {
	if !u.JSON {
		return
	}
	u.Emit("host", statusHostRecord{h.Host, h.Facts.Arch, h.Unfinished, said(h.Err)})
	for _, c := range h.Components {
		u.Emit("component", statusRecord{
			h.Host, c.Component, c.Version, c.Arch, c.Port, c.Unit, c.State, c.Enabled, c.Restarts, c.Ready == nil, c.Listed, c.Data,
			c.TargetsUp, c.TargetsAll, c.TargetsDown,
		})
	}
}
