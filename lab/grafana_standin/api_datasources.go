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

// checkDatasource really asks the datasource, as "Save & test" does.
func (s *server) checkDatasource(w http.ResponseWriter, r *http.Request) {
	d, ok := s.datasource(r.PathValue("uid"))
	switch {
	case !ok:
		message(w, http.StatusNotFound, "Data source not found")
		return
	case d.Type != "prometheus":
		message(w, http.StatusNotFound, "the stand-in can check Prometheus datasources only")
		return
	}
	if err := d.query(r.Context()); err != nil {
		reply(w, http.StatusBadRequest, map[string]any{
			"status": "ERROR", "message": err.Error() + " - There was an error returned querying the Prometheus API.",
		})
		return
	}
	reply(w, http.StatusOK, map[string]any{"status": "OK", "message": "Successfully queried the Prometheus API."})
}

// query asks for 1+1 and wants Prometheus' answer to it.
func (d datasource) query(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	address := strings.TrimRight(d.URL, "/") + "/api/v1/query?query=" + url.QueryEscape("1+1")
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
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
		return fmt.Errorf("%s does not answer as Prometheus does", d.URL)
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
