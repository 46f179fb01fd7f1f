package ui

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// Table prints aligned columns without boxes; the header only where a person reads.
func (u *UI) Table(header []string, rows [][]string) {
	if u.JSON {
		return
	}
	u.write(u.out, u.table(header, rows))
}

func (u *UI) table(header []string, rows [][]string) string {
	painted := make([]string, len(header))
	for i, h := range header {
		painted[i] = u.paint.bold(h)
	}
	return u.rows(append([][]string{painted}, rows...))
}

// rows aligns columns.
func (u *UI) rows(rows [][]string) string {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	t.SetStyle(style)
	for _, r := range rows {
		t.AppendRow(row(r))
	}
	var b strings.Builder
	for line := range strings.Lines(t.Render() + "\n") {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

func row(cells []string) table.Row {
	r := make(table.Row, len(cells))
	for i, c := range cells {
		r[i] = c
	}
	return r
}
