package prove

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/monctl/monctl/installer/dashboard"
)

// choose gives the variables of a dashboard the values that a person who opens it would see, in their order: a later one
// may ask with an earlier one.
func (g Grafana) choose(ctx context.Context, d *dashboard.Dashboard, view dashboard.View) (dashboard.View, error) {
	view.Chosen = map[string]string{}
	for _, v := range d.Variables {
		if v.Type != "query" {
			continue
		}
		value, err := g.value(ctx, d, v, view)
		if err != nil {
			return view, fmt.Errorf("variable %s: %w", v.Name, err)
		}
		if value != "" {
			view.Chosen[v.Name] = value
		}
	}
	return view, nil
}

var labelValues = regexp.MustCompile(`(?s)^label_values\((?:(.*),)?\s*(\w+)\s*\)$`)

// value is "" when any value will do: for what label_values() does not give, and where there is none.
func (g Grafana) value(ctx context.Context, d *dashboard.Dashboard, v dashboard.Variable, view dashboard.View) (string, error) {
	if v.All != "" {
		return v.All, nil
	}
	m := labelValues.FindStringSubmatch(strings.TrimSpace(v.Query))
	if m == nil {
		return "", nil
	}
	selector, err := d.Selector(strings.TrimSpace(m[1]), view)
	if err != nil {
		return "", err
	}
	list, err := g.labelValues(ctx, v.Datasource, selector, m[2])
	return pick(list, v.Many), err
}

// pick chooses among the values that there are.
func pick(values []string, many bool) string {
	switch {
	case len(values) == 0:
		return ""
	case many:
		quoted := make([]string, len(values))
		for i, one := range values {
			quoted[i] = strings.ReplaceAll(regexp.QuoteMeta(one), `\`, `\\`)
		}
		return strings.Join(quoted, "|")
	}
	return values[0]
}

// labelValues lists the values of a label on the series of a selector, "" for all.
func (g Grafana) labelValues(ctx context.Context, s dashboard.Datasource, selector, label string) ([]string, error) {
	path, question := "/api/v1/label/"+label+"/values", url.Values{}
	key := "match[]"
	if s.Type == dashboard.Loki {
		path, key = "/loki"+path, "query"
	}
	if selector != "" {
		question.Set(key, selector)
	}
	body, err := g.ask(ctx, s.UID, path, question)
	if err != nil {
		return nil, err
	}
	var answer struct{ Data []string }
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("not a list of values: %w", err)
	}
	return slices.Sorted(slices.Values(answer.Data)), nil
}
