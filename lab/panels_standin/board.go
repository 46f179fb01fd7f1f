package main

import (
	"context"
	"encoding/json"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"github.com/monctl/monctl/installer/dashboard"
)

// board is what is drawn of a dashboard.
type board struct {
	Title, Description string
	Panels             []*panel
}

// panel has the fields of Grafana's JSON that are drawn.
type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              struct {
		Defaults  field
		Overrides []struct {
			Matcher    struct{ Options string }
			Properties []struct {
				ID    string
				Value json.RawMessage
			}
		}
	}
	Targets []struct {
		Expr, LegendFormat string
		Instant            bool
	}
	Transformations []struct {
		ID      string
		Options struct{ RenameByName map[string]string }
	}

	asked   []dashboard.Question
	answers []answer
}

type field struct {
	Unit, NoValue string
	Decimals      *int
	Min, Max      *float64
	Custom        struct{ Stacking struct{ Mode string } }
	Thresholds    struct {
		Steps []struct {
			Color string
			Value *float64
		}
	}
	Mappings []struct {
		Options map[string]struct{ Text, Color string }
	}
}

// answer is what one query gave: lines over time, or values now.
type answer struct {
	lines model.Matrix
	now   model.Vector
}

func readBoard(file string, source []byte, view dashboard.View) (*board, error) {
	d, err := dashboard.Read(file, source)
	if err != nil {
		return nil, err
	}
	var b board
	if err := json.Unmarshal(source, &b); err != nil {
		return nil, err
	}
	byTitle := map[string][]dashboard.Question{}
	for _, q := range d.Questions(view) {
		byTitle[q.Panel] = append(byTitle[q.Panel], q)
	}
	for _, p := range b.Panels { // two panels of one title follow each other
		n := min(len(p.Targets), len(byTitle[p.Title]))
		p.asked, byTitle[p.Title] = byTitle[p.Title][:n], byTitle[p.Title][n:]
	}
	return &b, nil
}

func (p *panel) ask(ctx context.Context, api promv1.API, view dashboard.View) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	now := time.Now()
	for _, q := range p.asked {
		var a answer
		if q.Datasource.Type == dashboard.Prometheus {
			if q.Err != nil {
				return q.Err
			}
			var err error
			var value model.Value
			if q.Instant {
				value, _, err = api.Query(ctx, q.Ready, now)
				a.now, _ = value.(model.Vector)
			} else {
				value, _, err = api.QueryRange(ctx, q.Ready, promv1.Range{Start: now.Add(-view.Range), End: now, Step: view.Interval})
				a.lines, _ = value.(model.Matrix)
			}
			if err != nil {
				return err
			}
		}
		p.answers = append(p.answers, a)
	}
	return nil
}
