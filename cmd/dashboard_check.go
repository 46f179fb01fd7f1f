package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/installer/dashboard"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/prove"
	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"
)

func newDashboardCheck(g *globals) *cobra.Command {
	var offline bool
	c := &cobra.Command{
		Use:   "check [NAME|FILE…]",
		Short: "Parse every query of the dashboards, and name metrics that nothing exposes",
		Long: `Reads every query of the dashboards that install provisions, or of those named: PromQL by
Prometheus' own parser, LogQL as far as that goes without Loki. Then asks the installed Prometheus,
through the connection to its host, which metrics there were in the last hour, and names those that
a panel needs and no target exposes; and lets the installed Loki parse LogQL. Nothing is changed.

Exit status 3 when something was found.`,
		Example: `  monctl dashboard check
  monctl dashboard check node-exporter-full
  monctl dashboard check ./corea.json --offline
  monctl dashboard check --json | jq -r 'select(.type == "metric") | .metric'`,
		RunE: func(c *cobra.Command, args []string) error { return runDashboardCheck(c.Context(), g, offline, args) },
	}
	c.Flags().BoolVar(&offline, "offline", false, "ask no host: only parse")
	return c
}

func runDashboardCheck(ctx context.Context, g *globals, offline bool, words []string) error {
	stack, err := g.load("")
	if err != nil {
		return err
	}
	all, err := stack.Boards(firstGrafana(stack))
	if err != nil {
		return err
	}
	if all, err = dashboardsNamed(all, words); err != nil {
		return err
	}
	var have dashboard.Names
	parse := parseLogs(func(context.Context, string) error { return nil })
	if !offline {
		if have, err = g.metricNames(ctx, stack); err != nil {
			return err
		}
		var done func()
		if parse, done, err = g.lokiParser(ctx, stack); err != nil {
			return err
		}
		defer done()
	}
	var checked []ui.CheckedDashboard
	questions, bad := 0, 0
	for _, b := range all {
		c := checkDashboard(b, have)
		if err := checkLogs(ctx, &c, b, parse); err != nil {
			return err
		}
		checked = append(checked, c)
		questions += c.Queries
		if !c.Good() {
			bad++
		}
	}
	g.ui.CheckedDashboards(checked)
	g.summary(map[string]any{"dashboards": len(all), "queries": questions, "bad": bad, "offline": offline})
	if bad > 0 {
		return code(exitChanges)
	}
	return nil
}

// checkDashboard judges the questions of a dashboard. Without names nothing is said of metrics.
func checkDashboard(b desired.Board, have dashboard.Names) ui.CheckedDashboard {
	c := ui.CheckedDashboard{Board: b}
	at := map[string]int{}
	for _, q := range append(b.Choices(dashboard.LastHour), b.Questions(dashboard.LastHour)...) {
		c.Queries++
		if q.Err != nil {
			c.Broken = append(c.Broken, q)
		}
		if have == nil {
			continue
		}
		for _, name := range q.Missing(have) {
			n, seen := at[name]
			if !seen {
				n = len(c.Missing)
				at[name] = n
				c.Missing = append(c.Missing, ui.MissingMetric{Name: name, Explained: true})
			}
			m := &c.Missing[n]
			m.Explained = m.Explained && q.Empty != ""
			if !slices.Contains(m.Panels, q.Panel) {
				m.Panels = append(m.Panels, q.Panel)
			}
		}
	}
	return c
}

// metricNames are the metrics that the first Prometheus (or monitor) of the stack had in the last hour; nil when there is
// none.
func (g *globals) metricNames(ctx context.Context, stack *desired.Stack) (dashboard.Names, error) {
	all := stack.Scrapers()
	if len(all) == 0 {
		return nil, nil
	}
	where := all[0].Host.Name + "/" + all[0].Component.Name
	from, done, err := g.prometheus(ctx, "", where)
	if err != nil {
		return nil, err
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, g.proveFor)
	defer cancel()
	now := time.Now()
	values, _, err := from.api.LabelValues(ctx, model.MetricNameLabel, nil, now.Add(-time.Hour), now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	names := dashboard.NameList{}
	for _, v := range values {
		names = append(names, string(v))
	}
	return names, nil
}

// parseLogs asks whether a query is LogQL.
type parseLogs func(ctx context.Context, query string) error

// lokiParser lets the first Loki of the stack parse; without one nobody does.
func (g *globals) lokiParser(ctx context.Context, stack *desired.Stack) (parse parseLogs, done func(), err error) {
	all := stack.Of("loki")
	if len(all) == 0 {
		return func(context.Context, string) error { return nil }, func() {}, nil
	}
	conn, err := g.dial(ctx, all[0].Host.Host)
	if err != nil {
		return nil, nil, err
	}
	asker := prove.NewAsker(conn)
	parse = func(ctx context.Context, query string) error {
		_, err := asker.Get(ctx, "http://"+all[0].Local()+"/loki/api/v1/format_query?query="+url.QueryEscape(query), nil)
		return err
	}
	return parse, func() { asker.Close(); conn.Close() }, nil
}

// checkLogs lets Loki parse what was understood here. An error of another kind than "bad request" ends the check.
func checkLogs(ctx context.Context, c *ui.CheckedDashboard, b desired.Board, parse parseLogs) error {
	for _, q := range b.Questions(dashboard.LastHour) {
		if q.Err != nil || q.Datasource.Type != dashboard.Loki {
			continue
		}
		err := parse(ctx, q.Ready)
		var refused *prove.StatusError
		switch {
		case errors.As(err, &refused) && refused.Status == http.StatusBadRequest:
			q.Err = errors.New(refused.Body)
			c.Broken = append(c.Broken, q)
		case err != nil:
			return fmt.Errorf("loki: %w", err)
		}
	}
	return nil
}
