package ui

import (
	"fmt"
	"strings"

	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer"
)

// Tally counts what plans would do.
type Tally struct {
	Hosts     int `json:"hosts"`
	Create    int `json:"create"`
	Change    int `json:"change"`
	Start     int `json:"start"`
	Restart   int `json:"restart"` // and reload
	Remove    int `json:"remove"`
	Unplanned int `json:"unplanned"` // hosts without a plan
}

// TallyOf counts the plans of hosts. Checks change nothing and are not counted.
func TallyOf(hosts []*installer.Host) Tally {
	t := Tally{Hosts: len(hosts)}
	for _, h := range hosts {
		if h.Err != nil {
			t.Unplanned++
			continue
		}
		for _, c := range h.Plan.Changes {
			t.add(c.Action)
		}
	}
	return t
}

func (t *Tally) add(a plan.Action) {
	switch a {
	case plan.Create:
		t.Create++
	case plan.Update, plan.Enable, plan.Execute, plan.Move:
		t.Change++
	case plan.Start:
		t.Start++
	case plan.Restart, plan.Reload:
		t.Restart++
	case plan.Stop, plan.Remove:
		t.Remove++
	}
}

// Changes says whether anything would be done.
func (t Tally) Changes() bool { return t.Create+t.Change+t.Start+t.Restart+t.Remove > 0 }

// work gives "21 to create, 2 to change", or "nothing to change".
func (t Tally) work() string {
	var parts []string
	for _, p := range []struct {
		n  int
		to string
	}{{t.Create, "create"}, {t.Change, "change"}, {t.Start, "start"}, {t.Restart, "restart"}, {t.Remove, "remove"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", p.n, p.to))
		}
	}
	if len(parts) == 0 {
		return "nothing to change"
	}
	return strings.Join(parts, ", ")
}

// String is the summary line: "3 hosts: 21 to create, 2 to change, 1 to restart; 1 host cannot be planned".
func (t Tally) String() string {
	if t.Unplanned == t.Hosts {
		return count(t.Hosts, "host") + ": nothing can be planned"
	}
	line := count(t.Hosts, "host") + ": " + t.work()
	if t.Unplanned > 0 {
		line += fmt.Sprintf("; %s cannot be planned", count(t.Unplanned, "host"))
	}
	return line
}

func hasRelease(p plan.Plan) bool {
	for _, c := range p.Changes {
		if _, ok := c.Resource.(resource.Release); ok {
			return true
		}
	}
	return false
}
