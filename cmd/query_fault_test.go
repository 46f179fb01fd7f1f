package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/prometheus/common/model"
)

func TestMistakesAreShown(t *testing.T) {
	for _, c := range []struct{ expr, message, want string }{
		{"sum(", `invalid parameter "query": 1:4: parse error: unclosed left parenthesis`, "1:4: parse error: unclosed left parenthesis\nsum(\n   ^"},
		{"sum(up)\n by (§ x", `invalid parameter "query": 2:9: parse error: unexpected`, "2:9: parse error: unexpected\n by (§ x\n       ^"},
		{strings.Repeat("a", 100) + "!" + strings.Repeat("b", 100), "1:101: parse error: x", "1:101: parse error: x\n…" + strings.Repeat("a", 30) + "!" + strings.Repeat("b", 29) + "…\n" + strings.Repeat(" ", 31) + "^"},
		{"up", "1:4: parse error: beyond it", "1:4: parse error: beyond it"},
		{"up", "9:1: parse error: beyond it", "9:1: parse error: beyond it"},
		{"up", "1:99999999999999999999: parse error: x", "1:99999999999999999999: parse error: x"},
		{"up", "limit must be non-negative", "limit must be non-negative"},
		{"\xff\t)", "1:3: parse error: x", "1:3: parse error: x\n  )\n  ^"},
	} {
		if got := mistake(c.expr, c.message).Error(); got != c.want {
			t.Errorf("%q: got\n%s\nwant\n%s", c.expr, got, c.want)
		}
	}
}

// What is no Prometheus, or none that answers, is said with the address and what to do.
func TestQueryOfWhatIsNoPrometheus(t *testing.T) {
	answers := func(code int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); fmt.Fprint(w, text) }
	}
	page := answers(http.StatusOK, "<!DOCTYPE html><html>hello</html>")
	secured := httptest.NewUnstartedServer(page)
	secured.Config.ErrorLog = log.New(io.Discard, "", 0)
	secured.StartTLS()
	defer secured.Close()
	for name, c := range map[string]struct {
		serve        http.HandlerFunc
		url          func(plain string) string
		want, remedy string
	}{
		"a page":       {page, nil, "this is no answer of a Prometheus (<!DOCTYPE html><html>hello</html>)", "--url http://HOST:PORT/PATH"},
		"not found":    {answers(http.StatusNotFound, "404 page not found"), nil, "client error: 404", "no Prometheus at this address"},
		"a user":       {answers(http.StatusUnauthorized, "Unauthorized"), nil, "client error: 401", "USER:PASSWORD"},
		"starting":     {answers(http.StatusServiceUnavailable, "Service Unavailable\n"), nil, "server error: 503: Service Unavailable", "reads its data first"},
		"its own page": {answers(http.StatusBadGateway, "<html>nginx</html>"), nil, "server error: 502", "a proxy"},
		"certificate":  {page, func(string) string { return secured.URL }, "certificate", "SSL_CERT_FILE"},
		"no TLS":       {page, func(plain string) string { return strings.Replace(plain, "http:", "https:", 1) }, "server gave HTTP response to HTTPS client", "does not speak TLS"},
		"TLS":          {page, func(string) string { return strings.Replace(secured.URL, "https:", "http:", 1) }, "this is no answer of a Prometheus", "https://"},
		"a password":   {page, func(plain string) string { return strings.Replace(plain, "://", "://anna:hidden@", 1) }, "//anna:xxxxx@", ""},
		"nobody":       {page, func(string) string { return "http://127.0.0.1:1" }, "http://127.0.0.1:1: dial tcp", "monctl serve starts one here"},
	} {
		plain := httptest.NewServer(c.serve)
		address := plain.URL
		if c.url != nil {
			address = c.url(plain.URL)
		}
		err := queried(t, address)
		plain.Close()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(fault.Remedy(err), c.remedy) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: %v (%s)", name, err, fault.Remedy(err))
		}
	}
}

// queried asks an address for 1.
func queried(t *testing.T, address string) error {
	t.Helper()
	a, done, err := (&globals{}).prometheus(t.Context(), address, "")
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, _, err := a.api.Query(ctx, "1", time.Now()); err != nil {
		return a.fault("1", err)
	}
	return errors.New("it was answered")
}

func TestFirstSeries(t *testing.T) {
	v := model.Vector{{Value: 1}, {Value: 2}, {Value: 3}}
	for limit, want := range map[int]int{0: 3, 2: 2, 3: 3, 100: 3} {
		got, _ := first(v, limit)
		if n := len(got.(model.Vector)); n != want {
			t.Errorf("limit %d: %d series", limit, n)
		}
	}
	if _, all := first(v, 2); all != 3 {
		t.Errorf("it says that there were %d", all)
	}
}
