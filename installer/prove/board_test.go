package prove

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReadBoard(t *testing.T) {
	b, err := ReadBoard([]byte(`{"uid":"u","title":"T",
		"templating":{"list":[
			{"name":"ds","type":"datasource","query":"prometheus"},
			{"name":"instance","type":"query","datasource":{"type":"prometheus","uid":"${ds}"},"query":{"query":"label_values(up{job=\"$job\"}, instance)"},"multi":true},
			{"name":"app","type":"query","datasource":{"type":"loki","uid":"l"},"query":{"label":"app","stream":"{job=\"x\"}","type":1}},
			{"name":"step","type":"custom","query":"1m,5m","current":{"value":["5m"]}}]},
		"panels":[
			{"title":"A","datasource":{"type":"prometheus","uid":"p"},"targets":[{"expr":"up"},{"expr":"hidden","hide":true},{"expr":""}]},
			{"title":"row","panels":[{"title":"B","targets":[{"expr":"{a=\"b\"}","datasource":{"type":"loki","uid":"l"}}]}]},
			{"title":"text"},
			{"title":"old","datasource":"Prometheus","targets":[{"expr":"x"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []PanelQuery{{"A", Source{"prometheus", "p"}, "up"}, {"B", Source{"loki", "l"}, `{a="b"}`}, {"old", Source{"", "Prometheus"}, "x"}}
	if !slices.Equal(b.Queries, want) {
		t.Errorf("queries %+v", b.Queries)
	}
	if len(b.Variables) != 4 || b.Variables[1].Query != `label_values(up{job="$job"}, instance)` || !b.Variables[1].Many ||
		b.Variables[2].Query != `label_values({job="x"}, app)` || b.Variables[3].Current != "5m" {
		t.Errorf("variables %+v", b.Variables)
	}
	if _, err := ReadBoard([]byte("<html>")); err == nil {
		t.Error("a page is a dashboard")
	}
}

func TestFill(t *testing.T) {
	values := map[string]string{"instance": "a|b", "app": "x", "__rate_interval": "1m"}
	for text, want := range map[string]string{
		`rate(m{i=~"$instance"}[$__rate_interval])`: `rate(m{i=~"a|b"}[1m])`,
		`${app} ${app:regex} [[app]] $application`:  `x x x $application`,
		`"$1.$2"`: `"$1.$2"`,
	} {
		if got := fill(text, values); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
	if got := builtIn(30 * time.Second)["__rate_interval"]; got != "120s" {
		t.Errorf("rate interval %s", got)
	}
	if got := (Variable{Many: true}).pick([]string{"a.b", "c"}); got != `a\\.b|c` {
		t.Errorf("picked %s", got)
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
	board, err := ReadBoard(text)
	if err != nil || len(board.Queries) < 20 {
		t.Fatalf("%d queries, %v", len(board.Queries), err)
	}
	some := standInGrafana(t, func(expr string) string {
		if strings.Contains(expr, "$") {
			t.Errorf("a variable is left: %s", expr)
		}
		if strings.Contains(expr, "node_md_") || strings.Contains(expr, "filesystem") {
			return vector()
		}
		return vector(1, 2)
	})
	r, err := some.Run(t.Context(), board, 15*time.Second)
	if err != nil || r.Nothing() || r.WithData == 0 || len(r.Empty) == 0 || r.WithData+len(r.Empty) != len(board.Queries) || len(r.Panels()) == 0 {
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
