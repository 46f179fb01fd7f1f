package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// writer is one loki.write: it collects for a second and pushes, again and again while Loki does not answer.
type writer struct {
	urls []string

	mu      sync.Mutex
	pending []entry
}

func newWriter(a writeArgs) *writer {
	w := &writer{}
	for _, e := range a.Endpoints {
		w.urls = append(w.urls, e.URL)
	}
	return w
}

func (w *writer) put(e entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = append(w.pending, e)
}

func (w *writer) run(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
		w.mu.Lock()
		batch := w.pending
		w.pending = nil
		w.mu.Unlock()
		for _, url := range w.urls {
			for len(batch) > 0 && ctx.Err() == nil && !push(ctx, url, batch) {
				time.Sleep(time.Second)
			}
		}
	}
}

// push sends a batch. It reports false when it should be sent again: Loki was not reached, or is busy.
func push(ctx context.Context, url string, batch []entry) bool {
	type stream struct {
		Stream map[string]string `json:"stream"`
		Values [][2]string       `json:"values"`
	}
	var body struct {
		Streams []stream `json:"streams"`
	}
	for _, e := range batch {
		body.Streams = append(body.Streams, stream{e.labels, [][2]string{{strconv.FormatInt(e.at.UnixNano(), 10), e.line}}})
	}
	text, err := json.Marshal(body)
	if err != nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(text))
	if err != nil {
		return true
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Fprintln(os.Stderr, "push:", err)
		return false
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
		fmt.Fprintf(os.Stderr, "push: %s: %s\n", resp.Status, said)
	}
	return resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode/100 != 5
}
