package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	goruntime "runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/runtime"
	"github.com/monctl/monctl/runtime/page"
	"github.com/prometheus/common/model"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// serveFlags are the flags of serve as they are typed.
type serveFlags struct {
	o             runtime.Options
	scrape        []string
	external      string
	retention     string
	retentionSize string
	noHost        bool
	open          bool
	logLevel      string
	check         bool
}

func newServe(g *globals) *cobra.Command {
	f := &serveFlags{}
	c := &cobra.Command{
		Use:   "serve",
		Short: "Be a monitor: scraper, TSDB, PromQL, alerts and web page in this process",
		Long: `serve runs the bundled monitor, built on Prometheus' own packages. Without --config it
scrapes this host (with node_exporter's collectors, in this process) and itself. With
--config it obeys a Prometheus configuration as it is. The data folder has Prometheus'
format: a Prometheus can take it over, and back.

SIGHUP or POST /-/reload loads the configuration again; a bad one changes nothing.
It does not do:
  - ` + strings.Join(runtime.NotDone, "\n  - "),
		Example: `  monctl serve
  monctl serve --scrape app=localhost:8080/actuator/prometheus --open
  monctl serve --config prometheus.yml --data /var/lib/prometheus --listen :9090`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runServe(c.Context(), g, f, c.Flags()) },
	}
	f.define(c.Flags())
	return c
}

func (f *serveFlags) define(s *pflag.FlagSet) {
	s.SortFlags = false
	s.StringVar(&f.o.ConfigFile, "config", "", "Prometheus configuration `FILE`")
	s.StringVar(&f.o.Data, "data", "monctl-data", "`FOLDER` of the samples")
	s.StringVar(&f.o.Listen, "listen", "localhost:9090", "`HOST:PORT` to answer on; :9090 is every address")
	s.StringArrayVar(&f.scrape, "scrape", nil, "also scrape `NAME=HOST:PORT[/PATH]` (without --config)")
	s.BoolVar(&f.open, "open", false, "open the page in a browser")
	s.StringVar(&f.retention, "retention", "15d", "`TIME` that samples are kept; 0 is for ever")
	s.StringVar(&f.retentionSize, "retention-size", "0", "`SIZE` of blocks that is kept, as 10GB; 0 is no limit")
	s.StringVar(&f.o.WebConfig, "web-config", "", "TLS and users: `FILE` in exporter-toolkit's format")
	s.StringVar(&f.external, "external-url", "", "`URL` under which others reach this monitor")
	s.BoolVar(&f.o.RemoteWrite, "remote-write-receiver", false, "accept remote write on /api/v1/write")
	s.BoolVar(&f.o.AdminAPI, "admin-api", false, "allow deletion and snapshots by HTTP")
	s.BoolVar(&f.noHost, "no-host-metrics", false, "do not measure this host")
	s.BoolVar(&f.o.NodeExporter, "node-exporter", false, "answer as a node_exporter: /metrics has this host's metrics too")
	s.StringSliceVar(&f.o.NTPServers, "ntp", []string{"0.pool.ntp.org", "1.pool.ntp.org", "2.pool.ntp.org"}, "`SERVERS` asked for the true time; none asks nobody")
	s.DurationVar(&f.o.QueryTimeout, "query-timeout", 2*time.Minute, "`TIME` that a query may take")
	s.IntVar(&f.o.QueryMaxSamples, "query-max-samples", 50_000_000, "`N` samples that a query may hold in memory")
	s.IntVar(&f.o.QueryConcurrency, "query-concurrency", 20, "`N` queries at once")
	s.DurationVar(&f.o.Lookback, "query-lookback", 5*time.Minute, "`AGE` up to which a sample is current")
	s.BoolVar(&f.check, "check", false, "read the configuration and all files it names, and end: with 2 when it is wrong")
	s.StringVar(&f.logLevel, "log-level", "warn", "`LEVEL`: debug, info, warn or error")
}

func runServe(ctx context.Context, g *globals, f *serveFlags, set *pflag.FlagSet) error {
	o, err := f.options(g, set)
	if err != nil {
		return err
	}
	if f.check {
		return serveFault(runtime.Check(o))
	}
	m, err := runtime.Start(o)
	if err != nil {
		return serveFault(err)
	}
	g.interruption.Store(&interruption{
		first: "stopping; what was measured is on disk. Ctrl-C again does not wait for queries and targets",
		again: "stopped at once; what was measured is on disk, and is read at the next start",
	})
	stop := reloadOnHUP(m, g)
	defer stop()
	err = m.Run(ctx, func() {
		g.ui.Emit("ready", map[string]any{"url": m.URL().String(), "data": o.Data})
		g.ui.Print("%s", m.URL())
		if f.open {
			openBrowser(ctx, g, m.URL())
		}
	})
	return serveFault(err)
}

// options checks what was typed.
func (f *serveFlags) options(g *globals, set *pflag.FlagSet) (runtime.Options, error) {
	o := f.o
	o.Version, o.HostMetrics = buildVersion(), !f.noHost && goruntime.GOOS == "linux"
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return o, fault.Misuse(fmt.Errorf("--log-level %q: want debug, info, warn or error", f.logLevel), "")
	}
	o.Logger = slog.New(slog.NewTextHandler(g.streams.Err, &slog.HandlerOptions{Level: level, ReplaceAttr: shortened}))
	page, err := page.Handler()
	if err != nil {
		return o, err
	}
	o.Page = page
	if goruntime.GOOS == "linux" { // the look reads /proc
		o.Doctor = diagnose
	}
	if len(o.NTPServers) == 1 && o.NTPServers[0] == "none" {
		o.NTPServers = nil
	}
	if o.ConfigFile != "" && len(f.scrape) > 0 {
		return o, fault.Misuse(errors.New("--scrape and --config exclude each other"), "Add the target to %s.", o.ConfigFile)
	}
	for _, s := range f.scrape {
		t, err := parseTarget(s)
		if err != nil {
			return o, err
		}
		o.Scrape = append(o.Scrape, t)
	}
	if err := f.limits(&o); err != nil {
		return o, err
	}
	if err := checkAddress(o.Listen); err != nil {
		return o, err
	}
	if f.external != "" {
		u, err := url.Parse(f.external)
		if err != nil || u.Host == "" {
			return o, fault.Misuse(fmt.Errorf("--external-url %q: want http://HOST[:PORT][/PATH]", f.external), "")
		}
		o.External = u
	}
	o.Flags = map[string]string{}
	set.VisitAll(func(flag *pflag.Flag) { o.Flags[flag.Name] = flag.Value.String() })
	return o, nil
}

// shortened keeps what others sent, a label of megabytes say, from filling the log.
func shortened(_ []string, a slog.Attr) slog.Attr {
	const enough = 2048 // bytes
	if text := a.Value.String(); len(text) > enough {
		return slog.String(a.Key, strings.ToValidUTF8(text[:enough], "")+"…")
	}
	return a
}

// limits reads the retention. For ever is a hundred years, as upstream caps it.
func (f *serveFlags) limits(o *runtime.Options) error {
	keep, err := model.ParseDuration(f.retention)
	if err != nil {
		return fault.Misuse(fmt.Errorf("--retention %q: %w", f.retention, err), "For example 15d, 12h or 1y.")
	}
	size, err := runtime.ParseSize(f.retentionSize)
	if err != nil {
		return fault.Misuse(fmt.Errorf("--retention-size %q: %w", f.retentionSize, err), "For example 512MB or 10GB.")
	}
	o.Retention, o.RetentionSize = keep, size
	if keep == 0 && size == 0 {
		o.Retention = model.Duration(100 * 365 * 24 * time.Hour)
	}
	return nil
}

// checkAddress tells an address that is none from one that cannot be had.
func checkAddress(listen string) error {
	const ports = 1 << 16
	_, port, err := net.SplitHostPort(listen)
	n, e := strconv.Atoi(port) // a name of a port is looked up by the listener
	if err != nil || port == "" || e == nil && (n < 0 || n >= ports) {
		return fault.Misuse(fmt.Errorf("--listen %q: want HOST:PORT", listen), "For example localhost:9091, or :9090 for every address.")
	}
	return nil
}

// parseTarget reads NAME=[http://|https://]HOST:PORT[/PATH].
func parseTarget(s string) (runtime.Target, error) {
	name, address, ok := strings.Cut(s, "=")
	wrong := fault.Misuse(fmt.Errorf("--scrape %q: want NAME=HOST:PORT[/PATH]", s), "For example --scrape app=localhost:8080/actuator/prometheus")
	if !ok || name == "" {
		return runtime.Target{}, wrong
	}
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Port() == "" || u.RawQuery != "" || u.Scheme != "http" && u.Scheme != "https" {
		return runtime.Target{}, wrong
	}
	t := runtime.Target{Job: name, Address: u.Host, Path: u.Path, Scheme: u.Scheme}
	if t.Path == "" {
		t.Path = "/metrics"
	}
	return t, nil
}

// serveFault gives the errors of the monitor the remedy that a person needs.
func serveFault(err error) error {
	var (
		config *runtime.ConfigError
		used   *runtime.InUseError
		port   *runtime.PortError
		folder *runtime.FolderError
		data   *runtime.DataError
	)
	switch {
	case errors.As(err, &config):
		return fault.Misuse(err, "")
	case errors.As(err, &used):
		return fault.Refuse(err, "One process at a time writes to a data folder. End the other one, or name another folder with --data.")
	case errors.As(err, &port):
		return fault.With(err, "Name another address with --listen, for example --listen localhost:9091.")
	case errors.As(err, &folder):
		return fault.With(err, "Open it to this user, run as the one that it belongs to, or name another folder with --data.")
	case errors.As(err, &data) && errors.Is(err, fs.ErrPermission):
		return fault.With(err, "Its files are another user's: run as that user, or give them all to this one with chown -R, or name another folder with --data. Nothing was changed.")
	case errors.As(err, &data):
		return fault.With(err, "monctl data inspect --local %s tells what is wrong with it. Nothing was changed.", data.Dir)
	}
	return err
}

// reloadOnHUP loads the configuration again at each SIGHUP, until stop.
func reloadOnHUP(m *runtime.Monitor, g *globals) (stop func()) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-hup:
				if err := m.Reload(); err != nil {
					g.ui.Error(err)
				}
			}
		}
	}()
	return func() { signal.Stop(hup); close(done) }
}

// openBrowser shows the page where there is a desktop; elsewhere it says where it is.
func openBrowser(ctx context.Context, g *globals, u *url.URL) {
	opener := "xdg-open"
	if goruntime.GOOS == "darwin" {
		opener = "open"
	}
	browser := exec.CommandContext(context.WithoutCancel(ctx), opener, u.String()) // it outlives the monitor
	if err := browser.Start(); err != nil {
		g.ui.Say("no browser could be opened (%s); the page is at %s", err, u)
		return
	}
	go func() { _ = browser.Wait() }() // ends with the opener; how it ended is the browser's to say
}
