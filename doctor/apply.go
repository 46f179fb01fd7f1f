package doctor

import (
	"context"
	"fmt"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
)

// Apply does the steps of a fix, in order, until one fails. step is told which begins; it may be nil.
func Apply(ctx context.Context, conn fleet.Conn, fix Fix, step func(Step)) error {
	for i, s := range fix.Steps {
		if step != nil {
			step(s)
		}
		res, err := conn.Run(ctx, fleet.Cmd{Script: s.Run})
		if err == nil && res.Exit != 0 {
			err = fmt.Errorf("exit %d: %s", res.Exit, strings.TrimSpace(lastOf(res.Stderr+res.Stdout, 300)))
		}
		if err != nil {
			left := ""
			if rest := fix.Steps[i+1:]; len(rest) > 0 {
				left = "These steps were not done:\n" + commands(rest)
			}
			if fix.Then != "" {
				left += "\nThen: " + fix.Then
			}
			return fault.With(fmt.Errorf("%s: %s: %w", fix.Host, s.Why, err), "%s", left)
		}
	}
	return nil
}

func lastOf(s string, n int) string {
	if len(s) > n {
		return "…" + strings.ToValidUTF8(s[len(s)-n:], "")
	}
	return s
}

func commands(steps []Step) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString("  " + s.Run + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// Fixes gives what can be done about the causes of a report that are at least so bad, one fix per host and title.
func Fixes(f Fleet, r Report, checks []Check, least Level) []Fix {
	var list []Fix
	seen := map[string]bool{}
	for _, found := range r.Causes() {
		for _, c := range checks {
			if c.ID != found.Check || c.Fix == nil || found.Level < least || found.Level == Unknown {
				continue
			}
			if fix, ok := c.Fix(f, found); ok && !seen[fix.Host+"\x00"+fix.Title] {
				seen[fix.Host+"\x00"+fix.Title] = true
				list = append(list, fix)
			}
		}
	}
	return list
}
