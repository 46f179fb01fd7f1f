package ui

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// paint colours text, or leaves it as it is when false.
type paint bool

func (p paint) with(s string, codes ...string) string {
	if !p || s == "" {
		return s
	}
	for _, c := range codes {
		s = c + s
	}
	return s + "\x1b[0m"
}

func (p paint) bold(s string) string   { return p.with(s, "\x1b[1m") }
func (p paint) dim(s string) string    { return p.with(s, "\x1b[2m") }
func (p paint) red(s string) string    { return p.with(s, "\x1b[31m") }
func (p paint) green(s string) string  { return p.with(s, "\x1b[32m") }
func (p paint) yellow(s string) string { return p.with(s, "\x1b[33m") }
func (p paint) cyan(s string) string   { return p.with(s, "\x1b[36m") }

// fit cuts a line to a number of columns, with an ellipsis.
func fit(s string, columns int) string {
	if text.StringWidthWithoutEscSequences(s) <= columns {
		return s
	}
	return text.Trim(s, max(columns-1, 0)) + "…"
}

// Note writes a sentence of the story, broken between words on a terminal.
func (u *UI) Note(format string, args ...any) {
	u.Say("%s", u.wrap(fmt.Sprintf(format, args...), "  "))
}

// wrap breaks prose for a terminal on standard error between words, never within one; the lines after the first begin
// with indent.
func (u *UI) wrap(s, indent string) string { return wrapAt(s, indent, u.errTTY, u.errWidth-8) }

// wrapOut is wrap for standard output.
func (u *UI) wrapOut(s, indent string) string {
	return wrapAt(s, indent, u.outTTY, u.width-len(indent)-1)
}

func wrapAt(s, indent string, tty bool, width int) string {
	if !tty {
		return strings.ReplaceAll(s, "\n", "\n"+indent)
	}
	var lines []string
	for paragraph := range strings.SplitSeq(s, "\n") {
		line := ""
		for word := range strings.SplitSeq(paragraph, " ") {
			if line != "" && text.StringWidthWithoutEscSequences(line+" "+word) > max(width, 20) {
				lines = append(lines, line)
				line = word
				continue
			}
			line = strings.TrimPrefix(line+" "+word, " ")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n"+indent)
}
