package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// table is a figure in each row for each server.
type table struct {
	title   string
	servers []string
	rows    []row
}

type row struct {
	name   string
	values []float64
}

func (t *table) add(name string, column int, value float64) {
	for i := range t.rows {
		if t.rows[i].name == name {
			t.rows[i].values[column] = value
			return
		}
	}
	values := make([]float64, len(t.servers))
	values[column] = value
	t.rows = append(t.rows, row{name, values})
}

// print writes Markdown; the ratios are those of the first server to each other one.
func (t *table) print() {
	fmt.Printf("\n%s\n\n| | %s |\n|---|%s\n", t.title, strings.Join(t.servers, " | "), strings.Repeat("---|", len(t.servers)))
	for _, r := range t.rows {
		fmt.Printf("| %s |", r.name)
		for i, v := range r.values {
			fmt.Printf(" %.4g", v)
			if i > 0 && v > 0 {
				fmt.Printf(" (%.2f ×)", r.values[0]/v)
			}
			fmt.Print(" |")
		}
		fmt.Println()
	}
}

func names(servers kinds) []string {
	var list []string
	for _, k := range servers {
		list = append(list, k.name)
	}
	return list
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// measureIdle starts each server in turn on empty folders.
func measureIdle(ctx context.Context, l load, servers kinds, scratch string) (*table, error) {
	t := &table{title: fmt.Sprintf("Idle, median of %d starts in turn", l.starts), servers: names(servers)}
	ready, memory := make([][]float64, len(servers)), make([][]float64, len(servers))
	for n := range l.starts {
		for i, k := range servers {
			config, err := write(scratch, k, l, "")
			if err != nil {
				return nil, err
			}
			s, took, err := start(ctx, k, filepath.Join(scratch, fmt.Sprintf("idle-%s-%d", k.name, n)), config)
			if err != nil {
				return nil, err
			}
			time.Sleep(time.Second)
			rss, err := s.rss()
			if err != nil {
				return nil, err
			}
			ready[i], memory[i] = append(ready[i], float64(took.Milliseconds())), append(memory[i], float64(rss)/1e6)
			if err := s.end(syscall.SIGTERM); err != nil {
				return nil, err
			}
		}
	}
	for i := range servers {
		t.add("ready ms", i, median(ready[i]))
		t.add("RSS MB", i, median(memory[i]))
	}
	return t, nil
}

// questions are asked while scraping goes on.
var questions = []struct{ name, query string }{
	{"sum(rate) ms", `sum by (instance)(rate(x_total[1m]))`},
	{"topk ms", `topk(10, rate(x_total[1m]))`},
	{"quantile ms", `histogram_quantile(0.99, sum by (le)(rate(h_seconds_bucket[1m])))`},
	{"count all ms", `count({__name__=~".+"})`},
}

const asked = 11 // times each

// measureLoad runs all servers at once.
func measureLoad(ctx context.Context, l load, servers kinds, scratch string) (*table, error) {
	f, err := newFarm(l)
	if err != nil {
		return nil, err
	}
	defer f.close()
	t := &table{servers: names(servers), title: fmt.Sprintf("%d targets of %d series every %s, all servers at once, %s after %s", l.targets, l.series, l.interval, l.measure, l.warm)}
	running := make([]*server, len(servers))
	for i, k := range servers {
		config, err := write(scratch, k, l, f.list())
		if err != nil {
			return nil, err
		}
		if running[i], _, err = start(ctx, k, filepath.Join(scratch, "load-"+k.name), config); err != nil {
			return nil, err
		}
		defer func() { _ = running[i].end(syscall.SIGKILL) }()
	}
	time.Sleep(l.warm)
	if err := ingest(ctx, t, l, f, running); err != nil {
		return nil, err
	}
	if err := interrogate(ctx, t, running); err != nil {
		return nil, err
	}
	return t, restart(ctx, t, running)
}

// ingest measures CPU and memory of scraping alone.
func ingest(ctx context.Context, t *table, l load, f *farm, running []*server) error {
	cpu, scrapes := make([]time.Duration, len(running)), make([]int, len(running))
	for i, s := range running {
		var err error
		if cpu[i], err = s.cpu(); err != nil {
			return err
		}
		scrapes[i] = f.count(s.name)
	}
	began := time.Now()
	select {
	case <-time.After(l.measure):
	case <-ctx.Done():
		return ctx.Err()
	}
	for i, s := range running {
		used, err := s.cpu()
		if err != nil {
			return err
		}
		rss, err := s.rss()
		if err != nil {
			return err
		}
		samples := float64(f.count(s.name)-scrapes[i]) * float64(l.series)
		t.add("samples/s", i, samples/time.Since(began).Seconds())
		t.add("CPU s per million samples", i, (used-cpu[i]).Seconds()/samples*1e6)
		t.add("RSS MB", i, float64(rss)/1e6)
	}
	return nil
}

// interrogate asks all servers in turn, so that a busy moment hits them alike.
func interrogate(ctx context.Context, t *table, running []*server) error {
	for _, q := range questions {
		took := make([][]float64, len(running))
		for range asked {
			for i, s := range running {
				began := time.Now()
				code, err := s.get(ctx, "/api/v1/query?query="+url.QueryEscape(q.query), nil)
				if err != nil {
					return fmt.Errorf("%s: %s: %w", s.name, q.query, err)
				}
				if code != http.StatusOK { // a server that does not do this has no figure
					continue
				}
				took[i] = append(took[i], float64(time.Since(began).Microseconds())/1000)
			}
		}
		for i := range running {
			if len(took[i]) > 0 {
				t.add(q.name, i, median(took[i]))
			}
		}
	}
	return nil
}

// restart kills each server and measures how long it takes to be ready on its data.
func restart(ctx context.Context, t *table, running []*server) error {
	for i, s := range running {
		if err := s.end(syscall.SIGKILL); err != nil {
			return err
		}
		took, err := s.run(ctx)
		if err != nil {
			return err
		}
		t.add("ready after kill -9, s", i, took.Seconds())
	}
	return nil
}
