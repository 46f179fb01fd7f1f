package installer

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
)

// Contents reads what is now in the files of a host that its plan would update, for a diff. Files with secrets are
// not read. A host without such files is not asked.
func (r *Run) Contents(ctx context.Context, h *Host) (map[string]string, error) {
	var script strings.Builder
	for _, c := range h.Plan.Changes {
		if f, ok := c.Resource.(resource.File); ok && !f.Secret && c.Action == plan.Update {
			path := fleet.Quote(f.Path)
			fmt.Fprintf(&script, "[ -f %s ] && printf '%%s %%s\\n' \"$(base64 -w0 -- %s)\" %s\n", path, path, path)
		}
	}
	contents := map[string]string{}
	if script.Len() == 0 {
		return contents, nil
	}
	res, err := h.conn.Run(ctx, fleet.Cmd{Script: script.String() + ":\n"})
	if err != nil {
		return nil, fmt.Errorf("%s: read files: %w", h.Name, err)
	}
	for line := range strings.Lines(res.Stdout) {
		encoded, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		text, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("%s: read files: %s: %w", h.Name, path, err)
		}
		contents[path] = string(text)
	}
	return contents, nil
}
