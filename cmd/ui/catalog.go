package ui

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/monctl/monctl/templates"
)

// Catalog prints every component with its default version.
func (u *UI) Catalog(catalog templates.Catalog) {
	var rows [][]string
	for _, name := range catalog.Names() {
		c := catalog[name]
		u.Emit("component", map[string]any{
			"component": c.Name, "title": c.Title, "about": c.About, "license": c.License, "docs": c.Docs, "port": c.Port,
			"default": defaultOf(c, templates.AMD64), "archs": shipped(c),
		})
		rows = append(rows, []string{u.paint.bold(name), or(defaultOf(c, templates.AMD64), "-"), portOf(c), u.short(c.About, 34)})
	}
	u.Table([]string{"COMPONENT", "DEFAULT", "PORT", "ABOUT"}, rows)
}

// portOf gives the port as text; a component without a program has none.
func portOf(c *templates.Component) string {
	if !c.Runs() {
		return "-"
	}
	return strconv.Itoa(c.Port)
}

// short cuts the last column of a table to what is left of a terminal's line after used columns.
func (u *UI) short(s string, used int) string {
	if !u.outTTY {
		return s
	}
	return fit(s, max(u.width-used, 30))
}

// ComponentView is one component of the catalogue.
type ComponentView struct {
	Component *templates.Component
	All       bool // all versions
}

// newestVersions is how many versions are listed when not all are asked for.
const newestVersions = 6

// Component prints what is known of a component: settings, versions, sums.
func (u *UI) Component(v ComponentView) {
	c := v.Component
	if u.JSON {
		u.componentJSON(c)
		return
	}
	u.Print("%s  %s\n%s · %s\n", u.paint.bold(c.Title), c.About, c.License, u.paint.cyan(c.Docs))
	for _, n := range c.Notes {
		u.Print("%s %s", u.paint.yellow("!"), n)
	}
	u.settings(c)
	versions := c.Pins.Versions()
	hidden := 0
	if !v.All && len(versions) > newestVersions {
		hidden = len(versions) - newestVersions
		versions = versions[:newestVersions]
	}
	u.pins(c, versions)
	if hidden > 0 {
		u.Print("%s", u.paint.dim(fmt.Sprintf("… %d older versions: --all", hidden)))
	}
	if len(versions) > 0 && !u.Verbose {
		p, _ := newestPin(c)
		u.Print("\nFrom %s\nWhole sums, addresses and sources: -v", u.paint.cyan(c.Release.FileURL(p.Version, p.Build, p.File)))
	}
}

func newestPin(c *templates.Component) (templates.Pin, bool) {
	if len(c.Pins) == 0 {
		return templates.Pin{}, false
	}
	return c.Pins[0], true
}

func (u *UI) settings(c *templates.Component) {
	u.Table([]string{"SETTING", "TYPE", "DEFAULT", "ABOUT"}, u.settingRows("", c.Settings))
	u.Print("")
}

// settingRows gives a row for each setting; those of a group follow it with the group's name before theirs.
func (u *UI) settingRows(group string, list []templates.Setting) [][]string {
	var rows [][]string
	for _, s := range list {
		value := fmt.Sprint(s.Default)
		if s.Default == nil || s.Default == "" {
			value = "-"
		}
		rows = append(rows, []string{group + s.Name, s.Type, value, u.short(s.About, 46)})
		rows = append(rows, u.settingRows(group+s.Name+".", s.Settings)...)
	}
	return rows
}

func (u *UI) pins(c *templates.Component, versions []string) {
	if u.Verbose {
		u.pinsInFull(c, versions)
		return
	}
	var rows [][]string
	for _, version := range versions {
		shown := version
		for _, p := range c.Pins {
			if p.Version != version {
				continue
			}
			mark := ""
			if p.Version == defaultOf(c, p.Arch) {
				mark = u.paint.green("default")
			}
			rows = append(rows, []string{shown, string(p.Arch), attested(p), p.SHA256[:12] + "…", mark})
			shown = ""
		}
	}
	u.Table([]string{"VERSION", "ARCH", "ATTESTED BY", "SHA256", ""}, rows)
}

func attested(p templates.Pin) string { return count(len(p.Sources), "source") }

func (u *UI) pinsInFull(c *templates.Component, versions []string) {
	for _, p := range c.Pins {
		if !slices.Contains(versions, p.Version) {
			continue
		}
		mark := ""
		if p.Version == defaultOf(c, p.Arch) {
			mark = u.paint.green("  default")
		}
		u.Print("%s %s%s\n  %s\n  sha256 %s\n  %s: %s", u.paint.bold(p.Version), p.Arch, mark, u.paint.cyan(c.Release.FileURL(p.Version, p.Build, p.File)),
			p.SHA256, attested(p), strings.Join(p.Sources, ", "))
	}
}

func (u *UI) componentJSON(c *templates.Component) {
	for _, s := range c.Settings {
		u.Emit("setting", map[string]any{"component": c.Name, "setting": s.Name, "kind": s.Type, "default": s.Default, "about": s.About})
	}
	for _, p := range c.Pins {
		u.Emit("release", map[string]any{
			"component": c.Name, "version": p.Version, "arch": p.Arch, "build": p.Build, "file": p.File, "sha256": p.SHA256,
			"url": c.Release.FileURL(p.Version, p.Build, p.File), "sources": p.Sources, "default": p.Version == defaultOf(c, p.Arch),
		})
	}
}

// defaultOf is the version that is chosen for a machine when none is asked for.
func defaultOf(c *templates.Component, arch templates.Arch) string {
	return c.Pins.Newest("", templates.Attested, []templates.Arch{arch})
}

func shipped(c *templates.Component) []string {
	var archs []string
	for _, a := range templates.Archs() {
		if _, ok := c.Release.Archs[a]; ok {
			archs = append(archs, string(a))
		}
	}
	return archs
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
