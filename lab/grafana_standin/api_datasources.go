package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

func (s *server) listDatasources(w http.ResponseWriter, _ *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	reply(w, http.StatusOK, append([]datasource{}, s.sources...))
}

func (s *server) datasource(uid string) (datasource, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, d := range s.sources {
		if d.UID == uid {
			return d, true
		}
	}
	return datasource{}, false
}

func (s *server) getDatasource(w http.ResponseWriter, r *http.Request) {
	d, ok := s.datasource(r.PathValue("uid"))
	if !ok {
		message(w, http.StatusNotFound, "Data source not found")
		return
	}
	reply(w, http.StatusOK, d)
}

// healthQueries is what Grafana's plugins ask when they check a datasource of theirs.
var healthQueries = map[string]struct{ path, product string }{
	"prometheus": {"/api/v1/query?query=" + url.QueryEscape("1+1"), "Prometheus"},
	"loki":       {"/loki/api/v1/query?query=" + url.QueryEscape("vector(1)+vector(1)"), "Loki"},
}

// checkDatasource really asks the datasource, as "Save & test" does.
func (s *server) checkDatasource(w http.ResponseWriter, r *http.Request) {
	d, ok := s.datasource(r.PathValue("uid"))
	query, known := healthQueries[d.Type]
	switch {
	case !ok:
		message(w, http.StatusNotFound, "Data source not found")
		return
	case !known:
		message(w, http.StatusNotFound, "the stand-in can check Prometheus and Loki datasources only")
		return
	}
	if err := d.query(r.Context(), query.path, query.product); err != nil {
		reply(w, http.StatusBadRequest, map[string]any{
			"status": "ERROR", "message": err.Error() + " - There was an error returned querying the " + query.product + " API.",
		})
		return
	}
	reply(w, http.StatusOK, map[string]any{"status": "OK", "message": "Successfully queried the " + query.product + " API."})
}

// query asks for a sum and wants the product's answer to it.
func (d datasource) query(ctx context.Context, path, product string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(d.URL, "/")+path, nil)
	if err != nil {
		return err
	}
	d.authorize(request)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", response.Status)
	}
	var body struct{ Status string }
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil || body.Status != "success" {
		return fmt.Errorf("%s does not answer as %s does", d.URL, product)
	}
	return nil
}

func (d datasource) authorize(r *http.Request) {
	if d.BasicAuth {
		r.SetBasicAuth(d.BasicAuthUser, d.SecureJSONData["basicAuthPassword"])
	}
}

// proxy passes a request on to the datasource, without the visitor's credentials.
func (s *server) proxy(w http.ResponseWriter, r *http.Request) {
	d, ok := s.datasource(r.PathValue("uid"))
	target, err := url.Parse(d.URL)
	if !ok || err != nil {
		message(w, http.StatusNotFound, "Unable to find datasource")
		return
	}
	path := r.PathValue("path")
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.Out.URL.Path, p.Out.URL.RawPath = "/"+path, ""
		p.SetURL(target)
		p.Out.Header.Del("Authorization")
		d.authorize(p.Out)
	}}
	proxy.ServeHTTP(w, r)
}
