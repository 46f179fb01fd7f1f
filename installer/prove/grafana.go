package prove

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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

// Datasource lets Grafana itself query a datasource.
func (g Grafana) Datasource(ctx context.Context, uid string) error {
	login := base64.StdEncoding.EncodeToString([]byte(g.User + ":" + g.Password))
	body, err := g.Asker.Get(ctx, g.Base+"/api/datasources/uid/"+uid+"/health", http.Header{"Authorization": {"Basic " + login}})
	var status *StatusError
	if errors.As(err, &status) && status.Status == http.StatusUnauthorized {
		return ErrPasswordChanged
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
