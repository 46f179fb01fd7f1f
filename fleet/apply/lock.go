package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
)

// ErrLocked says that another controller works on the host.
var ErrLocked = errors.New("locked by another run of monctl")

// lockScript runs in the persistent shell: flock on descriptor 9 is held until that shell ends, however it ends, so
// there is no stale lock and no clock in it. Scripts that the shell starts inherit it: a change that outlives its
// controller keeps the lock until it is done.
const lockScript = `
mkdir -p /run/monctl && exec 9>>/run/monctl/lock
if flock -n 9; then printf '%%s\n' %s >/run/monctl/holder; monctl_heartbeat; echo locked; else echo busy; cat /run/monctl/holder; fi
`

// Lock takes the host's lock for as long as conn lives. When somebody else holds it, it tries again until wait has
// passed, then refuses with the holder's own words.
func Lock(ctx context.Context, conn fleet.Conn, host, holder string, wait time.Duration) error {
	deadline := time.Now().Add(wait)
	script := fmt.Sprintf(lockScript, fleet.Quote(holder))
	for {
		res, err := conn.Run(ctx, fleet.Cmd{Script: script, Keep: true})
		if err != nil {
			return fmt.Errorf("%s: lock: %w", host, err)
		}
		answer, by, _ := strings.Cut(strings.TrimSpace(res.Stdout), "\n")
		switch {
		case answer == "locked":
			return nil
		case answer != "busy":
			return fault.With(fmt.Errorf("%s: lock: %s", host, strings.TrimSpace(res.Stderr)), "The host needs flock (package util-linux) and a writable /run.")
		case time.Now().After(deadline):
			return fault.Refuse(fmt.Errorf("%s: %w (%s)", host, ErrLocked, by), "Wait until it is done, or give --lock-wait a longer time.")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(300 * time.Millisecond):
		}
	}
}
