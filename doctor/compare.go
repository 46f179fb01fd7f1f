package doctor

import "slices"

// Change is what became of one finding between two looks.
type Change struct {
	Finding
	Gone bool // it was there before and is not any more
	Was  Level
}

// Compare gives the findings that are new, worse or better, and those that are gone. The same finding with other numbers
// is no change.
func Compare(before, after Report) []Change {
	var list []Change
	old := map[string]Finding{}
	for _, f := range before.Findings {
		old[f.Key()] = f
	}
	for _, f := range after.Findings {
		was, had := old[f.Key()]
		if !had || was.Level != f.Level {
			list = append(list, Change{Finding: f, Was: was.Level})
		}
	}
	for _, f := range before.Findings {
		if !slices.ContainsFunc(after.Findings, func(n Finding) bool { return n.Key() == f.Key() }) {
			list = append(list, Change{Finding: f, Gone: true, Was: f.Level})
		}
	}
	return list
}
