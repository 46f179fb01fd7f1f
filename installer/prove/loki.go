package prove

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// Loki is one server, asked over its HTTP API.
type Loki struct {
	Asker *Asker
	Base  string // "http://127.0.0.1:3100"
}

// Ruler is its ruler, which answers as Prometheus does.
func (l Loki) Ruler() Prometheus { return Prometheus{Asker: l.Asker, Base: l.Base + "/prometheus"} }

// Count says how many entries of the time since then a LogQL expression finds, one at most.
func (l Loki) Count(ctx context.Context, expr string, since time.Time) (int, error) {
	question := url.Values{"query": {expr}, "start": {strconv.FormatInt(since.UnixNano(), 10)}, "limit": {"1"}}
	body, err := l.Asker.Get(ctx, l.Base+"/loki/api/v1/query_range?"+question.Encode(), nil)
	if err != nil {
		return 0, err
	}
	return entries(body)
}

// entries counts the values in an answer to a query.
func entries(body []byte) (int, error) {
	var answer struct {
		Status, Error string
		Data          struct {
			Result []struct {
				Value  []json.RawMessage
				Values []json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, fmt.Errorf("not the answer to a query: %w", err)
	}
	if answer.Status != "success" {
		return 0, fmt.Errorf("the query is refused: %s", answer.Error)
	}
	n := 0
	for _, r := range answer.Data.Result {
		n += len(r.Values)
		if len(r.Value) > 0 {
			n++
		}
	}
	return n, nil
}

// Arrives waits until an expression finds an entry of the time since then.
func (l Loki) Arrives(ctx context.Context, expr string, since time.Time) error {
	why := fmt.Errorf("no line for %s", expr)
	for {
		n, err := l.Count(ctx, expr, since)
		switch {
		case err == nil && n > 0:
			return nil
		case err != nil && ctx.Err() == nil:
			why = err
		}
		if pause(ctx, 200*time.Millisecond) != nil {
			return why
		}
	}
}
