package cmd

import (
	"context"
	"slices"

	"github.com/monctl/monctl/doctor/datahost"
)

// hostPrevent offers what keeps samples from being stored in the future again, and does it when that is wanted.
func (g *globals) hostPrevent(ctx context.Context, o dataOptions, s *datahost.Session) error {
	offered := s.Preventions(ctx)
	g.ui.DataPreventions(offered)
	possible := slices.DeleteFunc(slices.Clone(offered), func(p datahost.Prevention) bool { return !p.Possible() })
	switch {
	case len(possible) == 0:
		return nil
	case !o.prevent && !g.ui.Asks():
		g.ui.Say("nothing of this was done; with --prevent it is: monctl data repair %s --prevent", s.Name)
		return nil
	case !o.prevent:
		if yes, err := g.ui.Confirm(ctx, "Do this now?"); err != nil || !yes {
			return err
		}
	}
	for _, p := range possible {
		if err := p.Do(ctx, func(step string) { g.ui.Detail("%s: %s", s.Host.Name, step) }); err != nil {
			return err
		}
		g.ui.DataPrevented(p)
	}
	return nil
}
