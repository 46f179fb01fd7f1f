package api

import (
	"bytes"
	"io"
	"net/http"

	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage/remote"
)

// guardedReads looks at the regular expressions of remote reads, which the parser does not see, and says what is wrong with them.
func (a *API) guardedReads(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		packed, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		look := &http.Request{Body: io.NopCloser(bytes.NewReader(packed))}
		request, err := remote.DecodeReadRequest(look)
		if err == nil {
			err = a.Patterns(patternsOf(request))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(packed))
		next.ServeHTTP(w, r)
	})
}

// patternsOf are the values of all matchers that are regular expressions.
func patternsOf(request *prompb.ReadRequest) (patterns []string) {
	for _, q := range request.Queries {
		for _, m := range q.Matchers {
			if m.Type == prompb.LabelMatcher_RE || m.Type == prompb.LabelMatcher_NRE {
				patterns = append(patterns, m.Value)
			}
		}
	}
	return patterns
}
