package dashboard

import (
	"encoding/json"
	"strconv"
)

// object is a JSON object. Over twelve years Grafana wrote the same field in several forms, so a dashboard is read as
// what it is and not into structs, and is written back with all that nobody here knows of.
type object = map[string]any

func inner(o object, key string) object {
	v, _ := o[key].(object)
	return v
}

func text(o object, key string) string {
	v, _ := o[key].(string)
	return v
}

// number reads an integer, which some exports write as text. 0 when there is none.
func number(o object, key string) int {
	switch v := o[key].(type) {
	case json.Number:
		n, _ := v.Int64()
		return int(n)
	case string:
		n, _ := strconv.Atoi(v)
		return n
	}
	return 0
}

func flag(o object, key string) bool {
	v, _ := o[key].(bool)
	return v
}

func objects(o object, key string) []object {
	list, _ := o[key].([]any)
	var all []object
	for _, v := range list {
		if v, ok := v.(object); ok {
			all = append(all, v)
		}
	}
	return all
}

// eachPanel visits every panel but rows: those of the dashboard, of collapsed rows, and of the rows of old schemas.
func eachPanel(tree object, do func(object)) {
	for _, p := range objects(tree, "panels") {
		if text(p, "type") != "row" {
			do(p)
		}
		eachPanel(p, do)
	}
	for _, row := range objects(tree, "rows") {
		eachPanel(row, do)
	}
}

func panel(o object) Panel {
	p := Panel{ID: number(o, "id"), Type: text(o, "type"), Title: text(o, "title")}
	p.Empty = text(inner(inner(o, "fieldConfig"), "defaults"), "noValue")
	if l := inner(o, "libraryPanel"); l != nil {
		p.Library = or(text(l, "name"), text(l, "uid"))
	}
	whole := datasourceOf(o["datasource"])
	for _, t := range objects(o, "targets") {
		q := Query{Ref: text(t, "refId"), Text: text(t, "expr"), Instant: flag(t, "instant") && !flag(t, "range"), Hidden: flag(t, "hide"), Datasource: whole}
		if own := datasourceOf(t["datasource"]); own != (Datasource{}) {
			q.Datasource = own
		}
		if text(t, "queryType") == "instant" {
			q.Instant = true
		}
		if q.Text != "" {
			p.Queries = append(p.Queries, q)
		}
	}
	return p
}

// datasourceOf takes every form: null, a name or variable, and since Grafana 8.3 an object.
func datasourceOf(v any) Datasource {
	switch v := v.(type) {
	case string:
		return Datasource{UID: v}
	case object:
		return Datasource{Type: text(v, "type"), UID: text(v, "uid")}
	}
	return Datasource{}
}
