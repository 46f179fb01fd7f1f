package installer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/dashboard"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/prove"
	"github.com/prometheus/common/model"
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
	r.proveDashboards(ctx, g, i, found)
}

// proveDashboards proves that Grafana has every dashboard; with time, that each of its queries is answered through
// Grafana, and that there is data.
func (r *Run) proveDashboards(ctx context.Context, g prove.Grafana, i desired.Instance, found *proofs) {
	boards, err := r.Stack.Dashboards(i)
	if err != nil {
		found.add(i.Host.Name, Proof{Kind: ProofDashboard, What: "Grafana shows the dashboards", Unit: i.Unit(), Err: err})
		return
	}
	proofs := make([]Proof, len(boards))
	errs := fleet.Each(ctx, dashboardsAtOnce, indexes(boards), func(ctx context.Context, n int) error {
		proofs[n] = r.proveDashboard(ctx, g, boards[n])
		return nil
	})
	for n, proof := range proofs {
		proof.Err = cmp.Or(proof.Err, errs[n])
		proof.Kind, proof.What, proof.Unit = ProofDashboard, cmp.Or(proof.What, "Grafana shows "+boards[n].Title), i.Unit()
		found.add(i.Host.Name, proof)
	}
}

// dashboardsAtOnce is how many dashboards are asked about at the same time.
const dashboardsAtOnce = 4

// presentFor bounds the waiting for a dashboard: Grafana looks into its folder every ten seconds.
const presentFor = 20 * time.Second

func (r *Run) proveDashboard(ctx context.Context, g prove.Grafana, d *dashboard.Dashboard) Proof {
	proof := Proof{What: fmt.Sprintf("Grafana shows the dashboard %q", d.Title)}
	present, cancel := context.WithTimeout(ctx, presentFor)
	defer cancel()
	if proof.Err = g.Present(present, d.UID); proof.Err != nil || !r.thorough {
		return proof
	}
	proof.What += " with data"
	var result prove.BoardResult
	result, proof.Err = g.Fills(ctx, d, r.scrapeInterval())
	switch {
	case proof.Err != nil:
	case result.Nothing():
		proof.Err = fmt.Errorf("none of its %d queries has data", result.Asked)
	case result.WithData == 0 && result.Asked > 0:
		proof.Note = "nothing to show yet, and every panel says why"
	case len(result.Empty) > 0:
		proof.Note = fmt.Sprintf("%d of %d queries have data; none in: %s", result.WithData, result.Asked-result.Explained, strings.Join(result.Panels(), ", "))
	}
	return proof
}

// scrapeInterval is that of the first Prometheus or monitor.
func (r *Run) scrapeInterval() time.Duration {
	for _, p := range r.Stack.Scrapers() {
		text, _ := p.Set["scrape_interval"].(string)
		if d, err := model.ParseDuration(text); err == nil {
			return time.Duration(d)
		}
	}
	return 0
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
