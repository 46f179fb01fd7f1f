package ui

import (
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/templates"
)

// newFileLines is how much of a new file is shown without --full.
const newFileLines = 12

// fileText shows the content of a new file or the difference to the old one, indented. Secrets are never shown.
func (u *UI) fileText(c plan.Change, contents map[string]string, full bool) string {
	f, ok := c.Resource.(resource.File)
	if !ok {
		return ""
	}
	if f.Secret {
		return "      " + u.paint.dim("(secret, not shown)") + "\n"
	}
	if strings.HasPrefix(f.Path, templates.StateRoot+"/") && !full {
		return "" // monctl's own notes
	}
	if c.Action == plan.Create {
		return u.newFile(string(f.Content), full)
	}
	return u.diffText(Diff(f, contents))
}

// Diff is the unified difference between what is on the host and what should be there; "" when that is not known.
func Diff(f resource.File, contents map[string]string) string {
	old, known := contents[f.Path]
	if f.Secret || !known {
		return ""
	}
	return udiff.Unified(f.Path+" (now)", f.Path+" (planned)", old, string(f.Content))
}

func (u *UI) newFile(content string, full bool) string {
	lines := strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	hidden := 0
	if !full && len(lines) > newFileLines {
		hidden = len(lines) - newFileLines
		lines = lines[:newFileLines]
	}
	var b strings.Builder
	for _, line := range lines {
		b.WriteString("      " + u.paint.green("+ ") + fit(line, u.width-8) + "\n")
	}
	if hidden > 0 {
		b.WriteString("      " + u.paint.dim(fmt.Sprintf("… %d more lines (--full)", hidden)) + "\n")
	}
	return b.String()
}

func (u *UI) diffText(diff string) string {
	var b strings.Builder
	for line := range strings.Lines(diff) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
			continue // the line above names the file
		case strings.HasPrefix(line, "@@"):
			line = u.paint.cyan(line)
		case strings.HasPrefix(line, "+"):
			line = u.paint.green(line)
		case strings.HasPrefix(line, "-"):
			line = u.paint.red(line)
		}
		b.WriteString("      " + line + "\n")
	}
	return b.String()
}
