// Command alloy_standin is a STAND-IN for Grafana Alloy, which is to be had neither as a package nor as a module. It reads
// Alloy's configuration with Alloy's own parser and evaluator (grafana/alloy/syntax), strictly, does what the few
// components that monctl configures are documented to do, and pushes over Loki's protocol. The lab uses it so that a
// line takes the whole way from a host to LogQL. It keeps no positions: a restart reads files from their end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(1)
	}
}

// run is "alloy validate FILE" and "alloy run [flags] FILE".
func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("usage: alloy run|validate [flags] FILE")
	}
	flags := flag.NewFlagSet("alloy "+args[0], flag.ContinueOnError)
	address := flags.String("server.http.listen-addr", "127.0.0.1:12345", "address of the HTTP server")
	flags.String("storage.path", "data-alloy", "folder of positions")
	flags.Bool("disable-reporting", false, "report nothing")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("want one configuration file")
	}
	c, err := load(flags.Arg(0))
	if err != nil || args[0] == "validate" {
		return err
	}
	return serve(ctx, *address, flags.Arg(0), c)
}

// serve runs the configuration, anew at every SIGHUP, and answers over HTTP.
func serve(ctx context.Context, address, file string, c *config) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /-/ready", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "Alloy is ready. (stand-in)") })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "# TYPE alloy_build_info gauge\nalloy_build_info{version=\"stand-in\"} 1")
	})
	server := &http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	defer func() { _ = server.Close() }()
	for {
		running, stop := context.WithCancel(ctx)
		var all sync.WaitGroup
		c.start(running, &all)
		var err error
		select {
		case err = <-failed:
		case <-ctx.Done():
		case <-hup:
		}
		stop()
		all.Wait()
		if err != nil || ctx.Err() != nil {
			return err
		}
		if next, err := load(file); err == nil { // as Alloy does, it keeps what it has when the new one is wrong
			c = next
		} else {
			fmt.Fprintln(os.Stderr, "error:", err)
		}
	}
}
