package inventory

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// decodable is a value of the file that reads itself from a node and reports what is wrong with it. path is how a person
// names the place: "hosts.vm1.port".
type decodable interface {
	decode(d *decoder, path string, n node)
}

type decoder struct {
	inv  *Inventory
	errs *errorList
}

func (d *decoder) fail(pos Pos, path, format string, args ...any) {
	d.errs.add(pos, "%s: %s", path, fmt.Sprintf(format, args...))
}

// fields reads a mapping into a struct by its json tags; keys without a field go to rest, or are errors without it.
func (d *decoder) fields(path string, n node, into any, rest func(entry)) {
	fields := map[string]decodable{}
	var names []string
	collect(reflect.ValueOf(into).Elem(), func(name string, field decodable) {
		fields[name] = field
		names = append(names, name)
	})
	for _, e := range n.entries {
		field, known := fields[e.key]
		switch {
		case known:
			field.decode(d, under(path, e.key), e.value)
		case rest != nil:
			rest(e)
		default:
			d.fail(e.pos, or(path, "top level"), "unknown key %q%s", e.key, suggestOrList(e.key, names))
		}
	}
}

func collect(v reflect.Value, found func(string, decodable)) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			collect(v.Field(i), found)
			continue
		}
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			found(name, v.Field(i).Addr().Interface().(decodable))
		}
	}
}

func suggestOrList(word string, names []string) string {
	if s := Suggest(word, names); s != "" {
		return s
	}
	return fmt.Sprintf("; known are %s", strings.Join(names, ", "))
}

// suggest is Suggest as long as somebody will read it.
func (d *decoder) suggest(word string, known []string) string {
	if len(d.errs.list) >= maxErrors {
		return ""
	}
	return Suggest(word, known)
}

// want reports a node of another kind than expected.
func (d *decoder) want(path string, n node, what string, kinds ...kind) bool {
	if slices.Contains(kinds, n.kind) {
		return true
	}
	d.fail(n.pos, path, "want %s, have %s", what, n.kind)
	return false
}

// text is a scalar or a reference to one, which is looked up at once.
type text struct {
	Value string
	pos   Pos
	shown string // Value, or the reference that gave it: what an error may quote
}

func (t *text) decode(d *decoder, path string, n node) {
	t.pos = n.pos
	if secret, ok := d.inv.Secret(plain(n)); ok && n.kind == mapping {
		value, err := secret.Resolve()
		if err != nil {
			d.fail(n.pos, path, "%v", err)
			return
		}
		t.Value, t.shown = value, secret.String()
	} else if d.want(path, n, "text", scalar) {
		t.Value, t.shown = n.text, strconv.Quote(n.text)
	} else {
		return
	}
	if t.Value == "" {
		d.fail(n.pos, path, "is empty: give a value or remove the line")
	}
}

// number is a whole number, also by reference.
type number struct {
	Value int
	pos   Pos // zero when it was not given or is no number
}

func (v *number) decode(d *decoder, path string, n node) {
	var t text
	t.decode(d, path, n)
	if t.Value == "" {
		return // reported already
	}
	value, err := strconv.Atoi(t.Value)
	if err != nil {
		d.fail(n.pos, path, "want a whole number, have %s", t.shown)
		return
	}
	v.Value, v.pos = value, n.pos
}

// texts is a list, or a single value for a list of one.
type texts []text

func (l *texts) decode(d *decoder, path string, n node) {
	switch n.kind {
	case list:
		for i, item := range n.items {
			var t text
			t.decode(d, fmt.Sprintf("%s[%d]", path, i), item)
			*l = append(*l, t)
		}
	case null:
		d.fail(n.pos, path, "is empty: give a value or remove the line")
	default:
		var t text
		t.decode(d, path, n)
		*l = texts{t}
	}
}

func (l texts) values() []string {
	var out []string
	for _, t := range l {
		out = append(out, t.Value)
	}
	return out
}

// entries is a list of values of one type, in file order.
type entries[T any] []T

func (l *entries[T]) decode(d *decoder, path string, n node) {
	if n.kind == null || !d.want(path, n, "a list", list) {
		return
	}
	for i, item := range n.items {
		var value T
		any(&value).(decodable).decode(d, fmt.Sprintf("%s[%d]", path, i), item)
		*l = append(*l, value)
	}
}

// named is a mapping from names that the person chose to values of one type, in file order.
type named[T any] []item[T]

type item[T any] struct {
	name  string
	pos   Pos
	value T
}

func (m *named[T]) decode(d *decoder, path string, n node) {
	if n.kind == null || !d.want(path, n, "a mapping of names", mapping) {
		return
	}
	for _, e := range n.entries {
		it := item[T]{name: e.key, pos: e.pos}
		any(&it.value).(decodable).decode(d, under(path, e.key), e.value)
		*m = append(*m, it)
	}
}

// plain turns a node into the values that a Setting may have.
func plain(n node) any {
	switch n.kind {
	case scalar:
		return n.value
	case list:
		out := make([]any, 0, len(n.items))
		for _, item := range n.items {
			out = append(out, plain(item))
		}
		return out
	case mapping:
		out := make(map[string]any, len(n.entries))
		for _, e := range n.entries {
			out[e.key] = plain(e.value)
		}
		return out
	}
	return nil
}

func under(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + printable(key)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
