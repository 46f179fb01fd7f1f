// Package dashboards describes the dashboards that monctl brings, one a file, and writes them as Grafana's JSON. The JSON
// is what the catalogue embeds (templates/COMPONENT/dashboards/*.json): `go test ./templates/dashboards -update` writes it
// again after a change here, and the test fails while it is not what is described.
package dashboards

import "strings"

// Board is one dashboard. Panels are laid out by themselves: a row is as wide as the page, its panels share it.
type Board struct {
	File       string // below templates/: "node_exporter/dashboards/node.json"
	UID, Title string // of Grafana; links and bookmarks need the uid to stay
	About      string
	// Scope is what chooses the series of the dashboard: it is put into every selector of every query, so that
	// `up{}` becomes `up{job="node_exporter", instance=~"$instance"}`.
	Scope     string
	Variables []Variable
	Rows      []Row
}

// All lists the dashboards.
func All() []Board {
	return []Board{fleet(), host(), mysql(), postgresql(), logs(), springBoot(), prometheus(), alertmanager(), loki(), grafana()}
}

// The datasources that monctl provisions (installer/desired has their names).
const (
	metrics    = "prometheus"
	logEntries = "loki"
)

// Variable is a choice at the top of the page.
type Variable struct {
	Name, Label string
	Source      string // metrics or logEntries; "" for a text that is typed in
	Query       string // of a Prometheus: "label_values(up, instance)"; of a Loki the label
	Many        bool   // several can be chosen, and all are at first
}

// Row is a line of panels under a title that folds it away.
type Row struct {
	Title  string
	Height int // in Grafana's units of 38 px; 0 for that of graphs
	Panels []Panel
}

// Panel is one picture and the questions behind it.
type Panel struct {
	Kind        string // Grafana's word for it
	Title       string
	About       string // what it shows and what to do when it looks bad
	Unit        string // Grafana's id of a unit: "bytes", "percentunit"
	Source      string // metrics unless given
	Queries     []Query
	Width       int    // of 24; 0 for a share of what is left of the row
	Stacked     bool   // areas on top of each other
	Min, Max    string // of the axis; "" for by itself
	Warn, Alarm string // from which value on it is yellow, red; "" for never
	Low         bool   // Warn and Alarm are lower bounds: less is worse
	Decimals    string // digits behind the point
	Empty       string // said in place of "No data" when there is nothing to show, and that is no fault
	Words       map[string]Word
	Columns     []Column // of a table
	SortBy      string   // column of a table, largest first
}

// Word stands for a value: 1 is "up" and green.
type Word struct{ Text, Color string }

// Query is one question and the name of its lines.
type Query struct {
	Expr, Legend string
	Unscoped     bool // the scope of the board is not put into it
}

// Column is a column of a table: what one query answers, or a label of its series.
type Column struct {
	Title, Label, Unit string // without Label it is the value of the query with the same number among those without
	Warn, Alarm        string
	Words              map[string]Word
	Link               string // where a click leads
}

// scoped puts the scope of a board into the selectors of a query.
func scoped(expr, scope string) string {
	if scope == "" {
		return expr
	}
	expr = strings.ReplaceAll(expr, "{", "{"+scope+", ")
	return strings.ReplaceAll(expr, "{"+scope+", }", "{"+scope+"}")
}

// runbook is the page of an alert.
func runbook(alert string) string {
	return "https://github.com/monctl/monctl/blob/main/docs/runbooks.md#" + strings.ToLower(alert)
}

// see ends a description with the alert that watches the same.
func see(about, alert string) string {
	return about + " [" + alert + "](" + runbook(alert) + ")"
}

func stat(title, unit, about string, queries ...Query) Panel {
	return Panel{Kind: "stat", Title: title, Unit: unit, About: about, Queries: queries}
}

func graph(title, unit, about string, queries ...Query) Panel {
	return Panel{Kind: "timeseries", Title: title, Unit: unit, About: about, Queries: queries}
}

func stacked(title, unit, about string, queries ...Query) Panel {
	p := graph(title, unit, about, queries...)
	p.Stacked, p.Min = true, "0"
	return p
}

func table(title, about string, columns []Column, queries ...Query) Panel {
	return Panel{Kind: "table", Title: title, About: about, Columns: columns, Queries: queries}
}

// ask is a query whose lines are named by a legend, "{{instance}} in".
func ask(expr, legend string) Query { return Query{Expr: expr, Legend: legend} }

// askAll is one that looks beyond the scope of its board.
func askAll(expr string) Query { return Query{Expr: expr, Unscoped: true} }

// from gives the values from which on a panel is yellow and red.
func (p Panel) from(warn, alarm string) Panel {
	p.Warn, p.Alarm = warn, alarm
	return p
}

// wantsOne is for values that are 1 when all is well, and red below.
func (p Panel) wantsOne() Panel {
	p.Warn, p.Alarm, p.Low = "1", "1", true
	return p
}

// share is for values between 0 and 1 that are shown in percent.
func (p Panel) share() Panel {
	p.Unit, p.Min, p.Max = "percentunit", "0", "1"
	return p
}

// ratio is for shares that are small when all is well: the axis ends where they do.
func (p Panel) ratio() Panel {
	p.Unit, p.Min = "percentunit", "0"
	return p
}

func (p Panel) wide(width int) Panel {
	p.Width = width
	return p
}

// zero begins the axis at zero.
func (p Panel) zero() Panel {
	p.Min = "0"
	return p
}

func (p Panel) digits(n string) Panel {
	p.Decimals = n
	return p
}

// otherwise says why there may be nothing to show.
func (p Panel) otherwise(text string) Panel {
	p.Empty = text
	return p
}

func (p Panel) words(w map[string]Word) Panel {
	p.Words = w
	return p
}

var upOrDown = map[string]Word{"1": {"up", "green"}, "0": {"down", "red"}}
