package installer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/apply"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/prove"
)

// ErrNothingToRollBack says that no change of monctl is recorded on the host.
var ErrNothingToRollBack = errors.New("no change of monctl is recorded there")

// Rollback plays back the last change on each of the hosts in o.Only: an interrupted one if there is one, else the last
// proven one. Afterwards what is installed then must be ready.
func Rollback(ctx context.Context, o Options) []Outcome {
	var hosts []fleet.Host
	for _, h := range o.Stack.Inventory.Hosts {
		if slices.Contains(o.Only, h.Name) {
			hosts = append(hosts, h.Host)
		}
	}
	outcomes := make([]Outcome, len(hosts))
	for i := range hosts {
		outcomes[i].Host = hosts[i].Name
	}
	errs := fleet.Each(ctx, o.Parallel, hosts, func(ctx context.Context, h fleet.Host) error {
		n := slices.IndexFunc(hosts, func(other fleet.Host) bool { return other.Name == h.Name })
		return rollback(ctx, o, h, &outcomes[n])
	})
	for i, err := range errs {
		outcomes[i].Err = err
		o.report(Event{Host: hosts[i].Name, Doing: "done", Finished: true, Err: err})
	}
	return outcomes
}

func rollback(ctx context.Context, o Options, h fleet.Host, out *Outcome) error {
	conn, err := o.dial(ctx, h)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := apply.Lock(ctx, conn, h.Name, o.Holder, o.LockWait); err != nil {
		return err
	}
	o.report(Event{Host: h.Name, Doing: "roll back"})
	undone, err := apply.Undo(ctx, conn)
	if !undone && err == nil {
		undone, err = apply.Rollback(ctx, conn)
	}
	if err != nil {
		return fmt.Errorf("%s: roll back: %w", h.Name, err)
	}
	if !undone {
		return fault.With(fmt.Errorf("%s: %w", h.Name, ErrNothingToRollBack), "Only the last change of a host can be rolled back, and only once.")
	}
	out.Changed, out.RolledBack = true, true
	o.report(Event{Host: h.Name, Doing: "prove"})
	return proveInstalled(ctx, conn, o, h.Name, out)
}

// proveInstalled waits until everything that the host's own manifests name is ready.
func proveInstalled(ctx context.Context, conn fleet.Conn, o Options, host string, out *Outcome) error {
	manifests, err := Manifests(ctx, conn)
	if err != nil {
		return fmt.Errorf("%s: %w", host, err)
	}
	limit := o.ProveFor
	if limit == 0 {
		limit = DefaultProveFor
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	asker := prove.NewAsker(conn)
	defer asker.Close()
	var errs []error
	for _, m := range manifests {
		err := asker.Ready(ctx, "http://"+m.Address+m.Ready, func(ctx context.Context) error { return crashed(ctx, conn, m.Unit, false) })
		out.Proofs = append(out.Proofs, Proof{Kind: ProofReady, What: m.Component + " " + m.Version + " is ready", Unit: m.Unit, Err: err})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
