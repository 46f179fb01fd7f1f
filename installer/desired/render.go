package desired

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/templates"
)

// functions are what templates may call besides text/template's own.
var functions = template.FuncMap{
	// quote writes a text as a double-quoted scalar, which JSON and YAML read alike.
	"quote": func(s string) (string, error) {
		b, err := json.Marshal(s)
		return string(b), err
	},
	// within says of a version whether it is at least the first one given and below the second.
	"within": func(version, least, below string) bool {
		return templates.CompareVersions(version, least) >= 0 && templates.CompareVersions(version, below) < 0
	},
}

func render(name, source string, data any) (string, error) {
	t, err := template.New(name).Funcs(functions).Option("missingkey=zero").Parse(source)
	if err != nil {
		return "", fmt.Errorf("template %s: %w", name, err)
	}
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", fmt.Errorf("template %s: %w", name, err)
	}
	return b.String(), nil
}

// files renders the configuration files of an instance, with the rules and dashboards that other components bring.
func (s *Stack) files(i Instance) ([]effectFile, error) {
	v := s.view(i)
	var files []effectFile
	for _, f := range i.Component.Files {
		source, err := i.Component.Template(f.Template)
		if err != nil {
			return nil, err
		}
		text, err := render(f.Template, source, v)
		if err != nil {
			return nil, err
		}
		file := rootFile(i.Config()+"/"+f.Path, i.User(), 0o640, []byte(text))
		file.Secret = f.Secret
		files = append(files, effectFile{file, f.Effect})
	}
	switch i.Component.Name {
	case "prometheus":
		files = append(files, brought(i, "rules", "reload", s.rules())...)
	case "grafana": // reads the folder again by itself
		files = append(files, brought(i, "dashboards", "none", s.dashboards())...)
	}
	return files, nil
}

func brought(i Instance, folder, effect string, content map[string][]byte) []effectFile {
	var files []effectFile
	for _, name := range slices.Sorted(maps.Keys(content)) {
		f := rootFile(i.Config()+"/"+folder+"/"+name, i.User(), 0o640, content[name])
		files = append(files, effectFile{f, effect})
	}
	return files
}

// unit is what unit.service.tmpl sees.
type unit struct {
	view
	After            []string
	ExecStart        string
	Reload           bool
	Environment      []string
	WorkingDirectory string
	Directives       []string
}

// unitFile renders the systemd unit of an instance.
func (i Instance) unitFile(s *Stack) (resource.File, error) {
	v := s.view(i)
	u := unit{view: v, Reload: i.Component.Reload != "", WorkingDirectory: i.Current(), Directives: directives(i)}
	if i.Data != "" {
		u.WorkingDirectory = i.Data
	}
	for _, c := range i.Component.After {
		u.After = append(u.After, UnitName(c))
	}
	exec, err := i.execStart(v)
	if err != nil {
		return resource.File{}, err
	}
	u.ExecStart = exec
	for _, name := range slices.Sorted(maps.Keys(i.Component.Env)) {
		value, err := render("env "+name, i.Component.Env[name], v)
		if err != nil {
			return resource.File{}, err
		}
		u.Environment = append(u.Environment, unitWord(name+"="+value))
	}
	source, err := templates.UnitTemplate()
	if err != nil {
		return resource.File{}, err
	}
	text, err := render("unit.service.tmpl", source, u)
	return rootFile(templates.UnitRoot+"/"+i.Unit(), "root", 0o644, []byte(text)), err
}

// execStart is the command line: words that render to nothing are left out, one word a line for people.
func (i Instance) execStart(v view) (string, error) {
	var line []string
	for n, source := range i.Component.Exec {
		word, err := render(fmt.Sprintf("exec word %d", n+1), source, v)
		if err != nil {
			return "", err
		}
		if n == 0 {
			word = i.Current() + "/" + word
		}
		if word != "" {
			line = append(line, execWord(word))
		}
	}
	more, _ := i.Set["args"].([]string)
	for _, word := range more {
		line = append(line, execWord(word))
	}
	return strings.Join(line, " \\\n  "), nil
}

// execWord quotes one word for ExecStart=, in which systemd replaces variables (systemd.service(5)).
func execWord(word string) string { return unitWord(strings.ReplaceAll(word, "$", "$$")) }

// unitWord quotes one word for Environment= and the like (systemd.syntax(7); systemd.unit(5) for %).
func unitWord(word string) string {
	word = strings.ReplaceAll(word, "%", "%%")
	if word != "" && !strings.ContainsAny(word, " \t\"'\\;#") { // a line that goes on and begins with # is a comment
		return word
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(word) + `"`
}

// Render fills a template text of a component for one of its instances.
func (s *Stack) Render(i Instance, source string) (string, error) {
	return render(i.Component.Name, source, s.view(i))
}
