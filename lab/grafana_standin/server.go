package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
)

// server answers the part of Grafana's HTTP API that installers use.
type server struct {
	settings *settings
	store    *store
	version  string
	log      *slog.Logger

	mu         sync.RWMutex
	sources    []datasource
	dashboards []dashboard
}

// provision reads the provisioning folder and puts it in force, whole or not at all.
func (s *server) provision() error {
	dir := s.settings.path("paths.provisioning")
	sources, err := readDatasources(filepath.Join(dir, "datasources"))
	if err != nil {
		return err
	}
	providers, err := readProviders(filepath.Join(dir, "dashboards"))
	if err != nil {
		return err
	}
	dashboards := readDashboards(providers, sources, s.log)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources, s.dashboards = sources, dashboards
	return nil
}

// pollDashboards reads the dashboards anew; datasources change by a reload or a restart only.
func (s *server) pollDashboards() error {
	providers, err := readProviders(filepath.Join(s.settings.path("paths.provisioning"), "dashboards"))
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dashboards = readDashboards(providers, s.sources, s.log)
	return nil
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/health", s.health)
	m := newMetrics(s)
	mux.Handle("GET /metrics", m.handler())
	mux.HandleFunc("GET /login", s.login)
	mux.Handle("GET /{$}", http.RedirectHandler("/login", http.StatusFound))
	private := func(pattern string, handler http.HandlerFunc) { mux.Handle(pattern, s.authenticated(handler)) }
	private("GET /api/org", s.org)
	private("GET /api/user", s.currentUser)
	private("GET /api/datasources", s.listDatasources)
	private("GET /api/datasources/uid/{uid}", s.getDatasource)
	private("GET /api/datasources/uid/{uid}/health", s.checkDatasource)
	private("/api/datasources/proxy/uid/{uid}/{path...}", s.proxy)
	private("GET /api/search", s.search)
	private("GET /api/dashboards/uid/{uid}", s.getDashboard)
	private("POST /api/admin/provisioning/datasources/reload", s.reload("Datasources config reloaded"))
	private("POST /api/admin/provisioning/dashboards/reload", s.reload("Dashboards config reloaded"))
	private("PUT /api/admin/users/{id}/password", s.setUserPassword)
	private("PUT /api/user/password", s.changeOwnPassword)
	private("/api/", func(w http.ResponseWriter, _ *http.Request) { message(w, http.StatusNotFound, "Not found") })
	return m.measured(mux)
}

func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]string{"commit": "stand-in", "database": "ok", "version": s.version})
}

func (s *server) login(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte("<!doctype html><title>Stand-in for Grafana</title><h1>Stand-in for Grafana</h1>" +
		"<p>This is not Grafana: monctl's lab has none. It answers Grafana's HTTP API only.</p>\n"))
}

func (s *server) reload(done string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := s.provision(); err != nil {
			s.log.Error("provisioning failed", "error", err)
			message(w, http.StatusInternalServerError, err.Error())
			return
		}
		message(w, http.StatusOK, done)
	}
}

func message(w http.ResponseWriter, status int, text string) {
	reply(w, status, map[string]string{"message": text})
}

func reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // fails only when the client has gone
}
