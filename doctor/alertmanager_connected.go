package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

const askAlertmanagers = "/api/v1/alertmanagers"

// discovered is how long after its start Prometheus may know no Alertmanager yet: its discovery passes targets on
// every 5 s (prometheus discovery/manager.go, updatert).
const discovered = 15 * time.Second

func alertmanagerConnected() Check {
	const id = "alertmanager/connected"
	return Check{
		ID: id, Title: "Prometheus knows an Alertmanager and reaches it", On: []string{"prometheus", "alertmanager"},
		After: []string{"alertmanager/config", "alertmanager/advertise", "alertmanager/ready", "install/unit-failed", "install/not-running"},
		Ask:   askConnected,
		Judge: judgeConnected(id),
		Doc: Doc{
			Symptom:  "An alert fires on the page of Prometheus and nothing appears in Alertmanager; `Error sending alerts … connection refused`.",
			Cause:    "The section `alerting:` is missing or names another port, or a firewall is between them.",
			Evidence: "/api/v1/alertmanagers of Prometheus, and a TCP connection from its host to each address in it. That none is configured counts only when the fleet has an Alertmanager.",
			Fix:      "Correct `alerting: alertmanagers:` and reload, or open the port for the Prometheus host only.",
			Risk:     "low",
			Source:   "prometheus-mixin PrometheusNotConnectedToAlertmanagers",
		},
	}
}

// alertmanagerList is the data of /api/v1/alertmanagers.
type alertmanagerList struct {
	Data struct {
		Active []struct{ URL string } `json:"activeAlertmanagers"`
	}
}

func askConnected(ctx context.Context, q *Questions) {
	for _, c := range q.Host().Of("prometheus") {
		if c.Base == "" {
			continue
		}
		// The reply itself, and not the Component: its maps belong to the questions while checks ask.
		var list alertmanagerList
		if json.Unmarshal([]byte(q.Get(ctx, c, askAlertmanagers).Body), &list) != nil {
			continue
		}
		for _, a := range list.Data.Active {
			if to := dialable(a.URL); to != "" {
				q.Dial(ctx, to)
			}
		}
	}
}

// dialable is host:port of a URL.
func dialable(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "https" {
		return u.Host + ":443"
	}
	return u.Host + ":80"
}

func judgeConnected(id string) func(Fleet) []Finding {
	return func(f Fleet) []Finding {
		return perComponent(id, []string{"prometheus"}, func(h Host, c Component) []Finding {
			if _, agent := c.Flags["storage.agent.path"]; agent {
				return nil
			}
			list, unknown := decode[alertmanagerList](c, askAlertmanagers)
			if unknown != nil {
				return unknown
			}
			if len(list.Data.Active) == 0 {
				if u, _ := h.Unit(c.Unit); h.justStarted(u, discovered) {
					return nil // it looks for them now
				}
				return noAlertmanager(f)
			}
			var all []Finding
			for _, a := range list.Data.Active {
				r, asked := h.Reached[dialable(a.URL)]
				if !asked || r.OK {
					continue
				}
				found := one(Fail, "Prometheus cannot reach the Alertmanager at "+a.URL, "a connection from its host: "+string(r.Kind), "start that Alertmanager, correct alerting: in prometheus.yml, or open the port", Says("tcp "+dialable(a.URL), r.Err))
				if r.Kind == ReachForbidden {
					found = unsure("cannot tell whether Prometheus reaches the Alertmanager at "+a.URL, "the SSH server forbids forwarding")
				}
				found[0].Tag = a.URL
				all = append(all, found...)
			}
			return all
		})(f)
	}
}

// justStarted says that a unit has not been active for long. One without a known start has.
func (h Host) justStarted(u Unit, within time.Duration) bool {
	age, known := h.activeFor(u)
	return known && age < within
}

// noAlertmanager is about a Prometheus without one.
func noAlertmanager(f Fleet) []Finding {
	n := 0
	for _, h := range f.Hosts {
		n += len(h.Of("alertmanager"))
	}
	if n == 0 {
		return nil
	}
	return one(Warn, "Prometheus sends its alerts nowhere", fmt.Sprintf("it knows no Alertmanager, and the fleet has %d", n), "add alerting: to prometheus.yml and reload, or monctl install", Number("active Alertmanagers", 0, "1"))
}
