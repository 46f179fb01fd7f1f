package prove

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/installer/dashboard"
)

func TestPick(t *testing.T) {
	for want, got := range map[string]string{`a\\.b|c`: pick([]string{"a.b", "c"}, true), "a.b": pick([]string{"a.b", "c"}, false), "": pick(nil, true)} {
		if got != want {
			t.Errorf("picked %s, want %s", got, want)
		}
	}
}

// standInGrafana passes a question on to what a test says the datasource answers.
func standInGrafana(t *testing.T, answer func(expr string) string) Grafana {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/api/datasources/proxy/uid/monctl-prometheus/api/v1/query", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, answer(r.URL.Query().Get("query")))
	})
	mux.HandleFunc("/api/datasources/proxy/uid/monctl-prometheus/api/v1/label/instance/values", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"status":"success","data":["vm1","vm2"]}`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return Grafana{Asker: asker(t), Base: server.URL}
}

func vector(values ...float64) string {
	var result []any
	for _, v := range values {
		result = append(result, map[string]any{"metric": map[string]string{}, "value": []any{1, fmt.Sprint(v)}})
	}
	b, _ := json.Marshal(map[string]any{"status": "success", "data": map[string]any{"resultType": "vector", "result": result}})
	return string(b)
}

// TestRunBoard asks the queries of a real dashboard.
func TestRunBoard(t *testing.T) {
	text, err := os.ReadFile("../../templates/node_exporter/dashboards/node.json")
	if err != nil {
		t.Fatal(err)
	}
	board, err := dashboard.Read("node.json", text)
	if err != nil || len(board.Panels) < 20 {
		t.Fatalf("%d panels, %v", len(board.Panels), err)
	}
	some := standInGrafana(t, func(expr string) string {
		if strings.Contains(expr, "$") {
			t.Errorf("a variable is left: %s", expr)
		}
		if strings.Contains(expr, "node_load") || strings.Contains(expr, "filesystem") {
			return vector()
		}
		return vector(1, 2)
	})
	r, err := some.Run(t.Context(), board, 15*time.Second)
	if err != nil || r.Nothing() || r.WithData == 0 || len(r.Empty) == 0 || r.Explained == 0 || r.WithData+r.Explained+len(r.Empty) != r.Asked || len(r.Panels()) == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	none := standInGrafana(t, func(string) string { return vector() })
	if r, err := none.Run(t.Context(), board, time.Second); err != nil || !r.Nothing() {
		t.Errorf("%+v, %v", r, err)
	}
	refuses := standInGrafana(t, func(string) string { return `{"status":"error","error":"parse error at char 1"}` })
	if _, err := refuses.Run(t.Context(), board, time.Second); err == nil || !strings.Contains(err.Error(), `panel "`) || !strings.Contains(err.Error(), "parse error") {
		t.Errorf("%v", err)
	}
}
