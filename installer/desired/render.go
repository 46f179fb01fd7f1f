package desired

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"text/template"

	"github.com/monctl/monctl/fleet"
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
	"hasPrefix": strings.HasPrefix,
	"shell":     fleet.Quote,
	"indent":    func(n int, s string) string { return strings.ReplaceAll(s, "\n", "\n"+strings.Repeat(" ", n)) },
	// hostOf and portOf take "host:port" apart; a port may be left out.
	"hostOf":     func(s string) string { host, _ := splitPort(s); return host },
	"portOf":     func(s, otherwise string) string { _, port := splitPort(s); return cmp.Or(port, otherwise) },
	"identifier": identifier,
	"merge":      merge,
	"levelWords": func() string { return levelWords },
	"levelName":  func() string { return levelName },
	"timeWords":  func() string { return timeWords },
	"timeForms":  func() []string { return timeForms },
	// dict makes the argument of a nested template: names and values in turn.
	"dict": dict,
}

// levelWords finds the level of a log line (RE2): the first of these words, as a word of its own.
const levelWords = `\b(?P<level>TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|SEVERE|FATAL|CRITICAL|trace|debug|info|notice|warn(?:ing)?|error|severe|fatal|critical)\b`

// levelName is the template of the log agents' template stage (text/template) that gives a level one name.
const levelName = `{{ $l := ToUpper .Value }}{{ if eq $l "WARNING" }}WARN{{ else if eq $l "NOTICE" }}INFO{{ else if or (eq $l "SEVERE") (eq $l "CRITICAL") }}ERROR{{ else }}{{ $l }}{{ end }}`

// timeWords finds the time of a log line (RE2): ISO 8601 with a zone, at its beginning or as "@timestamp" of a JSON object.
// That is what Spring Boot 3, its structured logging and Jira write. A time without a zone is left alone: which zone was
// meant only the program knows, and a wrong guess makes Loki refuse the line.
const timeWords = `(?:^|"@timestamp" ?: ?")(?P<time>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2}))`

// timeForms are its forms as layouts of Go's time.Parse, which takes fractions of a second with any of them.
var timeForms = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z0700"}

// identifier makes a name that a configuration language takes, and another one for another text: the place where a log
// was read to is filed under it.
func identifier(text string) string {
	var b strings.Builder
	b.WriteString("app_")
	for _, c := range []byte(text) {
		switch {
		case c == '_':
			b.WriteString("__")
		case c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return b.String()
}

// merge lays labels over others.
func merge(labels, over map[string]string) map[string]string {
	both := maps.Clone(labels)
	maps.Copy(both, over)
	return both
}

func splitPort(s string) (host, port string) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return strings.Trim(s, "[]"), ""
	}
	return host, port
}

func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for n := 0; n+1 < len(pairs); n += 2 {
		name, ok := pairs[n].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is not a name", pairs[n])
		}
		m[name] = pairs[n+1]
	}
	return m, nil
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
		text := source
		if !strings.HasPrefix(f.Template, "files/") {
			if text, err = render(f.Template, source, v); err != nil {
				return nil, err
			}
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		file := rootFile(i.Config()+"/"+f.Path, i.User(), i.open(0o640), []byte(text))
		file.Secret = f.Secret
		files = append(files, effectFile{file, f.Effect})
	}
	if s.Scrapes(i) {
		files = append(files, brought(i, "rules", "reload", s.rules())...)
	}
	switch i.Component.Name {
	case "loki": // reads the folder again every minute
		files = append(files, brought(i, "rules/fake", "none", s.logRules())...)
	case "grafana": // reads the folder again by itself
		boards, err := s.dashboards(i)
		if err != nil {
			return nil, err
		}
		files = append(files, brought(i, "dashboards", "none", boards)...)
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
	EnvironmentFiles []string
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
		if value != "" {
			u.Environment = append(u.Environment, unitWord(name+"="+value))
		}
	}
	for _, s := range i.Component.Secrets {
		if s.Env != "" && i.Has(s) {
			u.EnvironmentFiles = append(u.EnvironmentFiles, i.SecretPath(s.Name))
		}
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
