package doctor

import (
	"fmt"
	"strings"
)

// Pages writes docs/checks.md: what every check is about, family by family.
func Pages(checks []Check) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Checks\n\nWhat `monctl doctor` looks for, causes before consequences. Written from the code by `go test ./doctor -run TestPages -update`; `monctl doctor --explain ID` shows\none of them. %d checks.\n", len(checks))
	family := ""
	for _, c := range checks {
		if c.Family() != family {
			family = c.Family()
			fmt.Fprintf(&b, "\n## %s\n", family)
		}
		fmt.Fprintf(&b, "\n### %s\n\nWell: %s.\n\n", c.ID, c.Title)
		for _, part := range []struct{ name, text string }{
			{"Symptom", c.Doc.Symptom},
			{"Cause", c.Doc.Cause},
			{"Evidence", c.Doc.Evidence},
			{"Fix", c.Doc.Fix},
			{"Risk", c.Doc.Risk},
			{"Source", c.Doc.Source},
			{"Explained by", strings.Join(c.After, ", ")},
		} {
			if part.text != "" {
				fmt.Fprintf(&b, "- %s: %s\n", part.name, strings.ReplaceAll(part.text, "\n", " "))
			}
		}
	}
	return b.String()
}
