package dashboard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Bindings are the datasources of a Grafana that dashboards bind to, type to uid: "prometheus" to "monctl-prometheus".
type Bindings map[string]string

// Note is something that a person should know of a dashboard that was made to bind.
type Note struct {
	Panel string // its title, "" for the whole dashboard
	Text  string
	Lost  bool // something was taken out
}

// Bind gives the dashboard as it can be provisioned: every reference to a datasource is one of the bindings, whatever
// form it had; what an export holds for the page that imports it (__inputs, __elements, __requires) is resolved and gone; what
// has no datasource here is taken out, and noted.
func (d *Dashboard) Bind(b Bindings) (*Dashboard, []Note, error) {
	if d.bound(b) {
		return d, nil, nil
	}
	src, err := d.JSON()
	if err != nil {
		return nil, nil, err
	}
	tree, err := decode(d.File, src) // a copy
	if err != nil {
		return nil, nil, err
	}
	w := binder{to: b, inputs: map[string]input{}, elements: inner(tree, "__elements")}
	w.learn(tree)
	w.panels(tree)
	w.rest(tree)
	for _, key := range []string{"__inputs", "__elements", "__requires", "iteration"} {
		delete(tree, key)
	}
	tree["id"] = nil
	w.replace(tree)
	bound, err := encode(tree)
	if err != nil {
		return nil, nil, err
	}
	after, err := Read(d.File, bound)
	return after, w.notes, err
}

// bound says that there is nothing to do, as with the dashboards of the catalogue, which every plan binds.
func (d *Dashboard) bound(b Bindings) bool {
	for _, key := range []string{"__inputs", "__elements", "__requires", "iteration", "id"} {
		if d.tree[key] != nil {
			return false
		}
	}
	pinned := func(o object) bool {
		s := datasourceOf(o["datasource"])
		uid, there := b[s.Type]
		return there && s.UID == uid
	}
	for _, v := range objects(inner(d.tree, "templating"), "list") {
		if text(v, "type") == "datasource" || v["datasource"] != nil && !pinned(v) {
			return false
		}
	}
	all := len(objects(inner(d.tree, "annotations"), "list")) == 0
	eachPanel(d.tree, func(p object) {
		all = all && pinned(p) && p["libraryPanel"] == nil && p["alert"] == nil && corePanels[text(p, "type")]
		for _, t := range objects(p, "targets") {
			all = all && (t["datasource"] == nil || pinned(t))
		}
	})
	return all
}

// JSON writes the dashboard, keys in alphabetical order.
func (d *Dashboard) JSON() ([]byte, error) { return encode(d.tree) }

func encode(tree object) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(tree)
	return out.Bytes(), err
}

// Set gives the dashboard another uid and, when it came from grafana.com, its number and revision there.
func (d *Dashboard) Set(uid string, gnetID, revision int) (*Dashboard, error) {
	d.tree["uid"] = uid
	if gnetID > 0 {
		d.tree["gnetId"], d.tree["revision"] = gnetID, revision
	}
	src, err := d.JSON()
	if err != nil {
		return nil, err
	}
	return Read(d.File, src)
}

// input is what an export asks the person who imports it for, or a variable that chooses a datasource.
type input struct {
	kind  string // type of a datasource
	value string // of a constant
}

type binder struct {
	to       Bindings
	inputs   map[string]input
	elements object // models of library panels, by uid
	notes    []Note
}

func (w *binder) note(panel string, lost bool, format string, args ...any) {
	w.notes = append(w.notes, Note{panel, fmt.Sprintf(format, args...), lost})
}

// learn reads __inputs and takes the variables of type datasource out.
func (w *binder) learn(tree object) {
	for _, i := range objects(tree, "__inputs") {
		switch text(i, "type") {
		case "datasource":
			w.inputs[text(i, "name")] = input{kind: text(i, "pluginId")}
		default:
			w.inputs[text(i, "name")] = input{value: text(i, "value")}
			if text(i, "value") == "" {
				w.note("", false, "%s wants a value: %s", text(i, "name"), or(text(i, "description"), text(i, "label")))
			}
		}
	}
	var kept []any
	templating := inner(tree, "templating")
	for _, v := range objects(templating, "list") {
		if text(v, "type") == "datasource" {
			w.inputs[text(v, "name")] = input{kind: text(v, "query")}
			continue
		}
		kept = append(kept, v)
	}
	if templating != nil {
		templating["list"] = append([]any{}, kept...)
	}
}

// panels binds the panels below an object and takes out those that cannot be.
func (w *binder) panels(o object) {
	for _, key := range []string{"panels", "rows"} {
		list, there := o[key].([]any)
		if !there {
			continue
		}
		kept := []any{}
		for _, p := range list {
			if p, ok := p.(object); ok && (key == "rows" || w.panel(p)) {
				w.panels(p)
				kept = append(kept, p)
			}
		}
		o[key] = kept
	}
}

// panel binds one panel; false when there is nothing left of it.
func (w *binder) panel(p object) bool {
	title := text(p, "title")
	if !w.library(p) {
		return false
	}
	if p["alert"] != nil {
		delete(p, "alert")
		w.note(title, true, "its alert is of a kind that Grafana has no more")
	}
	kind := text(p, "type")
	switch {
	case migrated[kind] != "":
		w.note(title, false, "panels of type %s are removed from Grafana: it becomes a %s by itself; look at it", kind, migrated[kind])
	case dead[kind] != "":
		w.note(title, false, "panels of type %s are removed from Grafana: change it to %s", kind, dead[kind])
	case !corePanels[kind] && kind != "":
		w.note(title, false, "panels of type %s need a plugin that is not part of Grafana", kind)
	}
	whole, bound := w.bind(p)
	if !bound {
		p["datasource"] = nil
	}
	if targets, asks := p["targets"].([]any); asks && len(targets) > 0 {
		return w.queries(p, title, whole, bound)
	}
	return true
}

// queries keeps the queries of a panel that are bound, by themselves or by the panel; false when there is none.
func (w *binder) queries(p object, title, whole string, wholeBound bool) bool {
	kept := []any{}
	missing := whole
	all := objects(p, "targets")
	for _, t := range all {
		bound := wholeBound
		if t["datasource"] != nil {
			var kind string
			if kind, bound = w.bind(t); !bound {
				missing = kind
			}
		}
		if bound {
			kept = append(kept, t)
		}
	}
	switch {
	case len(kept) == 0:
		w.note(title, true, "left out: it needs a datasource of type %s", missing)
		return false
	case len(kept) < len(all):
		w.note(title, true, "%d of its queries left out: they need a datasource of type %s", len(all)-len(kept), missing)
	}
	p["targets"] = kept
	return true
}

// library puts the model of a library panel in its place.
func (w *binder) library(p object) bool {
	l := inner(p, "libraryPanel")
	if l == nil {
		return true
	}
	model := inner(inner(w.elements, text(l, "uid")), "model")
	if model == nil {
		w.note(or(text(p, "title"), text(l, "name")), true, "left out: it is a library panel (%s) and the export lacks its model; export with library panels", text(l, "name"))
		return false
	}
	for key, value := range model {
		if key != "id" && key != "gridPos" && key != "libraryPanel" {
			p[key] = value
		}
	}
	delete(p, "libraryPanel")
	return true
}

// rest binds what is not a panel: variables and annotations.
func (w *binder) rest(tree object) {
	for _, place := range []struct{ in, what string }{{"templating", "variable $"}, {"annotations", "annotation "}} {
		kept := []any{}
		for _, o := range objects(inner(tree, place.in), "list") {
			if text(o, "type") != "query" && place.in == "templating" && o["datasource"] == nil {
				kept = append(kept, o)
				continue
			}
			if kind, bound := w.bind(o); !bound {
				w.note("", true, "%s left out: it needs a datasource of type %s", place.what+text(o, "name"), kind)
				continue
			}
			kept = append(kept, o)
		}
		if inner(tree, place.in) != nil {
			inner(tree, place.in)["list"] = kept
		}
	}
}

// bind pins the datasource of an object; what it asks shows the kind when nothing else does.
func (w *binder) bind(o object) (kind string, bound bool) {
	s := datasourceOf(o["datasource"])
	if builtIn(s) {
		return "", true
	}
	kind = w.kindOf(s, o)
	uid, bound := w.to[kind]
	if bound {
		o["datasource"] = object{"type": kind, "uid": uid}
	}
	return kind, bound
}

// builtIn says of a datasource that every Grafana has it.
func builtIn(s Datasource) bool {
	return strings.HasPrefix(s.UID, "-- ") || s.UID == "grafana" || s.UID == "__expr__" || s.Type == "__expr__" || s.Type == "datasource" || s.Type == "grafana"
}

// kindOf finds the type of a datasource: as it says, as the input or variable it names says, or from its name.
func (w *binder) kindOf(s Datasource, asks object) string {
	name := strings.Join(append(reference.FindStringSubmatch(s.UID), "", "", "", "")[1:4], "")
	if i, known := w.inputs[name]; known && name != "" && i.kind != "" {
		return i.kind
	}
	if s.Type != "" {
		return s.Type
	}
	if strings.Contains(strings.ToLower(s.UID), Loki) {
		return Loki
	}
	if s.UID == "" || name != "" || strings.Contains(strings.ToLower(s.UID), "prom") || s.UID == "default" || askedInPromQL(asks) {
		return Prometheus
	}
	return s.UID
}

func askedInPromQL(o object) bool {
	if text(o, "expr") != "" || strings.HasPrefix(text(o, "query"), "label_values") {
		return true
	}
	for _, t := range objects(o, "targets") {
		if text(t, "expr") != "" {
			return true
		}
	}
	return false
}

// replace puts the values of constants, and the uids of datasources that are named inside of texts, in their places.
func (w *binder) replace(v any) any {
	switch v := v.(type) {
	case object:
		for key, value := range v {
			v[key] = w.replace(value)
		}
	case []any:
		for n, value := range v {
			v[n] = w.replace(value)
		}
	case string:
		for name, i := range w.inputs {
			if i.kind != "" {
				v = strings.ReplaceAll(v, "${"+name+"}", w.to[i.kind])
			} else if i.value != "" {
				v = strings.ReplaceAll(v, "${"+name+"}", i.value)
			}
		}
		return v
	}
	return v
}
