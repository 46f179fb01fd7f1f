package installer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/desired"
)

// proveLogs looks whether a log agent may read the log files of the apps on its host. A file that is not there yet is no
// fault: the app may not have started.
func (r *Run) proveLogs(ctx context.Context, h *Host, i desired.Instance, found *proofs) {
	patterns := r.Stack.LogsOn(h.Name)
	if len(patterns) == 0 {
		return
	}
	ctx, cancel := brief(ctx)
	defer cancel()
	res, err := h.conn.Run(ctx, fleet.Cmd{Script: readable(i.User(), patterns)})
	if err == nil {
		err = unreadable(i, res.Stdout)
	}
	found.add(h.Name, Proof{Kind: ProofLogs, What: i.Component.Title + " may read the logs of apps", Unit: i.Unit(), Err: err})
}

// readable is a script that says of each file of the patterns what keeps a user from reading it: "KIND|FILE|GROUP". The
// patterns hold no sign that sh acts on but those of file names (the inventory sees to it).
func readable(user string, patterns []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `look() {
	for f; do
		if [ ! -e "$f" ]; then continue; fi
		if [ -d "$f" ]; then printf 'folder|%%s|\n' "$f"
		elif ! runuser -u %s -- test -r "$f"; then printf 'closed|%%s|%%s\n' "$f" "$(stat -c %%G -- "$f")"; fi
	done
}
`, fleet.Quote(user))
	for _, p := range patterns {
		fmt.Fprintf(&b, "look %s\n", strings.ReplaceAll(p, "**", "*"))
	}
	return b.String()
}

// unreadable makes errors of what readable found.
func unreadable(i desired.Instance, out string) error {
	var errs []error
	for line := range strings.Lines(out) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), "|", 3)
		switch {
		case len(f) != 3:
			errs = append(errs, fmt.Errorf("unexpected answer %q", line))
		case f[0] == "folder":
			errs = append(errs, fault.With(fmt.Errorf("%s is a folder, not a log file", f[1]), "Name its files: %s/*.log", f[1]))
		default:
			errs = append(errs, fault.With(fmt.Errorf("%s may not read %s", i.User(), f[1]),
				"Give it the file's group, when that may read it: components: {%s: {groups: [%s]}}.", i.Component.Name, f[2]))
		}
	}
	return errors.Join(errs...)
}
