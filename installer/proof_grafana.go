package installer

import (
	"context"
	"errors"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/prove"
)

// proveGrafana lets Grafana itself query each of its datasources.
func (r *Run) proveGrafana(ctx context.Context, h *Host, asker *prove.Asker, i desired.Instance, found *proofs) {
	user, _ := i.Set["admin_user"].(string)
	password, err := readSecret(ctx, h.conn, i.SecretPath("admin_password"))
	g := prove.Grafana{Asker: asker, Base: "http://" + i.Local(), User: user, Password: password}
	if err == nil {
		err = g.Database(ctx)
	}
	found.add(h.Name, Proof{Kind: ProofDatabase, What: "Grafana's database works", Unit: i.Unit(), Err: err})
	if err != nil {
		return
	}
	for _, d := range r.Stack.Datasources(i) {
		if d.Elsewhere { // its answer depends on somebody else's service and account
			continue
		}
		err := g.Datasource(ctx, d.UID)
		if errors.Is(err, prove.ErrPasswordChanged) {
			err = fault.With(err, "Write the new password to %s on %s (one line, mode 0600), or set it back: grafana cli admin reset-admin-password.", i.SecretPath("admin_password"), h.Name)
		}
		found.add(h.Name, Proof{Kind: ProofDatasource, What: "Grafana queries " + d.Title, Unit: i.Unit(), Err: err})
	}
}

// readSecret reads a secret file of a host through its root shell.
func readSecret(ctx context.Context, conn fleet.Conn, path string) (string, error) {
	ctx, cancel := brief(ctx)
	defer cancel()
	res, err := conn.Run(ctx, fleet.Cmd{Script: "cat -- " + fleet.Quote(path)})
	if err != nil {
		return "", err
	}
	if res.Exit != 0 {
		return "", errors.New(strings.TrimSpace(res.Stderr))
	}
	return strings.TrimRight(res.Stdout, "\n"), nil
}
