package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"google.golang.org/protobuf/encoding/protowire"
)

const (
	// An element of a message may be two bytes and take a hundred times that in memory: so many there may be in one request, of
	// series, labels, samples, histograms and exemplars. A real sender has some thousand.
	maxElements = 1_000_000
	// Requests that unpack to more than this are looked into, and but a few at a time are worked on.
	largeWrite  = 1 << 20
	largeWrites = 4
	maxUnpacked = 32 << 20 // upstream's, which says what is wrong with a larger one
	someName    = 64       // bytes of a name in a message
)

// guardedWrites keeps requests from the receiver that would take far more memory than they are long.
func guardedWrites(next http.Handler) http.Handler {
	turns := make(chan struct{}, largeWrites)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		packed, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(packed))
		size, err := snappy.DecodedLen(packed)
		if encoding := r.Header.Get("Content-Encoding"); err != nil && (encoding == "" || encoding == "snappy") {
			http.Error(w, "this is no remote write: its body is not packed by snappy's block format", http.StatusBadRequest)
			return
		}
		if err != nil || size <= largeWrite || size > maxUnpacked {
			next.ServeHTTP(w, r)
			return
		}
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
		case <-r.Context().Done():
			return
		}
		if message, err := snappy.Decode(nil, packed); err == nil && elements(message, 2) > maxElements {
			http.Error(w, fmt.Sprintf("more than %d series, labels and samples in one request", maxElements), http.StatusBadRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// elements counts the fields of a message and of the messages in it, to a depth. It ends at what is no message.
func elements(message []byte, depth int) (n int) {
	for len(message) > 0 {
		_, kind, tag := protowire.ConsumeTag(message)
		if tag < 0 {
			return n
		}
		message = message[tag:]
		n++
		length := protowire.ConsumeFieldValue(1, kind, message)
		if length < 0 {
			return n
		}
		if kind == protowire.BytesType && depth > 1 {
			inner, _ := protowire.ConsumeBytes(message)
			n += elements(inner, depth-1)
		}
		message = message[length:]
	}
	return n
}

// writable is a storage as remote write sees it: with the limits of labels that scraped samples have where a configuration sets none.
type writable struct {
	storage.Appendable
	limits LabelLimits
}

// LabelLimits bound the labels of a series: their number, and bytes of a name and of a value.
type LabelLimits struct{ Count, Name, Value int }

func (w writable) Appender(ctx context.Context) storage.Appender {
	return &checking{w.Appendable.Appender(ctx), w.limits}
}

// checking refuses what is out of bounds: the receiver answers 400 to that, and a sender does not try again.
type checking struct {
	storage.Appender
	limits LabelLimits
}

func (c *checking) Append(ref storage.SeriesRef, l labels.Labels, t int64, v float64) (storage.SeriesRef, error) {
	if err := c.check(ref, l); err != nil {
		return 0, err
	}
	return c.Appender.Append(ref, l, t, v)
}

func (c *checking) AppendHistogram(ref storage.SeriesRef, l labels.Labels, t int64, h *histogram.Histogram, fh *histogram.FloatHistogram) (storage.SeriesRef, error) {
	if err := c.check(ref, l); err != nil {
		return 0, err
	}
	return c.Appender.AppendHistogram(ref, l, t, h, fh)
}

func (c *checking) AppendExemplar(ref storage.SeriesRef, l labels.Labels, e exemplar.Exemplar) (storage.SeriesRef, error) {
	if err := c.check(ref, l); err != nil {
		return 0, err
	}
	return c.Appender.AppendExemplar(ref, l, e)
}

// check looks at the labels of a series that is not known by its number yet.
func (c *checking) check(ref storage.SeriesRef, l labels.Labels) error {
	if ref != 0 {
		return nil
	}
	if n := l.Len(); n > c.limits.Count {
		return fmt.Errorf("%w: a series with %d labels, more than %d", storage.ErrOutOfBounds, n, c.limits.Count)
	}
	return l.Validate(func(l labels.Label) error {
		if len(l.Name) > c.limits.Name {
			return fmt.Errorf("%w: a label's name of %d bytes, more than %d: %s", storage.ErrOutOfBounds, len(l.Name), c.limits.Name, beginning(l.Name, someName))
		}
		if len(l.Value) > c.limits.Value {
			return fmt.Errorf("%w: a value of %d bytes, more than %d, of label %s", storage.ErrOutOfBounds, len(l.Value), c.limits.Value, beginning(l.Name, someName))
		}
		return nil
	})
}

// beginning is what a person needs of a long text: so many bytes.
func beginning(s string, enough int) string {
	if len(s) <= enough {
		return s
	}
	return strings.ToValidUTF8(s[:enough], "") + "…"
}
