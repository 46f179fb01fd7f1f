package prove

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// ErrPasswordChanged says that Grafana does not take the password on the host any more: a person changed it there.
var ErrPasswordChanged = errors.New("grafana refuses the administrator's password that is stored on the host")

// Grafana is one server with its administrator's login.
type Grafana struct {
	Asker          *Asker
	Base           string // "http://127.0.0.1:3000"
	User, Password string
}

// Database asks whether its database works.
func (g Grafana) Database(ctx context.Context) error {
	var health struct{ Database, Version string }
	body, err := g.Asker.Get(ctx, g.Base+"/api/health", nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, &health); err != nil {
		return fmt.Errorf("%s/api/health: not the answer of a Grafana: %w", g.Base, err)
	}
	if health.Database != "ok" {
		return fmt.Errorf("grafana's database is %q", health.Database)
	}
	return nil
}

// get asks as the administrator.
func (g Grafana) get(ctx context.Context, path string) ([]byte, error) {
	login := base64.StdEncoding.EncodeToString([]byte(g.User + ":" + g.Password))
	body, err := g.Asker.Get(ctx, g.Base+path, http.Header{"Authorization": {"Basic " + login}})
	var status *StatusError
	if errors.As(err, &status) && status.Status == http.StatusUnauthorized {
		return nil, ErrPasswordChanged
	}
	return body, err
}

// Datasource lets Grafana itself query a datasource.
func (g Grafana) Datasource(ctx context.Context, uid string) error {
	body, err := g.get(ctx, "/api/datasources/uid/"+uid+"/health")
	if errors.Is(err, ErrPasswordChanged) {
		return err
	}
	if err != nil {
		return fmt.Errorf("datasource %s: %w", uid, err)
	}
	var health struct{ Status, Message string }
	if err := json.Unmarshal(body, &health); err != nil {
		return fmt.Errorf("datasource %s: not the answer of a Grafana: %w", uid, err)
	}
	if health.Status != "OK" {
		return fmt.Errorf("datasource %s: %s", uid, health.Message)
	}
	return nil
}

// Present waits until Grafana has a dashboard under its UID: it reads its folder every ten seconds.
func (g Grafana) Present(ctx context.Context, uid string) error {
	for {
		_, err := g.get(ctx, "/api/dashboards/uid/"+url.PathEscape(uid))
		if err == nil || errors.Is(err, ErrPasswordChanged) || pause(ctx, 500*time.Millisecond) != nil {
			return err
		}
	}
}

// ask sends a question to a datasource through Grafana's proxy.
func (g Grafana) ask(ctx context.Context, uid, path string, question url.Values) ([]byte, error) {
	body, err := g.get(ctx, "/api/datasources/proxy/uid/"+url.PathEscape(uid)+path+"?"+question.Encode())
	var status *StatusError
	if errors.As(err, &status) {
		status.URL = path // without the query, which is long and known
	}
	return body, err
}
