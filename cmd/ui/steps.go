package ui

import (
	"fmt"
	"slices"
)

// Step is a change of version on one host.
type Step struct {
	Host      string `json:"host"`
	Component string `json:"component"`
	From      string `json:"from"`
	To        string `json:"to"`
}

// Steps prints which hosts go from which version to which; the same step of many hosts once.
func (u *UI) Steps(steps []Step) {
	type key struct{ component, from, to string }
	var order []key
	hosts := map[key][]string{}
	for _, s := range steps {
		u.Emit("step", s)
		k := key{s.Component, s.From, s.To}
		if !slices.Contains(order, k) {
			order = append(order, k)
		}
		hosts[k] = append(hosts[k], s.Host)
	}
	var rows [][]string
	for _, k := range order {
		rows = append(rows, []string{k.component, fmt.Sprintf("%s → %s", k.from, u.paint.bold(k.to)), Names(hosts[k])})
	}
	if len(rows) > 0 {
		u.Table([]string{"COMPONENT", "VERSION", "HOSTS"}, rows)
		u.Print("")
	}
}
