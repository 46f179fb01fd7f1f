// Command grafana_standin is a STAND-IN for Grafana. It reads Grafana's real
// configuration and provisioning files, more strictly than Grafana does, and
// answers the documented HTTP API that installing and proving need. The lab
// uses it because a real Grafana cannot be had there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(1)
	}
}

// arguments are those of "grafana server".
type arguments struct {
	home, config, pidFile string
	version               bool
	overrides             []string
}

// run is "grafana server ...": flags first, then cfg:section.key=value.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 || args[0] != "server" {
		return errors.New("usage: grafana server --homepath=DIR --config=FILE [cfg:section.key=value ...]")
	}
	var a arguments
	flags := flag.NewFlagSet("grafana server", flag.ContinueOnError)
	flags.StringVar(&a.home, "homepath", ".", "path to the unpacked archive")
	flags.StringVar(&a.config, "config", "", "path to the config file")
	flags.StringVar(&a.pidFile, "pidfile", "", "path to write the process id to")
	flags.String("packaging", "unknown", "how the program was installed")
	flags.BoolVar(&a.version, "v", false, "print the version and end")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	a.overrides = flags.Args()
	version, err := os.ReadFile(filepath.Join(a.home, "VERSION"))
	if err != nil {
		return fmt.Errorf("read version: %w; --homepath must be the unpacked archive", err)
	}
	if a.version {
		fmt.Fprintf(out, "Version %s (stand-in)\n", strings.TrimSpace(string(version)))
		return nil
	}
	return a.serve(ctx, strings.TrimSpace(string(version)), slog.New(slog.NewTextHandler(out, nil)))
}

func (a arguments) serve(ctx context.Context, version string, log *slog.Logger) error {
	log.Info("Starting the STAND-IN for Grafana: this is not Grafana", "version", version, "config", a.config)
	set, err := load(a.home, a.config, a.overrides, os.Environ())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(set.path("paths.logs"), 0o750); err != nil {
		return fmt.Errorf("log folder: %w", err)
	}
	users, err := openStore(set.path("paths.data"), set.get("security.admin_user"), set.get("security.admin_password"))
	if err != nil {
		return err
	}
	if a.pidFile != "" {
		if err := os.WriteFile(a.pidFile, fmt.Appendln(nil, os.Getpid()), 0o644); err != nil {
			return fmt.Errorf("pid file: %w", err)
		}
	}
	s := &server{settings: set, store: users, version: version, log: log}
	if err := s.provision(); err != nil {
		return err
	}
	return s.listen(ctx)
}
