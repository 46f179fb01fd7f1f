package main

import (
	"fmt"
	"slices"
	"strings"
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

func newTable(title string, servers kinds) *table {
	t := &table{title: title}
	for _, k := range servers {
		t.servers = append(t.servers, k.name)
	}
	return t
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

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// medians are the figures of repeated runs, by name, for one server.
type medians struct {
	names  []string
	values map[string][]float64
}

func (m *medians) add(name string, value float64) {
	if m.values == nil {
		m.values = map[string][]float64{}
	}
	if _, known := m.values[name]; !known {
		m.names = append(m.names, name)
	}
	m.values[name] = append(m.values[name], value)
}

func (m *medians) into(t *table, column int) {
	for _, name := range m.names {
		t.add(name, column, median(m.values[name]))
	}
}
