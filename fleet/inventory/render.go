package inventory

import "github.com/monctl/monctl/fleet"

// Probed is a host for Render with a few words for its comment.
type Probed struct {
	Name string
	Host fleet.Host
	Note string // "Debian 12, arm64, 2.0 GiB free, clock ok"
}

// Render writes a commented file for hosts and what they run.
func Render(hosts []Probed, assignments []Assignment) []byte { return nil }
