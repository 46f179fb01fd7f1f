package ui

import (
	"html/template"
	"io"
	"strings"

	"github.com/monctl/monctl/doctor"
)

// doctorPage is the report as one self-contained page. Pictures belong above the findings.
var doctorPage = template.Must(template.New("doctor").Funcs(template.FuncMap{"evidence": evidence}).Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>monctl doctor</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}pre{overflow:auto}
.fail{color:#b00020}.warn{color:#8a5a00}.unknown{color:#005f87}.note{color:#555}article{margin:1rem 0}small{color:#666}</style>
<h1>monctl doctor</h1><p>{{.Fleet.Taken.Format "2006-01-02 15:04:05 UTC"}}, {{len .Fleet.Hosts}} hosts{{with .Fleet.Truth.Source}}; true time: {{.}}{{end}}</p>
{{with .Clocks}}<h2>Clocks</h2><pre>{{.}}</pre>{{end}}
<h2>Findings</h2>{{range .Causes}}<article><b class="{{.Finding.Level}}">{{.Finding.Level}}</b> <b>{{.Finding.Host}} {{.Finding.Component}}</b> {{.Finding.Title}} <small>{{.Finding.Check}}</small>
<ul>{{range .Finding.Evidence}}<li>{{.What}}: {{evidence .}}</li>{{end}}</ul>{{.Finding.Cause}}{{with .Finding.Fix}}<pre>{{.}}</pre>{{end}}
{{with .Consequences}}<p>And because of it:</p><ul>{{range .}}<li>{{.Host}} {{.Component}} {{.Title}} <small>{{.Check}}</small></li>{{end}}</ul>{{end}}</article>
{{else}}<p>All is well.</p>{{end}}
{{with .Fleet.Lost}}<h2>Not examined</h2><ul>{{range .}}<li>{{.Why}}</li>{{end}}</ul>{{end}}</html>
`))

type pageCause struct {
	Finding      doctor.Finding
	Consequences []doctor.Finding
}

// DoctorHTML writes the report as one page.
func DoctorHTML(w io.Writer, f doctor.Fleet, r doctor.Report, _ []doctor.Check) error {
	page := struct {
		Fleet  doctor.Fleet
		Clocks string
		Causes []pageCause
	}{Fleet: f, Clocks: strings.Join(clockChart(f, 110), "\n")}
	for _, c := range r.Causes() {
		page.Causes = append(page.Causes, pageCause{c, r.Consequences(c)})
	}
	return doctorPage.Execute(w, page)
}
