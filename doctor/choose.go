package doctor

import (
	"fmt"
	"path"
	"slices"

	"github.com/monctl/monctl/fleet/fault"
)

// Choose selects checks by patterns: an ID, or one with * in it ("scrape/*"). No only selects all. A pattern that matches
// nothing is a mistake of whoever wrote it.
func Choose(all []Check, only, skip []string) ([]Check, error) {
	for _, pattern := range slices.Concat(only, skip) {
		if !slices.ContainsFunc(all, func(c Check) bool { return idMatches(c.ID, pattern) }) {
			return nil, fault.Misuse(fmt.Errorf("no check is called %q", pattern), "monctl doctor --list lists them.")
		}
	}
	var chosen []Check
	for _, c := range all {
		if len(only) > 0 && !slices.ContainsFunc(only, func(p string) bool { return idMatches(c.ID, p) }) {
			continue
		}
		if !slices.ContainsFunc(skip, func(p string) bool { return idMatches(c.ID, p) }) {
			chosen = append(chosen, c)
		}
	}
	return chosen, nil
}

func idMatches(id, pattern string) bool {
	ok, err := path.Match(pattern, id)
	family, _ := path.Split(id)
	return err == nil && ok || pattern == family || pattern+"/" == family
}
