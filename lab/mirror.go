package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/monctl/monctl/lab/hosts"
	"github.com/monctl/monctl/lab/mirror"
	"github.com/spf13/cobra"
)

func newMirror(w *which) *cobra.Command {
	var listen string
	var buildOnly, serveOnly, background bool
	cmd := &cobra.Command{
		Use:   "mirror",
		Short: "Build the mirror of releases and serve it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if background {
				return startMirror(cmd, w, listen)
			}
			m, err := openMirror(cmd, w, serveOnly)
			if err != nil || buildOnly {
				return err
			}
			return serve(cmd.Context(), cmd.ErrOrStderr(), listen, m.Handler())
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "address to serve on (default: the lab's gateway, or 127.0.0.1 without a lab, port 8180)")
	cmd.Flags().BoolVar(&buildOnly, "build-only", false, "build what is missing and end")
	cmd.Flags().BoolVar(&serveOnly, "serve-only", false, "serve what is built already")
	cmd.Flags().BoolVar(&background, "background", false, "serve until the lab goes down, print the address and return")
	return cmd
}

func openMirror(cmd *cobra.Command, w *which, asItIs bool) (*mirror.Mirror, error) {
	cache, err := hosts.Cache(w.cache)
	if err != nil {
		return nil, err
	}
	if asItIs {
		return mirror.Open(cache)
	}
	m, err := mirror.Build(cmd.Context(), cache, func(line string) { fmt.Fprintln(cmd.ErrOrStderr(), line) })
	if err != nil {
		return nil, err
	}
	table := tabwriter.NewWriter(cmd.ErrOrStderr(), 0, 0, 2, ' ', 0)
	for _, r := range m.Releases {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.Component, r.Version, r.Arch, r.Origin)
	}
	return m, table.Flush()
}

// serve answers until ctx ends.
func serve(ctx context.Context, out io.Writer, address string, handler http.Handler) error {
	if address == "" {
		address = "127.0.0.1:8180"
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("mirror: listen: %w; choose another address with --listen", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	fmt.Fprintf(out, "mirror: http://%s\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("mirror: serve: %w", err)
	}
	return nil
}
