// Package archive looks inside a published file before anything of it reaches a host: that no member escapes the
// release folder, that the programs are there and are built for the right machine, and that it is whole. It also
// turns formats that a bare host cannot unpack into a tar.gz. It knows nothing of where files come from.
package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/templates"
)

// Want is what a published file must be.
type Want struct {
	Format   templates.Format
	Arch     templates.Arch // the host's machine
	Binaries []string       // paths inside the release folder
	Member   string         // zip: the member that becomes the only binary; "" keeps names
}

// Limits bound what is read, so that a small file cannot grow without end.
type Limits struct {
	Entries int
	Bytes   int64 // unpacked
}

// DefaultLimits are far above the largest release known: Grafana's, about 15,000 members and 1 GB.
var DefaultLimits = Limits{Entries: 200_000, Bytes: 4 << 30}

// Layout is what Inspect found out.
type Layout struct {
	Strip int // leading path components above the release folder, 0 or 1
	// Plain says that tar on any host unpacks the file as it is with Strip; otherwise Repack makes one of that kind.
	Plain bool
}

// Inspect reads the whole file once and reports what is wrong with it: a damaged or truncated file, a member or a
// link that points outside, a device, a name twice, too much content, a program missing or built for another
// machine. Every such error is a refusal.
func Inspect(ctx context.Context, path string, want Want, limits Limits) (Layout, error) {
	in := &inspection{want: want, left: limits, kinds: map[string]fs.FileMode{}, programs: map[string]error{}}
	err := walk(ctx, path, want, in.see)
	if err == nil {
		err = in.judge()
	}
	if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		err = fault.Refuse(fmt.Errorf("archive: %w", err),
			"Nothing was unpacked. The file has the checksum it should have, so it is the wrong file or a bad release: choose another version, or correct the component's `release:`.")
	}
	return in.layout, err
}
