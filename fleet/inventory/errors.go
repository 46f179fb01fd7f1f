package inventory

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/monctl/monctl/fleet/fault"
)

// Error is one mistake in the file and where it is.
type Error struct {
	File    string
	Pos     Pos
	Message string
	Excerpt string // the line and its neighbours with a caret; "" when there is no file
}

// Error gives "monctl.yaml:12:3: message" and the excerpt on lines of its own.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Pos.Line > 0 {
		b.WriteString(":" + e.Pos.String())
	}
	b.WriteString(": " + e.Message)
	if e.Excerpt != "" {
		b.WriteString("\n" + e.Excerpt)
	}
	return b.String()
}

// ErrorAt gives a Usage error "monctl.yaml:12:3: message" with an excerpt of the file. In an ad-hoc inventory and with
// the zero Pos there is only the name and the message.
func (inv *Inventory) ErrorAt(pos Pos, format string, args ...any) error {
	e := &Error{File: inv.Name, Message: fmt.Sprintf(format, args...)}
	if pos.Line > 0 && inv.src != nil {
		e.Pos, e.Excerpt = pos, excerpt(maskedLines(inv.src), pos)
	}
	return fault.Misuse(e, "")
}

// errorList collects the mistakes of one file, so that a person sees all of them at once.
type errorList struct {
	inv  *Inventory
	list []*Error
}

// maxErrors keeps a file that is something else altogether from filling the screen.
const maxErrors = 20

func (l *errorList) add(pos Pos, format string, args ...any) {
	l.list = append(l.list, &Error{File: l.inv.Name, Pos: pos, Message: fmt.Sprintf(format, args...)})
}

// err joins the mistakes in file order; nil when there are none.
func (l *errorList) err() error {
	if len(l.list) == 0 {
		return nil
	}
	slices.SortStableFunc(l.list, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
	var all []error
	lines := maskedLines(l.inv.src)
	for i, e := range l.list {
		if i == maxErrors {
			all = append(all, fmt.Errorf("%s: and %d more", l.inv.Name, len(l.list)-i))
			break
		}
		e.Excerpt = excerpt(lines, e.Pos)
		all = append(all, e)
	}
	return fault.Misuse(errors.Join(all...), "")
}

const maxExcerptWidth = 160 // characters of a line that are shown

// excerpt shows the line at pos between its neighbours, a marker and a caret.
func excerpt(lines []string, pos Pos) string {
	if pos.Line > len(lines) {
		return ""
	}
	var b strings.Builder
	for n := max(pos.Line-1, 1); n <= min(pos.Line+1, len(lines)); n++ {
		line := printable(lines[n-1])
		switch {
		case n == pos.Line:
			fmt.Fprintf(&b, "> %4d | %s\n       | %s^\n", n, line, strings.Repeat(" ", caret(line, pos.Column)))
		case strings.TrimSpace(line) != "":
			fmt.Fprintf(&b, "  %4d | %s\n", n, line)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func caret(line string, column int) int {
	return max(min(column-1, utf8.RuneCountInString(line)), 0)
}

// printable keeps control characters of a broken file away from the terminal and the line short.
func printable(line string) string {
	out := []rune(strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError:
			return '?'
		}
		return r
	}, line))
	if len(out) > maxExcerptWidth {
		return string(out[:maxExcerptWidth]) + "…"
	}
	return string(out)
}

const mask = "***"

var (
	secretKey = regexp.MustCompile(
		`(?i)^(.*?[\w-]*(?:password|passphrase|secret|token|credential|webhook|api_?key|api_url|private)[\w-]*["']?\s*:)(\s*)(\S.*)?$`)
	reference    = regexp.MustCompile(`^(?:&\S+\s+)?\{\s*(?:env|file)\s*:[^,{}]*\}\s*,?[\s\]}]*(?:#.*)?$`)
	urlPassword  = regexp.MustCompile(`(://[^/\s:@]*:)[^/\s@]+@`)
	indentOfLine = regexp.MustCompile(`^[\s-]*`)
)

// maskedLines hides values of keys that sound secret, also those that go on over more deeply indented lines, and
// passwords in URLs. References ({env: …}, {file: …}) are no secrets and stay.
func maskedLines(src []byte) []string {
	lines := strings.Split(string(src), "\n")
	inside := -1 // indentation of the secret key whose value goes on
	for i, line := range lines {
		line = urlPassword.ReplaceAllString(line, "${1}"+mask+"@")
		lines[i] = line
		indent := len(indentOfLine.FindString(line))
		if inside >= 0 && (indent > inside || strings.TrimSpace(line) == "") {
			if strings.TrimSpace(line) != "" && !reference.MatchString(strings.TrimSpace(line)) {
				lines[i] = line[:indent] + mask
			}
			continue
		}
		inside = -1
		if m := secretKey.FindStringSubmatch(line); m != nil && !reference.MatchString(m[3]) {
			inside = indent
			if m[3] != "" {
				lines[i] = m[1] + m[2] + mask
			}
		}
	}
	return lines
}
