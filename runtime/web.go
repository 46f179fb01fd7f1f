package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/exporter-toolkit/web"
)

const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 5 * time.Minute // as upstream's --web.read-timeout
	stopTimeout   = 200 * time.Millisecond
)

// server is the HTTP side. Until the data is read, all but the page, liveness and metrics is 503.
type server struct {
	log       *slog.Logger
	webConfig string
	external  *url.URL
	public    *http.Server
	private   *http.Server // the monitor's own scrapes, in memory: no TLS, no users
	inside    *http.Server // the same as the public one, in memory, for the doctor
	within    *pipeListener
	handler   atomic.Pointer[http.Handler]
	metrics   *http.ServeMux
	cancel    context.CancelFunc // ends running requests
	running   atomic.Int64       // requests
}

func newServer(m *Monitor) (*server, error) {
	if err := web.Validate(m.o.WebConfig); err != nil {
		return nil, &ConfigError{Lines: []string{m.o.WebConfig + ": " + err.Error()}}
	}
	s := &server{log: m.log, webConfig: m.o.WebConfig, external: m.o.External, metrics: http.NewServeMux(), within: newPipeListener()}
	if s.external == nil {
		s.external = externalURL(m.listener.Addr(), m.o.WebConfig)
	}
	if err := m.offerMetrics(s.metrics); err != nil {
		return nil, err
	}
	starting := m.startingHandler(s)
	s.handler.Store(&starting)
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	errorLog := slog.NewLogLogger(m.log.With("component", "web").Handler(), slog.LevelWarn)
	make := func(h http.Handler) *http.Server {
		return &http.Server{
			Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, ErrorLog: errorLog,
			BaseContext: func(net.Listener) context.Context { return ctx }, ConnContext: knownClient,
		}
	}
	all := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.running.Add(1)
		defer s.running.Add(-1)
		(*s.handler.Load()).ServeHTTP(w, r)
	})
	s.public, s.private, s.inside = make(wholeRequests(all, clientGrace)), make(s.metrics), make(all)
	s.public.ReadTimeout = clientGrace // of requests that are refused for their user, which wholeRequests does not see
	return s, nil
}

// externalURL is a guess for a monitor that was told none: the name localhost for a loopback address, the host's otherwise.
func externalURL(addr net.Addr, webConfig string) *url.URL {
	u := &url.URL{Scheme: "http", Host: addr.String(), Path: "/"}
	if hasTLS(webConfig) {
		u.Scheme = "https"
	}
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return u
	}
	port := fmt.Sprint(tcp.Port)
	switch {
	case tcp.IP.IsLoopback():
		u.Host = net.JoinHostPort("localhost", port)
	case tcp.IP.IsUnspecified():
		if name, err := os.Hostname(); err == nil {
			u.Host = net.JoinHostPort(name, port)
		}
	}
	return u
}

// hasTLS says whether a web configuration, which was validated, has a TLS part.
func hasTLS(file string) bool {
	text, err := os.ReadFile(file)
	return err == nil && regexp.MustCompile(`(?m)^tls_server_config:`).Match(text)
}

// offerMetrics serves the monitor's own metrics and the host's.
func (m *Monitor) offerMetrics(mux *http.ServeMux) error {
	errorLog := slog.NewLogLogger(m.log.Handler(), slog.LevelWarn)
	own := promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{ErrorLog: errorLog})
	if m.o.HostMetrics {
		host, err := hostMetrics(m.log)
		if err != nil {
			return fmt.Errorf("host metrics: %w", err)
		}
		mux.Handle("GET "+HostMetricsPath, serveHost(host, m.log))
		if m.o.NodeExporter {
			own = serveHost(prometheus.Gatherers{m.reg, host}, m.log)
		}
	}
	mux.Handle("GET "+MetricsPath, own)
	return nil
}

// startingHandler answers while the data is read: the page is there, and shows how far that is.
func (m *Monitor) startingHandler(s *server) http.Handler {
	notYet := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Prometheus-Stopping", "false")
		http.Error(w, "Service Unavailable", http.StatusServiceUnavailable)
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+MetricsPath, s.metrics)
	mux.HandleFunc("GET /-/healthy", healthy)
	mux.HandleFunc("GET /api/v1/status/walreplay", m.walReplay)
	for _, path := range []string{"/-/", "/api/", "/federate", HostMetricsPath} {
		mux.HandleFunc(path, notYet)
	}
	mux.Handle("/", m.o.Page)
	return withPrefix(s.external.Path, mux)
}

func healthy(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprint(w, "Prometheus Server is Healthy.\n")
}

// serve answers on all listeners until stop. The channel tells when the public one ends by itself.
func (s *server) serve(public, private net.Listener) <-chan error {
	failed := make(chan error, 1)
	go func() {
		err := web.Serve(newCrowd(public, connections(), clientGrace), s.public, &web.FlagConfig{WebConfigFile: &s.webConfig}, quietly(s.log))
		if !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	go func() { _ = s.private.Serve(private) }() // ends with its listener
	go func() { _ = s.inside.Serve(s.within) }() // so does this
	return failed
}

// quietly leaves out what the toolkit says about each start.
func quietly(log *slog.Logger) *slog.Logger { return log.With("component", "web") }

// stop ends running requests and answers no more. It says whether all did end: a query looks for its end only now and then.
func (s *server) stop() bool {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	s.cancel()
	if err := s.public.Shutdown(ctx); err != nil {
		_ = s.public.Close() // cuts what is left
	}
	_ = s.private.Close()
	_ = s.inside.Close()
	for ctx.Err() == nil && s.running.Load() > 0 {
		time.Sleep(time.Millisecond)
	}
	return s.running.Load() == 0
}
