package doctor

import "slices"

// Change is what became of one finding between two looks.
type Change struct {
	Finding
	Gone bool // it was there before and is not any more
	Was  Level
}

// Compare gives the findings that are new, worse or better, and those that are gone. The same finding with other numbers
// is no change, and nobody can tell what became of those of hosts that are lost now.
func Compare(before, after Report, lost []Lost) []Change {
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
		if slices.ContainsFunc(lost, func(l Lost) bool { return l.Name == f.Host }) {
			continue
		}
		if !slices.ContainsFunc(after.Findings, func(n Finding) bool { return n.Key() == f.Key() }) {
			list = append(list, Change{Finding: f, Gone: true, Was: f.Level})
		}
	}
	return list
}

// CompareLost gives the hosts that could be examined before and cannot any more, and those that can again.
func CompareLost(before, after Fleet) (gone []Lost, back []string) {
	was := func(list []Lost, name string) bool {
		return slices.ContainsFunc(list, func(l Lost) bool { return l.Name == name })
	}
	for _, l := range after.Lost {
		if !was(before.Lost, l.Name) {
			gone = append(gone, l)
		}
	}
	for _, l := range before.Lost {
		if !was(after.Lost, l.Name) {
			back = append(back, l.Name)
		}
	}
	return gone, back
}
