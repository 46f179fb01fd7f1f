package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer/desired"
	prom "github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"
)

const localMonitor = "http://localhost:9090"

// queryFlags are the flags of query as they are typed.
type queryFlags struct {
	url   string
	back  string // "" is an instant
	step  string
	limit int
}

func newQuery(g *globals) *cobra.Command {
	f := queryFlags{}
	c := &cobra.Command{
		Use:   "query EXPR [HOST/prometheus]",
		Short: "Ask a Prometheus in PromQL: a table, or a plot over a range",
		Long: `query evaluates a PromQL expression now and prints a table, or over --range and draws it
in the terminal. It asks ` + localMonitor + `, the --url given, or a Prometheus of the
inventory, through the connection to its host.`,
		Example: `  monctl query 'rate(node_cpu_seconds_total{mode="user"}[1m])'
  monctl query node_load1 --range 1h
  monctl query up vm1/prometheus
  monctl query 'sum(up)' --url https://user:secret@prom.example --json`,
		Args: someArgs("the expression"),
		RunE: func(c *cobra.Command, args []string) error { return runQuery(c.Context(), g, f, args) },
	}
	c.Flags().SortFlags = false
	c.Flags().StringVar(&f.url, "url", "", "`URL` of the Prometheus")
	c.Flags().StringVar(&f.back, "range", "", "draw the last `TIME`, as 1h")
	c.Flags().StringVar(&f.step, "step", "", "`TIME` between the points of a range (default: one per column)")
	c.Flags().IntVar(&f.limit, "limit", 100, "`N` series at most")
	return c
}

func runQuery(ctx context.Context, g *globals, f queryFlags, args []string) error {
	if len(args) > 2 {
		return fault.Misuse(fmt.Errorf("monctl query takes an expression and HOST/prometheus, got %d words", len(args)), "Quote the expression: monctl query 'sum(up)'")
	}
	window, step, err := f.span(g.ui.PlotWidth())
	if err != nil {
		return err
	}
	where := ""
	if len(args) == 2 {
		where = args[1]
	}
	from, done, err := g.prometheus(ctx, f.url, where)
	if err != nil {
		return err
	}
	defer done()
	api := from.api
	ctx, cancel := context.WithTimeout(ctx, g.proveFor)
	defer cancel()
	var value model.Value
	var warnings promv1.Warnings
	now := time.Now()
	if window == 0 {
		value, warnings, err = api.Query(ctx, args[0], now, promv1.WithLimit(limitOf(f.limit)))
	} else {
		value, warnings, err = api.QueryRange(ctx, args[0], promv1.Range{Start: now.Add(-window), End: now, Step: step}, promv1.WithLimit(limitOf(f.limit)))
	}
	if err != nil {
		return from.fault(args[0], err)
	}
	for _, w := range warnings {
		g.ui.Say("warning: %s", w)
	}
	value, all := first(value, f.limit) // older releases know no limit
	if n := all - f.limit; n > 0 && f.limit > 0 {
		g.ui.Say("warning: %d of %d series are shown; --limit 0 shows all", f.limit, all)
	}
	g.ui.Samples(ui.Answer{Expr: args[0], Value: value, Start: now.Add(-window), End: now, Step: step})
	return nil
}

// first is a value with so many series at most, and how many it had; 0 is no limit.
func first(value model.Value, limit int) (model.Value, int) {
	switch v := value.(type) {
	case model.Vector:
		if limit > 0 && len(v) > limit {
			return v[:limit], len(v)
		}
	case model.Matrix:
		if limit > 0 && len(v) > limit {
			return v[:limit], len(v)
		}
	}
	return value, 0
}

func limitOf(n int) uint64 { return uint64(max(n, 0)) } //nolint:gosec // not negative

// span reads --range and --step; a window of 0 is an instant. Without a step there is a point for each of width columns.
func (f queryFlags) span(width int) (window, step time.Duration, err error) {
	if f.back == "" {
		if f.step != "" {
			return 0, 0, fault.Misuse(errors.New("--step needs --range"), "")
		}
		return 0, 0, nil
	}
	read := func(flag, s string) time.Duration {
		d, e := model.ParseDuration(s)
		if e == nil && d <= 0 {
			e = errors.New("want more than 0")
		}
		if e != nil && err == nil {
			err = fault.Misuse(fmt.Errorf("--%s %q: %w", flag, s, e), "For example 15m, 1h or 7d.")
		}
		return time.Duration(d)
	}
	window = read("range", f.back)
	if f.step != "" {
		step = read("step", f.step)
	} else {
		step = max(window/time.Duration(width), time.Second).Round(time.Second)
	}
	return window, step, err
}

// source is a Prometheus and how a person named it.
type source struct {
	api    promv1.API
	place  string // a URL without password, or HOST/prometheus
	remedy string // when it does not answer
}

// prometheus gives the one that was named; done ends what reaches it.
func (g *globals) prometheus(ctx context.Context, address, where string) (a source, done func(), err error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	done = transport.CloseIdleConnections
	switch {
	case address != "" && where != "":
		return a, nil, fault.Misuse(errors.New("--url and HOST/prometheus exclude each other"), "")
	case where != "":
		var conn fleet.Conn
		if address, conn, err = g.prometheusOf(ctx, where); err != nil {
			return a, nil, err
		}
		transport = &http.Transport{DialContext: conn.Dial}
		done = func() { transport.CloseIdleConnections(); conn.Close() }
		host, _, _ := strings.Cut(where, "/")
		a.place, a.remedy = where, fmt.Sprintf("Does it run? monctl status; monctl doctor %s says more.", host)
	case address == "":
		address = localMonitor
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		done()
		return a, nil, fault.Misuse(fmt.Errorf("--url %q: want http://HOST[:PORT][/PATH]", address), "")
	}
	if a.place == "" {
		a.place, a.remedy = u.Redacted(), "Is it running? monctl serve starts one here; --url names another."
	}
	client, err := prom.NewClient(prom.Config{Address: address, RoundTripper: transport})
	if err != nil {
		done()
		return a, nil, err
	}
	a.api = promv1.NewAPI(client)
	return a, done, nil
}

// prometheusOf finds HOST/prometheus in the inventory and connects to its host, from which it is asked.
func (g *globals) prometheusOf(ctx context.Context, where string) (address string, conn fleet.Conn, err error) {
	host, component, ok := strings.Cut(where, "/")
	if !ok {
		return "", nil, fault.Misuse(fmt.Errorf("%q: want HOST/prometheus", where), "Or name any Prometheus with --url.")
	}
	stack, err := g.load(", or name any Prometheus with --url")
	if err != nil {
		return "", nil, err
	}
	for _, i := range stack.Of(component) {
		if i.Host.Name != host || !i.Component.Scrapes {
			continue
		}
		bind := i.Bind
		if ip := net.ParseIP(bind); bind == "" || ip != nil && ip.IsUnspecified() {
			bind = "127.0.0.1"
		}
		conn, err := g.dial(ctx, i.Host.Host)
		return "http://" + net.JoinHostPort(bind, fmt.Sprint(i.Port)), conn, err
	}
	return "", nil, notAsked(stack, host, component)
}

// notAsked says why HOST/COMPONENT cannot be asked, and who can.
func notAsked(stack *desired.Stack, host, component string) error {
	var can []string
	for _, i := range stack.Instances {
		if i.Component.Scrapes {
			can = append(can, i.Host.Name+"/"+i.Component.Name)
		}
	}
	remedy := "Nobody there keeps metrics; any Prometheus can be named with --url."
	if len(can) > 0 {
		remedy = "Those that can be asked: " + ui.Names(can) + "."
	}
	known := slices.ContainsFunc(stack.Inventory.Hosts, func(h inventory.Host) bool { return h.Name == host })
	switch {
	case !known:
		return fault.Misuse(fmt.Errorf("there is no host %s in %s", host, stack.Inventory.Name), "%s", remedy)
	case slices.ContainsFunc(stack.Of(component), func(i desired.Instance) bool { return i.Host.Name == host }):
		return fault.Misuse(fmt.Errorf("%s of %s is no Prometheus", component, host), "%s", remedy)
	}
	return fault.Misuse(fmt.Errorf("%s does not run %s in %s", host, component, stack.Inventory.Name), "%s", remedy)
}
