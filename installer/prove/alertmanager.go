package prove

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Alertmanager is one server, asked over its HTTP API.
type Alertmanager struct {
	Asker *Asker
	Base  string // "http://127.0.0.1:9093"
}

// Alert is one alert as the API takes it.
type Alert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations,omitempty"`
	StartsAt    time.Time         `json:"startsAt,omitzero"`
	EndsAt      time.Time         `json:"endsAt,omitzero"`
}

// Send posts an alert, as Prometheus does.
func (a Alertmanager) Send(ctx context.Context, alert Alert) error {
	body, err := json.Marshal([]Alert{alert})
	if err != nil {
		return err
	}
	_, err = a.Asker.Post(ctx, a.Base+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	return err
}

// Held is what Alertmanager does with an alert.
type Held struct {
	Receivers   []string // that its routes lead to
	State       string   // "active", "suppressed" or "unprocessed"
	SilencedBy  []string // ids of silences
	InhibitedBy []string // fingerprints of alerts
}

// ErrNotHeld says that Alertmanager does not have an alert.
var ErrNotHeld = errors.New("alertmanager does not have the alert")

// Holds asks what became of an alert.
func (a Alertmanager) Holds(ctx context.Context, labels map[string]string) (Held, error) {
	question := url.Values{}
	for name, value := range labels {
		question.Add("filter", fmt.Sprintf("%s=%q", name, value))
	}
	body, err := a.Asker.Get(ctx, a.Base+"/api/v2/alerts?"+question.Encode(), nil)
	if err != nil {
		return Held{}, err
	}
	var list []struct {
		Receivers []struct{ Name string }
		Status    struct {
			State                   string
			SilencedBy, InhibitedBy []string
		}
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return Held{}, fmt.Errorf("not the answer of an Alertmanager: %w", err)
	}
	if len(list) == 0 {
		return Held{}, ErrNotHeld
	}
	held := Held{State: list[0].Status.State, SilencedBy: list[0].Status.SilencedBy, InhibitedBy: list[0].Status.InhibitedBy}
	for _, r := range list[0].Receivers {
		held.Receivers = append(held.Receivers, r.Name)
	}
	return held, nil
}

// Config is the configuration that it runs with, as YAML; secrets in it are "<secret>".
func (a Alertmanager) Config(ctx context.Context) (string, error) {
	body, err := a.Asker.Get(ctx, a.Base+"/api/v2/status", nil)
	if err != nil {
		return "", err
	}
	var status struct{ Config struct{ Original string } }
	if err := json.Unmarshal(body, &status); err != nil {
		return "", fmt.Errorf("not the answer of an Alertmanager: %w", err)
	}
	return status.Config.Original, nil
}

// Sent counts requests to the receivers of one kind of integration.
type Sent struct{ Requests, Failed float64 }

// SentBy reads the counts of an integration ("slack") from Alertmanager's metrics (notify/metrics.go). A request is
// counted when it has ended.
func (a Alertmanager) SentBy(ctx context.Context, integration string) (Sent, error) {
	body, err := a.Asker.Get(ctx, a.Base+"/metrics", nil)
	if err != nil {
		return Sent{}, err
	}
	label := fmt.Sprintf("integration=%q", integration)
	failed, _ := sumOf(string(body), "alertmanager_notification_requests_failed_total", label)
	requests, known := sumOf(string(body), "alertmanager_notification_requests_total", label)
	if !known {
		return Sent{}, fmt.Errorf("%s/metrics counts no requests of integration %s", a.Base, integration)
	}
	return Sent{requests, failed}, nil
}
