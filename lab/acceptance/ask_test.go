package acceptance

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
)

var client = http.Client{Timeout: 10 * time.Second}

// get asks over the lab's network, as a person's browser would.
func get(t *testing.T, request *http.Request) []byte {
	t.Helper()
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v\n%s", request.URL, response.Status, err, body)
	}
	return body
}

func request(t *testing.T, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sample is one element of an instant vector.
type sample struct {
	Metric map[string]string
	Value  float64
}

// query asks the Prometheus of a host.
func query(t *testing.T, h *hosts.Host, expr string) []sample {
	t.Helper()
	body := get(t, request(t, "http://"+h.Address+":9090/api/v1/query?query="+url.QueryEscape(expr)))
	var answer struct {
		Data struct {
			ResultType string
			Result     []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s: %v\n%s", expr, err, body)
	}
	var list []sample
	for _, r := range answer.Data.Result {
		text, _ := r.Value[1].(string)
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatalf("%s: %v", expr, err)
		}
		list = append(list, sample{r.Metric, value})
	}
	return list
}

// number is the value of a query with one result; 0 when there is none.
func number(t *testing.T, h *hosts.Host, expr string) float64 {
	t.Helper()
	result := query(t, h, expr)
	if len(result) > 1 {
		t.Fatalf("%s has %d results", expr, len(result))
	}
	if len(result) == 0 {
		return 0
	}
	return result[0].Value
}
