package cmd

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/fleet/tunnel"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/prove"
	"github.com/spf13/cobra"
)

type openOptions struct {
	print bool
	port  int
}

func newOpen(g *globals) *cobra.Command {
	var o openOptions
	c := &cobra.Command{
		Use:   "open [HOST/]COMPONENT",
		Short: "Look at a component's page in the browser, through SSH",
		Long: `Carries a port of this machine's loopback address to the component on its host, through the
SSH connection, and opens the browser, or prints the address where there is none. The
component needs no public port for that, and the host no login on a console. Ctrl-C ends it.

Exit status: 0 ended by Ctrl-C, 1 failed, 2 no host runs the component.`,
		Example: `  monctl open grafana
  monctl open vm2/prometheus --print
  monctl open loki --port 3100`,
		Args:              someArgs("the component"),
		ValidArgsFunction: g.completeComponents,
		RunE:              func(c *cobra.Command, args []string) error { return runOpen(c.Context(), g, o, args) },
	}
	c.Flags().SortFlags = false
	c.Flags().BoolVar(&o.print, "print", false, "print the address and open no browser")
	c.Flags().IntVar(&o.port, "port", 0, "`PORT` here (default: the component's own, or a free one)")
	return c
}

// startPages are where people begin, when that is not /.
var startPages = map[string]string{"loki": "/services"}

func runOpen(ctx context.Context, g *globals, o openOptions, args []string) error {
	switch {
	case len(args) > 1:
		return fault.Misuse(fmt.Errorf("monctl open takes one component, got %d words", len(args)), "For another one, run it again in another terminal.")
	case o.port < 0 || o.port > 65535:
		return fault.Misuse(fmt.Errorf("--port %d: want 1 to 65535", o.port), "")
	}
	stack, err := g.load("")
	if err != nil {
		return err
	}
	i, err := instanceNamed(stack, args[0])
	if err != nil {
		return err
	}
	far := &farEnd{g: g, host: i.Host.Host, address: i.Local()}
	if far.conn, err = g.dial(ctx, i.Host.Host); err != nil {
		return fmt.Errorf("%s: %w", i.Host.Name, err)
	}
	defer far.close()
	if err := answers(ctx, far.conn, i); err != nil {
		return err
	}
	l, err := listenHere(ctx, i.Port, o.port)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	page := startPages[i.Component.Name]
	if page == "" && !isPage(i.Component.Name) {
		page = i.Component.Metrics
	}
	g.interruption.Store(&interruption{first: "closed", again: "closed at once"})
	g.present(ctx, i, "http://"+l.Addr().String()+page, o.print)
	return tunnel.Serve(ctx, l, far.dial, func(err error) { g.ui.Say("%s: %v", i.Host.Name, err) })
}

// isPage says whether people find a page at /.
func isPage(component string) bool {
	return component == "grafana" || component == "prometheus" || component == "alertmanager" || component == "monitor"
}

// present says where the page is, and opens it where there is a browser.
func (g *globals) present(ctx context.Context, i desired.Instance, address string, printOnly bool) {
	g.ui.Opened(ui.Opening{Component: i.Component.Name, Host: i.Host.Name, Address: address, Secret: ui.HasLogin(i), Local: i.Host.Local})
	if printOnly || g.json {
		return
	}
	if err := browse(ctx, address); err != nil {
		g.ui.Detail("no browser: %v", err)
	}
}

// instanceNamed finds COMPONENT, on the first host that runs it, or HOST/COMPONENT.
func instanceNamed(stack *desired.Stack, word string) (desired.Instance, error) {
	host, component, named := strings.Cut(word, "/")
	if !named {
		host, component = "", word
	}
	for _, i := range stack.Of(component) {
		if i.Component.Runs() && (host == "" || i.Host.Name == host) {
			return i, nil
		}
	}
	var there []string
	for _, c := range stack.Components() {
		if c.Runs() {
			there = append(there, c.Name)
		}
	}
	err := fmt.Errorf("no host runs %s in %s%s", component, stack.Inventory.Name, inventory.Suggest(component, there))
	if named {
		err = fmt.Errorf("host %s does not run %s in %s", host, component, stack.Inventory.Name)
	}
	return desired.Instance{}, fault.Misuse(err, "These can be opened: %s.", ui.Names(there))
}

// answers sees to it that somebody is there before a browser shows an error nobody understands.
func answers(ctx context.Context, conn fleet.Conn, i desired.Instance) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	asker := prove.NewAsker(conn)
	defer asker.Close()
	if _, err := asker.Get(ctx, "http://"+i.Local()+i.Component.Ready, http.Header{}); err != nil {
		return fault.With(fmt.Errorf("%s: %s does not answer: %w", i.Host.Name, i.Component.Name, err), "monctl status says what runs; monctl doctor %s says why it does not.", i.Host.Name)
	}
	return nil
}

// listenHere takes the port that was asked for, or the component's own, or any.
func listenHere(ctx context.Context, own, asked int) (net.Listener, error) {
	var config net.ListenConfig
	at := func(port int) (net.Listener, error) {
		return config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	}
	if asked != 0 {
		l, err := at(asked)
		return l, fault.Misuse(err, "Give another --port, or none.")
	}
	if l, err := at(own); err == nil {
		return l, nil
	}
	return at(0)
}

// farEnd dials through the connection to a host, and through a new one when that is gone: a laptop sleeps.
type farEnd struct {
	g       *globals
	host    fleet.Host
	address string

	mu   sync.Mutex
	conn fleet.Conn
}

func (f *farEnd) dial(ctx context.Context) (net.Conn, error) {
	f.mu.Lock()
	conn := f.conn
	f.mu.Unlock()
	c, err := conn.Dial(ctx, "tcp", f.address)
	if err == nil || ctx.Err() != nil {
		return c, err
	}
	if conn, err = f.again(ctx, conn); err != nil {
		return nil, err
	}
	return conn.Dial(ctx, "tcp", f.address)
}

// again connects anew, unless somebody else did.
func (f *farEnd) again(ctx context.Context, broken fleet.Conn) (fleet.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conn != broken {
		return f.conn, nil
	}
	conn, err := f.g.dial(ctx, f.host)
	if err != nil {
		return nil, err
	}
	_ = broken.Close()
	f.conn = conn
	return conn, nil
}

func (f *farEnd) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = f.conn.Close()
}
