package dashboards

import (
	"bytes"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
)

// object is a JSON object; its keys are written in alphabetical order, which keeps differences small.
type object = map[string]any

// schemaVersion is that of Grafana 11; 12 and 13 read it and turn it into their own.
const schemaVersion = 39

// JSON writes a board as Grafana reads it from a file.
func (b Board) JSON() ([]byte, error) {
	var variables []any
	for _, v := range b.Variables {
		variables = append(variables, v.json())
	}
	whole := object{
		"uid": b.UID, "title": b.Title, "description": b.About, "tags": []string{"monctl"}, "schemaVersion": schemaVersion,
		"editable": false, "graphTooltip": 1, "refresh": "30s", "timezone": "browser",
		"time":        object{"from": "now-1h", "to": "now"},
		"annotations": object{"list": []any{}},
		"templating":  object{"list": append([]any{}, variables...)},
		"links": []any{object{
			"type": "dashboards", "title": "Dashboards", "tags": []string{"monctl"}, "asDropdown": true, "keepTime": true, "includeVars": false,
			"icon": "external link", "targetBlank": false, "tooltip": "", "url": "",
		}},
		"panels": b.panels(),
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(whole)
	return out.Bytes(), err
}

func source(kind string) object { return object{"type": kind, "uid": "monctl-" + kind} }

func (v Variable) json() object {
	o := object{"name": v.Name, "label": v.Label, "hide": 0, "skipUrlSync": false}
	switch v.Source {
	case "":
		maps.Copy(o, object{"type": "textbox", "query": "", "current": object{"text": "", "value": ""}, "options": []any{object{"selected": true, "text": "", "value": ""}}})
		return o
	case metrics:
		o["query"], o["definition"] = object{"qryType": 1, "query": v.Query, "refId": "PrometheusVariableQueryEditor-VariableQuery"}, v.Query
	case logEntries:
		o["query"] = object{"type": 1, "label": v.Query, "stream": "", "refId": "LokiVariableQueryEditor-VariableQuery"}
		o["allValue"] = ".*"       // also entries without the label
		if v.Query == "instance" { // which all have; Loki wants a matcher that does not match an empty value
			o["allValue"] = ".+"
		}
	}
	maps.Copy(o, object{"type": "query", "datasource": source(v.Source), "refresh": 2, "sort": 1, "regex": "", "multi": v.Many, "includeAll": v.Many, "options": []any{}})
	if v.Many {
		o["current"] = object{"text": []string{"All"}, "value": []string{"$__all"}}
	}
	return o
}

const (
	graphHeight = 8
	pageWidth   = 24
)

func (b Board) panels() []any {
	var list []any
	y := 0
	for _, r := range b.Rows {
		if r.Title != "" {
			list = append(list, object{"type": "row", "title": r.Title, "collapsed": false, "panels": []any{}, "gridPos": grid(0, y, pageWidth, 1)})
			y++
		}
		height := r.Height
		if height == 0 {
			height = graphHeight
		}
		x := 0
		for n, width := range r.widths() {
			p := b.panel(r.Panels[n])
			p["gridPos"] = grid(x, y, width, height)
			x += width
			list = append(list, p)
		}
		y += height
	}
	for n, p := range list {
		p.(object)["id"] = n + 1
	}
	return list
}

func grid(x, y, w, h int) object { return object{"x": x, "y": y, "w": w, "h": h} }

// widths shares a row among its panels.
func (r Row) widths() []int {
	left, sharing := pageWidth, 0
	for _, p := range r.Panels {
		left -= p.Width
		if p.Width == 0 {
			sharing++
		}
	}
	var widths []int
	for _, p := range r.Panels {
		if p.Width > 0 {
			widths = append(widths, p.Width)
			continue
		}
		share := left / sharing
		widths = append(widths, share)
		left -= share
		sharing--
	}
	return widths
}

func (b Board) panel(p Panel) object {
	kind := p.Source
	if kind == "" {
		kind = metrics
	}
	o := object{
		"type": p.Kind, "title": p.Title, "description": p.About, "datasource": source(kind),
		"fieldConfig": object{"defaults": p.defaults(), "overrides": p.overrides()},
		"options":     p.options(), "targets": b.targets(p, kind),
	}
	if p.Kind == "table" {
		o["transformations"] = p.transformations()
	}
	return o
}

func (b Board) targets(p Panel, kind string) []any {
	var list []any
	for n, q := range p.Queries {
		expr := q.Expr
		if !q.Unscoped {
			expr = scoped(expr, b.Scope)
		}
		t := object{"refId": ref(n), "expr": expr, "datasource": source(kind)}
		switch {
		case kind == logEntries:
			t["queryType"] = "range"
			if p.Kind == "stat" {
				t["queryType"] = "instant"
			}
		case p.Kind == "timeseries":
			t["range"], t["instant"] = true, false
		default:
			t["range"], t["instant"] = false, true
		}
		if q.Legend != "" {
			t["legendFormat"] = q.Legend
		}
		if p.Kind == "table" {
			t["format"] = "table"
		}
		list = append(list, t)
	}
	return list
}

func ref(n int) string { return string(rune('A' + n)) }

func (p Panel) defaults() object {
	o := object{"mappings": mappings(p.Words)}
	if p.Unit != "" {
		o["unit"] = p.Unit
	}
	for key, value := range map[string]string{"min": p.Min, "max": p.Max, "decimals": p.Decimals} {
		if value != "" {
			o[key] = figure(value)
		}
	}
	if p.Empty != "" {
		o["noValue"] = p.Empty
	}
	switch p.Kind {
	case "stat":
		o["color"], o["thresholds"] = object{"mode": "thresholds"}, thresholds(p.Warn, p.Alarm, p.Low)
	case "timeseries":
		o["color"], o["custom"] = object{"mode": "palette-classic"}, p.lines()
		o["thresholds"] = thresholds(p.Warn, p.Alarm, p.Low)
	case "table":
		o["custom"] = object{"align": "auto", "cellOptions": object{"type": "auto"}, "inspect": false}
	}
	return o
}

// lines are calm: thin, lightly filled, without points, and gaps stay gaps.
func (p Panel) lines() object {
	o := object{
		"drawStyle": "line", "lineInterpolation": "linear", "lineWidth": 1, "fillOpacity": 8, "gradientMode": "none", "showPoints": "never", "spanNulls": false,
		"stacking": object{"group": "A", "mode": "none"}, "thresholdsStyle": object{"mode": "off"},
	}
	if p.Stacked {
		o["stacking"], o["fillOpacity"] = object{"group": "A", "mode": "normal"}, 40
	}
	if p.Warn != "" || p.Alarm != "" {
		o["thresholdsStyle"] = object{"mode": "dashed"}
	}
	return o
}

func thresholds(warn, alarm string, low bool) object {
	steps := []any{object{"color": "green", "value": nil}}
	add := func(value, color string) {
		if value != "" {
			steps = append(steps, object{"color": color, "value": figure(value)})
		}
	}
	if low {
		steps = []any{object{"color": "red", "value": nil}}
		add(alarm, "yellow")
		add(warn, "green")
	} else {
		add(warn, "yellow")
		add(alarm, "red")
	}
	return object{"mode": "absolute", "steps": steps}
}

func figure(s string) json.Number { return json.Number(s) }

func mappings(words map[string]Word) []any {
	if len(words) == 0 {
		return []any{}
	}
	options := object{}
	for value, w := range words {
		options[value] = object{"text": w.Text, "color": w.Color, "index": len(words) - 1 - index(value)}
	}
	return []any{object{"type": "value", "options": options}}
}

// index puts the larger value first.
func index(value string) int {
	n, _ := strconv.Atoi(value)
	return n
}

func (p Panel) options() object {
	switch p.Kind {
	case "stat":
		text := "value"
		if len(p.Queries) > 1 {
			text = "value_and_name"
		}
		return object{
			"colorMode": "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "textMode": text, "wideLayout": true,
			"reduceOptions": object{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
		}
	case "table":
		o := object{"showHeader": true, "cellHeight": "sm", "footer": object{"show": false, "reducer": []string{"sum"}, "fields": ""}}
		if p.SortBy != "" {
			o["sortBy"] = []any{object{"displayName": p.SortBy, "desc": true}}
		}
		return o
	case "logs":
		return object{
			"showTime": true, "showLabels": false, "showCommonLabels": false, "wrapLogMessage": true, "prettifyLogMessage": false,
			"enableLogDetails": true, "dedupStrategy": "none", "sortOrder": "Descending",
		}
	}
	return object{
		"legend":  object{"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []string{}},
		"tooltip": object{"mode": "multi", "sort": "desc"},
	}
}

// transformations join the answers of a table's queries by their labels and name the columns.
func (p Panel) transformations() []any {
	names, order := object{}, object{}
	keep, values := []string{}, 0
	for n, c := range p.Columns {
		field := c.Label
		if field == "" {
			field = "Value"
			if len(p.Queries) > 1 {
				field = "Value #" + ref(values)
			}
			values++
		}
		names[field], order[field] = c.Title, n
		keep = append(keep, field)
	}
	return []any{
		object{"id": "merge", "options": object{}},
		object{"id": "filterFieldsByName", "options": object{"include": object{"names": keep}}},
		object{"id": "organize", "options": object{"renameByName": names, "indexByName": order, "excludeByName": object{}}},
	}
}

func (p Panel) overrides() []any {
	list := []any{}
	for _, c := range p.Columns {
		var properties []any
		add := func(id string, value any) { properties = append(properties, object{"id": id, "value": value}) }
		if c.Unit != "" {
			add("unit", c.Unit)
		}
		if c.Unit == "percentunit" {
			add("decimals", 0)
		}
		if c.Warn != "" || c.Alarm != "" {
			add("thresholds", thresholds(c.Warn, c.Alarm, false))
		}
		if c.Warn != "" || c.Alarm != "" || len(c.Words) > 0 {
			add("custom.cellOptions", object{"type": "color-text"})
		}
		if len(c.Words) > 0 {
			add("mappings", mappings(c.Words))
		}
		if c.Link != "" {
			add("links", []any{object{"title": strings.TrimSpace(c.Title), "url": c.Link}})
		}
		if len(properties) > 0 {
			list = append(list, object{"matcher": object{"id": "byName", "options": c.Title}, "properties": properties})
		}
	}
	return list
}
