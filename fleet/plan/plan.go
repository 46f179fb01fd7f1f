// Package plan compares what should be on a host with what was seen there and says what would change. It is pure:
// no host, no clock, no file is touched, so a plan can be printed, compared in a test and sent as JSON.
package plan

import (
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/look"
	"github.com/monctl/monctl/fleet/resource"
)

// Action is what a change does to its resource.
type Action string

// The actions.
const (
	Create  Action = "create"
	Update  Action = "update"
	Run     Action = "check"
	Start   Action = "start"
	Restart Action = "restart"
	Reload  Action = "reload"
	Enable  Action = "enable"
	Stop    Action = "stop"
	Remove  Action = "remove"
	Execute Action = "run"
	Move    Action = "move"
)

// Change is one resource that is not as it should be.
type Change struct {
	Resource resource.Resource
	Action   Action
	Why      string // "missing", "content differs", "owner is root:root, not root:monctl-prometheus"
	// Enabling is set on a Service that must also be enabled to start at boot.
	Enabling bool
}

// Plan is all that would change on one host, in the order in which it would be done. Resources that are as they
// should be are not in it.
type Plan struct {
	Host    string
	Changes []Change
	// Unfinished is the state of a journal that an interrupted run left: "", "open" or "applied".
	Unfinished string
}

// Empty reports that nothing would change.
func (p Plan) Empty() bool { return len(p.Changes) == 0 }

// Of compares the resources of a host with what was seen there. Resources are given in the order in which they depend
// on each other; the plan keeps it.
func Of(host string, resources []resource.Resource, seen look.Seen) Plan {
	p := Plan{Host: host, Unfinished: seen.Journal}
	changed := map[string]bool{}
	for _, r := range resources {
		c, ok := compare(r, seen, changed)
		if !ok {
			continue
		}
		changed[r.Key()] = true
		p.Changes = append(p.Changes, c)
	}
	p.Changes = withoutIdleChecks(p.Changes)
	return p
}

// withoutIdleChecks drops the checks of directories in which nothing changes and whose release stays.
func withoutIdleChecks(changes []Change) []Change {
	var kept []Change
	for _, c := range changes {
		check, ok := c.Resource.(resource.Check)
		if ok && !needed(check, changes) {
			continue
		}
		kept = append(kept, c)
	}
	return kept
}

func needed(check resource.Check, changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool {
		f, isFile := c.Resource.(resource.File)
		return c.Resource.Key() == check.Release || isFile && strings.HasPrefix(f.Path, check.Dir+"/")
	})
}
