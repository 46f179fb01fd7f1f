package doctor

import (
	"fmt"
	"net/http"
	"strings"
)

// tsdbAnswers finds a Prometheus that does not run or does not answer: the other checks can then tell nothing.
func tsdbAnswers() Check {
	return Check{
		ID: "tsdb/answers", Title: "Prometheus runs and answers",
		After: []string{"install/not-running", "install/unit-failed", "install/restarts", "install/out-of-memory", "install/port-taken", "install/arch", "install/user", "tsdb/wal-corrupt", "tsdb/head-chunks", "tsdb/block-corrupt", "tsdb/shared-data", "tsdb/ownership", "tsdb/disk-space", "tsdb/restarts", "scrape/config-reload"},
		Own:   true,
		On:    []string{"prometheus"}, Uses: []Shared{Journal},
		Ask:   asks(askRuntime, askFlags),
		Judge: perServer("tsdb/answers", judgeAnswers),
		Fix:   nil,
		Doc: Doc{
			Symptom:  "The page does not load; Grafana shows `connect: connection refused` or `Service Unavailable`.",
			Cause:    "The process is not there, still replays its WAL (then it answers 503 `Service Unavailable`), or could not open its data (`opening storage failed`) or its address (`bind: address already in use`).",
			Evidence: "The state of the unit, the process, an HTTP request to it from its own host, and the last fatal line of its journal.",
			Fix:      "What the last line of the journal asks for; a replay needs only time.",
			Risk:     "None: nothing is restarted.",
			Source:   "prometheus cmd/prometheus/main.go, web/web.go (testReady)",
		},
	}
}

// saysFatal are the words of main.go before it gives up.
var saysFatal = []string{"opening storage failed", "Error loading config", "Unable to start web listener", "Fatal error", "panic:", "Error starting HTTP server"}

func judgeAnswers(s server) ([]Finding, error) {
	lines, _ := s.said(saysFatal...)
	u, _ := s.Host.Unit(s.Unit)
	if !s.Running {
		return []Finding{{
			Level: Fail, Title: "prometheus does not run",
			Evidence: append([]Evidence{Says("unit "+s.Unit, u.Get("ActiveState")+" ("+u.Get("Result")+")")}, last(lines)...),
			Cause:    "The unit is " + orUnknown(u.Get("ActiveState")) + ".",
			Fix:      "journalctl -u " + s.Unit + " -n 50; then systemctl start " + s.Unit,
		}}, nil
	}
	if _, err := answer[struct{}](s, askRuntime); err != nil {
		r := s.Replies[askRuntime]
		if r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden {
			return []Finding{{
				Level: Unknown, Title: "cannot tell: its API wants a login", Evidence: []Evidence{Says("its API", err.Error())},
				Cause: "Its web configuration names users. It runs and answers; checks that need more of its answers tell nothing.",
			}}, nil
		}
		found := Finding{Level: Fail, Title: "prometheus does not answer", Evidence: append([]Evidence{Says("its API", err.Error())}, last(lines)...)}
		found.Cause, found.Fix = "The process is there, its API is not.", "journalctl -u "+s.Unit+" -n 50"
		if r.Status == 503 || strings.Contains(r.Body, "Service Unavailable") {
			found.Level, found.Title = Warn, "prometheus is still starting"
			found.Cause = "It answers 503 while it replays its write-ahead log."
			found.Fix = fmt.Sprintf("wait; its progress is in journalctl -u %s", s.Unit)
		}
		return []Finding{found}, nil
	}
	return nil, nil
}

func orUnknown(text string) string {
	if text == "" {
		return "unknown"
	}
	return text
}
