package dashboard

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Variable is one template variable.
type Variable struct {
	Name, Type string // "instance"; "query", "custom", "interval", "datasource", "constant", "textbox", "adhoc"
	Datasource Datasource
	Query      string // of type query: "label_values(up, instance)"; otherwise its options, "1m,5m" or "prometheus"
	Many       bool   // several values can be chosen, or all
	All        string // what stands for all of its values, a regular expression; "" when Grafana lists them
	Value      string // the saved one or the first option, "" for none

	everything bool // the saved choice is All
}

// chosenAll is the saved value of a variable whose choice is All.
const chosenAll = "$__all"

func variable(o object) Variable {
	v := Variable{Name: text(o, "name"), Type: text(o, "type"), Datasource: datasourceOf(o["datasource"]), Query: text(o, "query"), All: text(o, "allValue"), Many: flag(o, "multi") || flag(o, "includeAll")}
	if v.Query == "" { // the editor of Prometheus' datasource writes an object, that of Loki's another
		q := inner(o, "query")
		v.Query = or(text(q, "query"), text(q, "expr"))
		if v.Query == "" && text(q, "label") != "" {
			v.Query = fmt.Sprintf("label_values(%s, %s)", text(q, "stream"), text(q, "label"))
		}
	}
	current := inner(o, "current")["value"]
	v.Value, v.everything = first(current), strings.Contains(fmt.Sprint(current), chosenAll)
	if options := objects(o, "options"); v.Value == "" && len(options) > 0 && v.Type != "query" {
		v.Value = first(options[0]["value"])
	}
	if v.Value == "" && (v.Type == "custom" || v.Type == "interval") {
		option, _, _ := strings.Cut(v.Query, ",")
		_, after, named := strings.Cut(option, " : ") // "five minutes : 5m"
		if named {
			option = after
		}
		v.Value = strings.TrimSpace(option)
	}
	return v
}

// first gives a value, or the first of several; "" for all.
func first(v any) string {
	switch v := v.(type) {
	case string:
		if v != chosenAll && !strings.HasPrefix(v, "$__auto") {
			return v
		}
	case json.Number:
		return v.String()
	case []any:
		if len(v) > 0 {
			return first(v[0])
		}
	}
	return ""
}

// View is how a dashboard is looked at: what Grafana's own variables stand for when a query is sent, and what is chosen.
type View struct {
	Range    time.Duration // the time that is shown: $__range
	Interval time.Duration // between two points: $__interval
	Rate     time.Duration // $__rate_interval: four scrapes at least
	// Chosen are the texts that variables stand for; one that is not in it stands for any value.
	Chosen map[string]string
}

// LastHour is a view that suits scrape intervals up to 15 s.
var LastHour = ViewOf(15 * time.Second)

// ViewOf is the last hour as Grafana shows what is scraped at an interval, 0 for 15 s: $__rate_interval is the larger of four
// scrapes, and the step and one (grafana.com/docs: Prometheus template variables).
func ViewOf(scrape time.Duration) View {
	if scrape <= 0 {
		scrape = 15 * time.Second
	}
	step := max(scrape, 15*time.Second)
	return View{Range: time.Hour, Interval: step, Rate: max(step+scrape, 4*scrape)}
}

// builtIn gives the text of Grafana's own variables, "" for one that is none.
func (s View) builtIn(name string) string {
	now := func(back time.Duration) string { return fmt.Sprint(time.Now().Add(-back).UnixMilli()) }
	switch name {
	case "__rate_interval":
		return seconds(s.Rate) + "s"
	case "__interval", "__auto":
		return seconds(s.Interval) + "s"
	case "__range":
		return seconds(s.Range) + "s"
	case "__interval_ms":
		return seconds(s.Interval) + "000"
	case "__range_s":
		return seconds(s.Range)
	case "__range_ms":
		return seconds(s.Range) + "000"
	case "__rate_interval_ms":
		return seconds(s.Rate) + "000"
	case "__from":
		return now(s.Range)
	case "__to":
		return now(0)
	}
	if strings.HasPrefix(name, "__auto_interval") {
		return seconds(s.Interval) + "s"
	}
	return ""
}

func seconds(d time.Duration) string { return fmt.Sprint(max(int(d.Seconds()), 1)) }

// reference finds $name, ${name}, ${name:format}, ${name.field} and the older [[name]].
var reference = regexp.MustCompile(`\$(\w+)|\$\{(\w+)(?:[.:][^}]*)?\}|\[\[(\w+)(?::[^\]]*)?\]\]`)

// hole marks a variable without a fixed value inside a quoted text: open, its name, shut. They are private characters.
const open, shut = "\uE000", "\uE001"

var hole = regexp.MustCompile(open + `(\w*)` + shut)

// fill replaces the variables of a query. Inside quotes one without a fixed value leaves a hole, and what is no variable
// stays, as in Grafana ($1 of label_replace); outside of them a variable takes the value that was saved with the
// dashboard, and without one there is an error.
func (d *Dashboard) fill(query string, s View) (string, error) {
	var out strings.Builder
	var unknown []string
	rest := query
	for rest != "" {
		quoted, n := word(rest)
		piece := rest[:n]
		rest = rest[n:]
		out.WriteString(reference.ReplaceAllStringFunc(piece, func(ref string) string {
			name := strings.Join(reference.FindStringSubmatch(ref)[1:], "")
			value, fixed, known := d.value(name, s)
			switch {
			case quoted && !known:
				return ref
			case quoted && !fixed:
				return open + name + shut
			case !quoted && value == "":
				unknown = append(unknown, ref)
			}
			return value
		}))
	}
	if len(unknown) > 0 {
		return "", fmt.Errorf("nothing is known of the value of %s", strings.Join(unknown, ", "))
	}
	return out.String(), nil
}

// value gives what a variable stands for, whether it is that for every reader, and whether there is one of this name.
func (d *Dashboard) value(name string, s View) (value string, fixed, known bool) {
	if value, chosen := s.Chosen[name]; chosen {
		return value, true, true
	}
	for _, v := range d.Variables {
		if v.Name == name {
			return v.Value, v.Value != "" && v.Type != "query" && !v.everything, true
		}
	}
	value = s.builtIn(name)
	return value, value != "", value != ""
}

// all gives the regular expression for any value of a variable.
func (d *Dashboard) all(name string) string {
	for _, v := range d.Variables {
		if v.Name == name && v.All != "" {
			return v.All
		}
	}
	return ".+"
}

// word gives the length of what a query begins with: a quoted text, or all up to the next one.
func word(query string) (quoted bool, length int) {
	n := strings.IndexAny(query, "\"'`")
	switch {
	case n < 0:
		return false, len(query)
	case n > 0:
		return false, n
	}
	return true, quotedLength(query)
}

// quotedLength is the length of the quoted text that s begins with; one without an end goes on to the end of s.
func quotedLength(s string) int {
	for n := 1; n < len(s); n++ {
		switch {
		case s[n] == '\\' && s[0] != '`':
			n++
		case s[n] == s[0]:
			return n + 1
		}
	}
	return len(s)
}
