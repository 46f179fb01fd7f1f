package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	promlabels "github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
)

// start runs all components until ctx ends; all is done when they have.
func (c *config) start(ctx context.Context, all *sync.WaitGroup) {
	inboxes := map[string]chan entry{}
	for name := range c.processes {
		inboxes[name] = make(chan entry)
	}
	send := func(to []string) func(context.Context, entry) {
		return func(ctx context.Context, e entry) {
			for _, name := range to {
				if w := c.writers[name]; w != nil {
					w.put(e)
					continue
				}
				copied := e
				copied.labels = maps.Clone(e.labels)
				select {
				case inboxes[name] <- copied:
				case <-ctx.Done():
				}
			}
		}
	}
	for name, p := range c.processes {
		all.Go(func() { p.run(ctx, inboxes[name], send(p.forwardTo)) })
	}
	for _, w := range c.writers {
		all.Go(func() { w.run(ctx) })
	}
	for _, j := range c.journals {
		all.Go(func() { j.follow(ctx, c.relabels[j.Rules], send(j.ForwardTo)) })
	}
	for _, f := range c.files {
		all.Go(func() { f.follow(ctx, send(f.ForwardTo)) })
	}
}

var priorities = []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

// follow reads the journal through journalctl, with the rights of this process, once a second: journalctl -f prints
// nothing in a unit with ProtectControlGroups= on a host in a namespace.
func (a *journalArgs) follow(ctx context.Context, rules []*relabel.Config, send func(context.Context, entry)) {
	from := "--since=-" + a.MaxAge
	for {
		out, err := exec.CommandContext(ctx, "journalctl", "-q", "-o", "json", from).Output()
		if err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "journal:", err)
		}
		for line := range bytes.Lines(out) {
			if e, ok := a.read(line, rules); ok {
				send(ctx, e)
			}
			var at struct {
				Cursor string `json:"__CURSOR"`
			}
			if json.Unmarshal(line, &at) == nil && at.Cursor != "" {
				from = "--after-cursor=" + at.Cursor
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

func (a *journalArgs) read(line []byte, rules []*relabel.Config) (entry, bool) {
	var fields map[string]any
	if json.Unmarshal(line, &fields) != nil {
		return entry{}, false
	}
	text, ok := fields["MESSAGE"].(string)
	micros, err := strconv.ParseInt(fmt.Sprint(fields["__REALTIME_TIMESTAMP"]), 10, 64)
	if !ok || err != nil {
		return entry{}, false
	}
	builder := promlabels.NewBuilder(promlabels.EmptyLabels())
	for name, value := range a.Labels {
		builder.Set(name, value)
	}
	for name, value := range fields {
		if s, ok := value.(string); ok {
			builder.Set("__journal_"+strings.ToLower(name), s)
		}
	}
	if n, err := strconv.Atoi(fmt.Sprint(fields["PRIORITY"])); err == nil && n >= 0 && n < len(priorities) {
		builder.Set("__journal_priority_keyword", priorities[n])
	}
	if !relabel.ProcessBuilder(builder, rules...) {
		return entry{}, false
	}
	e := entry{labels: map[string]string{}, at: time.UnixMicro(micros), line: text}
	builder.Labels().Range(func(l promlabels.Label) {
		if !strings.HasPrefix(l.Name, "__") {
			e.labels[l.Name] = l.Value
		}
	})
	return e, true
}

// follow looks for files once a second and reads what was added to them.
func (a *filesArgs) follow(ctx context.Context, send func(context.Context, entry)) {
	read := map[string]int64{}
	for {
		for _, target := range a.Targets {
			files, _ := filepath.Glob(strings.ReplaceAll(target["__path__"], "**", "*"))
			for _, file := range files {
				n, err := tail(ctx, file, read[file], target, send)
				if err != nil {
					fmt.Fprintln(os.Stderr, "file:", err)
				}
				read[file] = n
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
	}
}

// tail sends the whole lines after an offset, and gives the offset after them.
func tail(ctx context.Context, file string, from int64, labels map[string]string, send func(context.Context, entry)) (int64, error) {
	f, err := os.Open(file)
	if err != nil {
		return from, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() <= from {
		return min(from, info.Size()), err
	}
	text, err := io.ReadAll(io.NewSectionReader(f, from, info.Size()-from))
	if err != nil {
		return from, err
	}
	for {
		line, rest, whole := strings.Cut(string(text), "\n")
		if !whole {
			return from, nil
		}
		from += int64(len(line)) + 1
		text = []byte(rest)
		e := entry{labels: map[string]string{"filename": file}, at: time.Now(), line: line}
		for name, value := range labels {
			if !strings.HasPrefix(name, "__") {
				e.labels[name] = value
			}
		}
		send(ctx, e)
	}
}
