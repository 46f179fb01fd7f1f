package ui

import (
	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/desired"
)

// Secrets prints secrets: it is the one place that does.
func (u *UI) Secrets(stack *desired.Stack, secrets []installer.Secret, valueOnly bool) {
	var rows [][]string
	for _, s := range secrets {
		address := ""
		for _, i := range stack.Of(s.Component) {
			if i.Host.Name == s.Host {
				address = "http://" + i.From("")
			}
		}
		u.Emit("secret", map[string]string{"host": s.Host, "component": s.Component, "name": s.Name, "user": s.User, "value": s.Value, "address": address})
		if valueOnly {
			u.Print("%s", s.Value)
		}
		rows = append(rows, []string{s.Host, u.paint.cyan(address), s.User, s.Value})
	}
	if !valueOnly {
		u.Table([]string{"HOST", "ADDRESS", "USER", "PASSWORD"}, rows)
	}
}
