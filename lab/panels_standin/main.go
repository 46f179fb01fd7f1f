// Command panels_standin is a STAND-IN for Grafana's page: it draws the dashboards of the catalogue from a Prometheus, as
// still pages to be looked at. Layout, titles, units, thresholds, what is empty and what is said in its place are those of the
// dashboard's JSON; how it looks is not Grafana's. Loki is not asked.
//
//	go run ./lab/panels_standin --prometheus http://127.0.0.1:9090 --out DIR [--set instance=vm1]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	prom "github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"

	"github.com/monctl/monctl/installer/dashboard"
)

func main() {
	address := flag.String("prometheus", "http://127.0.0.1:9090", "URL of a Prometheus")
	out := flag.String("out", ".", "folder for the pages")
	back := flag.Duration("range", 15*time.Minute, "time that is shown")
	view := dashboard.View{Interval: 15 * time.Second, Rate: time.Minute, Chosen: map[string]string{}}
	flag.Func("set", "VARIABLE=VALUE", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("want VARIABLE=VALUE")
		}
		view.Chosen[name] = value
		return nil
	})
	flag.Parse()
	view.Range = *back
	if err := drawAll(context.Background(), *address, *out, view, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "panels_standin:", err)
		os.Exit(1)
	}
}

func drawAll(ctx context.Context, address, out string, view dashboard.View, files []string) error {
	client, err := prom.NewClient(prom.Config{Address: address})
	if err != nil {
		return err
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		board, err := readBoard(file, source, view)
		if err != nil {
			return err
		}
		for n := range board.Panels {
			if err := board.Panels[n].ask(ctx, promv1.NewAPI(client), view); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		page := filepath.Join(out, dashboard.NameOf(file)+".html")
		if err := writePage(page, board); err != nil {
			return err
		}
		fmt.Println(page)
	}
	return nil
}
