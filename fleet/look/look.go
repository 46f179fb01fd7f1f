// Package look reads what is on a host, as far as a list of resources asks for it, in one script that changes nothing.
// The script groups its questions (one stat, one sha256sum, one systemctl for all resources), because on a host every
// process costs more than the question. The package decides nothing: package plan compares.
package look

import (
	"context"
	"fmt"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/resource"
)

// Seen is what was found on one host. A path, user or unit that is not there has no entry.
type Seen struct {
	Paths   map[string]Path
	Users   map[string]bool
	Groups  map[string][]string // user to its groups, for users whose groups a resource asks for
	Known   map[string]bool     // groups that a resource asks for and the host has
	Scripts map[string]string   // name to "" when all is well, or what is not
	Units   map[string]Unit
	Marks   map[string]string // release directory to the SHA256 written when it was complete
	Pending map[string]string // unit to what an interrupted run still owes it: "restart" or "reload"
	Journal string            // state of the open journal: "", "open" (cut off while changing) or "applied" (not yet proven)
}

// Path is one entry of the file system.
type Path struct {
	Kind         string // "regular file", "directory", "symbolic link", as stat(1) says it
	Owner, Group string
	Mode         uint32 // permission bits
	Size         int64  // bytes
	SHA256       string // of a regular file that a File resource asked for
	Target       string // of a symbolic link
}

// Unit is one systemd unit.
type Unit struct {
	Load, Active, Sub, File string // LoadState, ActiveState, SubState, UnitFileState
	MainPID                 int
	Exe                     string // resolved executable of the main process; "" when it does not run
	Restarts                int    // NRestarts: automatic restarts since the last manual one
	NeedReload              bool   // the unit file changed since systemd read it
}

// At runs the look on a host.
func At(ctx context.Context, conn fleet.Conn, resources []resource.Resource) (Seen, error) {
	res, err := conn.Run(ctx, fleet.Cmd{Script: Script(resources)})
	if err != nil {
		return Seen{}, fmt.Errorf("look: %w", err)
	}
	if res.Exit != 0 {
		return Seen{}, fmt.Errorf("look: the host's sh answered exit %d: %s", res.Exit, strings.TrimSpace(res.Stderr))
	}
	return Parse(res.Stdout)
}
