package main

import (
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
)

const pageText = `<!doctype html><meta charset="utf-8"><title>{{.Title}} (stand-in)</title>
<style>
body { background:#111217; color:#ccccdc; font:13px sans-serif; margin:12px; width:1560px }
h1 { font-size:18px; margin:0 0 2px } .about { color:#8e8e99; margin-bottom:10px }
.grid { display:grid; grid-template-columns:repeat(24,1fr); grid-auto-rows:30px; gap:8px }
.panel { background:#181b1f; border:1px solid #2c3235; border-radius:2px; padding:4px 8px; overflow:hidden; position:relative }
.row { color:#ccccdc; font-size:15px; align-self:end } .title { font-weight:600 } .value { font-size:30px; text-align:center; padding-top:18px }
.none { color:#8e8e99; text-align:center; padding-top:30px } table { border-collapse:collapse; width:100% } td,th { text-align:left; padding:2px 8px; border-bottom:1px solid #2c3235 }
.legend { position:absolute; bottom:3px; font-size:11px; white-space:nowrap } svg { display:block }
</style>
<h1>{{.Title}}</h1><div class="about">{{.Description}} · drawn by a stand-in for Grafana</div><div class="grid">
{{range .Panels}}<div class="{{if eq .Type "row"}}row{{else}}panel{{end}}" style="{{.Place}}"><div class="title">{{.Title}}</div>{{.Body}}</div>
{{end}}</div>`

var page = template.Must(template.New("page").Parse(pageText))

func writePage(name string, b *board) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := page.Execute(f, b); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// Place is where the panel is on the grid.
func (p *panel) Place() template.CSS {
	g := p.GridPos
	return template.CSS(fmt.Sprintf("grid-column:%d/span %d; grid-row:%d/span %d", g.X+1, g.W, g.Y+1, g.H)) //nolint:gosec // numbers alone
}

// Body is what is inside of the panel.
func (p *panel) Body() template.HTML {
	text := ""
	switch p.Type {
	case "row":
		return ""
	case "stat":
		text = p.stat()
	case "table":
		text = p.table()
	case "timeseries":
		text = p.graph()
	}
	if text == "" {
		said := p.FieldConfig.Defaults.NoValue
		if said == "" {
			said = "No data"
		}
		text = `<div class="none">` + template.HTMLEscapeString(said) + `</div>`
	}
	return template.HTML(text) //nolint:gosec // built of escaped parts
}

func (p *panel) stat() string {
	var b strings.Builder
	for n, a := range p.answers {
		for _, s := range a.now {
			value, color := p.FieldConfig.Defaults.show(float64(s.Value))
			fmt.Fprintf(&b, `<div class="value" style="color:%s">%s <small>%s</small></div>`, color, template.HTMLEscapeString(value), template.HTMLEscapeString(p.Targets[n].LegendFormat))
		}
	}
	return b.String()
}

// table joins the answers by their labels, as the merge transformation does.
func (p *panel) table() string {
	names := map[string]string{}
	for _, t := range p.Transformations {
		if t.ID == "organize" {
			names = t.Options.RenameByName
		}
	}
	rows, order := map[string]map[string]string{}, []string{}
	for n, a := range p.answers {
		column := "Value"
		if len(p.answers) > 1 {
			column = "Value #" + string(rune('A'+n))
		}
		for _, s := range a.now {
			key := s.Metric.String()
			if rows[key] == nil {
				rows[key], order = map[string]string{}, append(order, key)
				for label, value := range s.Metric {
					rows[key][string(label)] = template.HTMLEscapeString(string(value))
				}
			}
			value, color := p.override(names[column]).show(float64(s.Value))
			rows[key][column] = fmt.Sprintf(`<span style="color:%s">%s</span>`, color, template.HTMLEscapeString(value))
		}
	}
	if len(order) == 0 {
		return ""
	}
	columns := p.columns(names)
	var b strings.Builder
	b.WriteString("<table><tr>")
	for _, c := range columns {
		fmt.Fprintf(&b, "<th>%s</th>", template.HTMLEscapeString(names[c]))
	}
	for _, key := range order {
		b.WriteString("</tr><tr>")
		for _, c := range columns {
			fmt.Fprintf(&b, "<td>%s</td>", rows[key][c])
		}
	}
	return b.String() + "</tr></table>"
}

// columns gives labels first, then values.
func (p *panel) columns(names map[string]string) []string {
	var labels, values []string
	for n := range p.answers {
		for _, c := range []string{"Value", "Value #" + string(rune('A'+n))} {
			if names[c] != "" && (n == 0 || c != "Value") {
				values = append(values, c)
			}
		}
	}
	for _, c := range []string{"instance", "alertname", "severity", "job", "mountpoint", "device", "master_host"} {
		if names[c] != "" {
			labels = append(labels, c)
		}
	}
	return append(labels, values...)
}

// override gives the field of a column.
func (p *panel) override(column string) field {
	f := field{}
	for _, o := range p.FieldConfig.Overrides {
		if o.Matcher.Options != column {
			continue
		}
		for _, property := range o.Properties {
			target := map[string]any{"unit": &f.Unit, "thresholds": &f.Thresholds, "mappings": &f.Mappings}[property.ID]
			if target != nil {
				_ = json.Unmarshal(property.Value, target)
			}
		}
	}
	return f
}

var palette = []string{"#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#37872d", "#fade2a", "#447ebc"}

// line is one line of a graph.
type line struct {
	name   string
	points []model.SamplePair
}

func (p *panel) graph() string {
	var lines []line
	for n, a := range p.answers {
		for _, s := range a.lines {
			lines = append(lines, line{legend(p.Targets[n].LegendFormat, s.Metric), s.Values})
		}
	}
	if len(lines) == 0 {
		return ""
	}
	stacked := p.FieldConfig.Defaults.Custom.Stacking.Mode == "normal"
	width, height := float64(p.GridPos.W*64-40), float64(p.GridPos.H*38-95)
	low, high, from, to := p.bounds(lines, stacked)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg width="%.0f" height="%.0f">`, width+70, height+12)
	for n := range 3 {
		value := low + (high-low)*float64(n)/2
		shown, _ := p.FieldConfig.Defaults.show(value)
		y := 8 + height - height*float64(n)/2
		fmt.Fprintf(&b, `<line x1="60" x2="%.0f" y1="%.1f" y2="%.1f" stroke="#2c3235"/><text x="0" y="%.1f" fill="#8e8e99" font-size="11">%s</text>`, width, y, y, y+4, template.HTMLEscapeString(shown))
	}
	base := map[model.Time]float64{}
	for n, l := range lines {
		var path strings.Builder
		for _, s := range l.points {
			value := float64(s.Value)
			if stacked {
				base[s.Timestamp] += value
				value = base[s.Timestamp]
			}
			if !math.IsNaN(value) && !math.IsInf(value, 0) {
				fmt.Fprintf(&path, "%.1f,%.1f ", 60+(width-60)*(float64(s.Timestamp)-from)/(to-from), 8+height-height*(value-low)/(high-low))
			}
		}
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s"/>`, path.String(), palette[n%len(palette)])
	}
	b.WriteString(`</svg><div class="legend">`)
	for n, l := range lines {
		fmt.Fprintf(&b, `<span style="color:%s">▬</span> %s &nbsp;`, palette[n%len(palette)], template.HTMLEscapeString(l.name))
	}
	return b.String() + "</div>"
}

// bounds gives the smallest and largest value and time, with what the field fixes.
func (p *panel) bounds(lines []line, stacked bool) (low, high, from, to float64) {
	low, high, from, to = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	sums := map[model.Time]float64{}
	for _, l := range lines {
		for _, s := range l.points {
			value := float64(s.Value)
			if stacked {
				sums[s.Timestamp] += value
				value = sums[s.Timestamp]
			}
			if math.IsNaN(value) || math.IsInf(value, 0) {
				continue
			}
			low, high = math.Min(low, value), math.Max(high, value)
			from, to = math.Min(from, float64(s.Timestamp)), math.Max(to, float64(s.Timestamp))
		}
	}
	if f := p.FieldConfig.Defaults; f.Min != nil {
		low = *f.Min
	}
	if f := p.FieldConfig.Defaults; f.Max != nil {
		high = *f.Max
	}
	if high <= low {
		high = low + 1
	}
	if to <= from {
		to = from + 1
	}
	return low, high, from, to
}

var inLegend = regexp.MustCompile(`\{\{(\w+)\}\}`)

func legend(format string, m model.Metric) string {
	return inLegend.ReplaceAllStringFunc(format, func(s string) string { return string(m[model.LabelName(strings.Trim(s, "{}"))]) })
}

// show gives a value with its unit, and its color.
func (f field) show(v float64) (text, color string) {
	color = "#ccccdc"
	for _, s := range f.Thresholds.Steps {
		if s.Value == nil || v >= *s.Value {
			color = s.Color
		}
	}
	for _, m := range f.Mappings {
		if word, ok := m.Options[strconv.FormatFloat(v, 'f', -1, 64)]; ok {
			return word.Text, word.Color
		}
	}
	switch f.Unit {
	case "percentunit":
		return fmt.Sprintf("%.1f%%", v*100), color
	case "bytes":
		return scaled(v, 1024, "B"), color
	case "Bps", "bps":
		return scaled(v, 1000, f.Unit), color
	case "s":
		return seconds(v), color
	case "none", "":
		return strconv.FormatFloat(v, 'g', 4, 64), color
	}
	return strings.TrimSpace(scaled(v, 1000, " "+f.Unit)), color
}

func scaled(v, step float64, unit string) string {
	for _, prefix := range []string{"", "k", "M", "G"} {
		if math.Abs(v) < step {
			return fmt.Sprintf("%.3g %s%s", v, prefix, unit)
		}
		v /= step
	}
	return fmt.Sprintf("%.3g T%s", v, unit)
}

func seconds(v float64) string {
	switch a := math.Abs(v); {
	case a < 1:
		return fmt.Sprintf("%.3g ms", v*1000)
	case a < 120:
		return fmt.Sprintf("%.3g s", v)
	case a < 7200:
		return fmt.Sprintf("%.3g min", v/60)
	case a < 48*3600:
		return fmt.Sprintf("%.3g hours", v/3600)
	}
	return fmt.Sprintf("%.3g days", v/86400)
}
