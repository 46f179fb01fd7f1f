package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

// pollEvery is how often changed dashboards are taken over; Grafana's default.
const pollEvery = 10 * time.Second

// listen serves until ctx ends.
func (s *server) listen(ctx context.Context) error {
	address := net.JoinHostPort(s.settings.get("server.http_addr"), s.settings.get("server.http_port"))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	web := &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- s.serveOn(web, listener) }()
	s.log.Info("HTTP Server Listen", "address", listener.Addr().String(), "protocol", s.settings.get("server.protocol"))
	notifySystemd()
	go s.poll(ctx)
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	shutdown, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return web.Shutdown(shutdown)
}

func (s *server) serveOn(web *http.Server, listener net.Listener) error {
	switch protocol := s.settings.get("server.protocol"); protocol {
	case "http":
		return web.Serve(listener)
	case "https", "h2":
		return web.ServeTLS(listener, s.settings.get("server.cert_file"), s.settings.get("server.cert_key"))
	default:
		return fmt.Errorf("server.protocol %q: want http, https or h2", protocol)
	}
}

// poll takes over changed dashboards. Mistakes are logged; what was in force stays.
func (s *server) poll(ctx context.Context) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := s.pollDashboards(); err != nil && !errors.Is(err, context.Canceled) {
				s.log.Error("dashboard provisioning failed", "error", err)
			}
		}
	}
}

// notifySystemd tells a unit of Type=notify that the service is ready, as Grafana does.
func notifySystemd() {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return
	}
	conn, err := net.Dial("unixgram", socket) //nolint:noctx // a local socket answers at once
	if err != nil {
		return // systemd then reports that it was not told
	}
	defer conn.Close()
	_, _ = conn.Write([]byte("READY=1"))
}
