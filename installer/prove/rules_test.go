package prove

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestRulesWork(t *testing.T) {
	a, b := Rule{"g", "A"}, Rule{"g", "B"}
	ok := func(health string) loadedRule { return loadedRule{Health: health, LastError: "many-to-many"} }
	for name, tt := range map[string]struct {
		loaded    map[Rule]loadedRule
		evaluated bool
		want      string
	}{
		"well":              {map[Rule]loadedRule{a: ok("ok"), b: ok("ok")}, true, ""},
		"not yet evaluated": {map[Rule]loadedRule{a: ok("ok"), b: ok("unknown")}, true, "rule B was not evaluated yet"},
		"loaded will do":    {map[Rule]loadedRule{a: ok("ok"), b: ok("unknown")}, false, ""},
		"fails":             {map[Rule]loadedRule{a: ok("err"), b: ok("ok")}, false, "rule A fails: many-to-many"},
		"not loaded":        {map[Rule]loadedRule{a: ok("ok")}, false, "rule B of group g is not loaded"},
	} {
		err := rulesWork([]Rule{a, b}, tt.loaded, tt.evaluated)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func page(t *testing.T, pages map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, pages[r.URL.Path]) }))
	t.Cleanup(server.Close)
	return server.URL
}

func TestStale(t *testing.T) {
	targets := `{"status":"success","data":{"activeTargets":[`
	ages := `{"status":"success","data":{"result":[`
	expected := []Expected{}
	for n, age := range []string{"3", "36", "-400", ""} {
		name := fmt.Sprint("vm", n)
		expected = append(expected, Expected{Series: Series{"node", name}})
		targets += fmt.Sprintf(`{"labels":{"job":"node","instance":%q},"health":"up","scrapeInterval":"15s"},`, name)
		if age != "" {
			ages += fmt.Sprintf(`{"metric":{"job":"node","instance":%q},"value":[1,%q]},`, name, age)
		}
	}
	end := "]}}"
	p := Prometheus{Asker: asker(t), Base: page(t, map[string]string{
		"/api/v1/targets": strings.TrimSuffix(targets, ",") + end, "/api/v1/query": strings.TrimSuffix(ages, ",") + end,
		"/metrics": "# HELP x\nprometheus_tsdb_head_samples_appended_total{type=\"float\"} 40\nprometheus_tsdb_head_samples_appended_total{type=\"histogram\"} 2\nprometheus_tsdb_head_samples_appended_total_x 9\n",
	})}
	stale, err := p.Stale(t.Context(), expected)
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []string{"", "36s old", "in the future", "no sample"} {
		got := stale[expected[n].Series]
		if want == "" && got != nil || want != "" && (got == nil || !strings.Contains(got.Error(), want)) {
			t.Errorf("%d: %v, want %q", n, got, want)
		}
	}
	if n, err := p.Appended(t.Context()); n != 42 || err != nil {
		t.Errorf("%g, %v", n, err)
	}
}

func TestLineArrives(t *testing.T) {
	there := Loki{Asker: asker(t), Base: page(t, map[string]string{"/loki/api/v1/query_range": `{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["1","x"]]}]}}`})}
	if err := there.Arrives(t.Context(), `{a="b"}`, time.Now()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	empty := Loki{Asker: asker(t), Base: page(t, map[string]string{"/loki/api/v1/query_range": `{"status":"success","data":{"resultType":"streams","result":[]}}`})}
	if err := empty.Arrives(ctx, `{a="b"}`, time.Now()); err == nil || !strings.Contains(err.Error(), `no line for {a="b"}`) {
		t.Error(err)
	}
}
