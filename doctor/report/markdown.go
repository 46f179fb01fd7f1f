package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/monctl/monctl/doctor"
)

// Markdown writes the pages of checks, grouped by family: docs/checks.md.
func Markdown(w io.Writer, checks []doctor.Check) error {
	var b strings.Builder
	b.WriteString("# Checks of monctl doctor\n\nThis file is generated from the code; a test says when it is not current. ")
	fmt.Fprintf(&b, "There are %d checks. `monctl doctor --explain ID` prints one of these pages, `--only` and `--skip` select.\n\n", len(checks))
	b.WriteString("| family | checks |\n|---|---|\n")
	for _, family := range families(checks) {
		var links []string
		for _, c := range checks {
			if c.Family() == family {
				_, name, _ := strings.Cut(c.ID, "/")
				links = append(links, fmt.Sprintf("[%s](#%s)", name, anchor(c.ID)))
			}
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %s |\n", family, family, strings.Join(links, " · "))
	}
	for _, family := range families(checks) {
		fmt.Fprintf(&b, "\n## %s\n", family)
		for _, c := range checks {
			if c.Family() == family {
				writeCheck(&b, c)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeCheck(b *strings.Builder, c doctor.Check) {
	fmt.Fprintf(b, "\n### %s\n\nWhen all is well: %s.\n\n", c.ID, strings.TrimSuffix(c.Title, "."))
	for _, part := range []struct{ name, text string }{
		{"Symptom", c.Doc.Symptom},
		{"Cause", c.Doc.Cause},
		{"Evidence", c.Doc.Evidence},
		{"Fix", c.Doc.Fix},
		{"Risk", c.Doc.Risk},
		{"Source", c.Doc.Source},
		{"Needs root", map[bool]string{true: "yes; otherwise unknown"}[c.Root]},
		{"Can follow from", after(c)},
	} {
		if part.text != "" {
			fmt.Fprintf(b, "- **%s**: %s\n", part.name, plain(part.text))
		}
	}
}

// after names the causes of a check, unless it follows from any.
func after(c doctor.Check) string {
	const most = 12
	if len(c.After) > most {
		return "any check that names a cause"
	}
	links := make([]string, 0, len(c.After))
	for _, id := range c.After {
		links = append(links, fmt.Sprintf("[%s](#%s)", id, anchor(id)))
	}
	return strings.Join(links, ", ")
}

// anchor is how GitHub names a heading: without its slash.
func anchor(id string) string { return strings.ReplaceAll(strings.ToLower(id), "/", "") }

// plain keeps a text on one line, and what looks like a tag from being one, outside of code.
func plain(text string) string {
	parts := strings.Split(strings.Join(strings.Fields(text), " "), "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.NewReplacer("<", "&lt;", "*", `\*`, "_", `\_`).Replace(parts[i])
	}
	return strings.Join(parts, "`")
}
