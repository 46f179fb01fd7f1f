package cmd

import (
	"context"

	"github.com/monctl/monctl/doctor/datadir"
	"github.com/monctl/monctl/doctor/datahost"
)

// hostWindow lets a Prometheus take samples behind those of the future, by its configuration.
func (g *globals) hostWindow(ctx context.Context, s *datahost.Session, plan datadir.Plan) error {
	if err := s.OpenWindow(ctx, plan.Window, func(step string) { g.ui.Detail("%s: %s", s.Host.Name, step) }); err != nil {
		return err
	}
	if err := g.hostProve(ctx, s, datahost.Complete); err != nil {
		return err
	}
	g.ui.Say("the window is a stop-gap: take it away after %s with monctl data repair %s --close-window", plan.Wait, s.Target.Name)
	return nil
}

// hostCloseWindow takes the window away again.
func (g *globals) hostCloseWindow(ctx context.Context, o dataOptions, s *datahost.Session) error {
	if err := g.confirmIdentity(ctx, o.yes, s.Target.Name.String(), "take the window away and restart it"); err != nil {
		return err
	}
	if err := s.CloseWindow(ctx, func(step string) { g.ui.Detail("%s: %s", s.Host.Name, step) }); err != nil {
		return err
	}
	return g.hostProve(ctx, s, datahost.Ingesting)
}
