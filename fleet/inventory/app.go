package inventory

import (
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// App is a program of the person's own: what it exposes is scraped, what it logs is shipped.
type App struct {
	Name      string
	Kind      string   // what it is, for defaults: "" or a word that the installer knows
	Targets   []Target // where its metrics are
	Path      string   // metrics path; "" for the kind's
	Scheme    string   // "http" or "https"
	Params    []Param  // of the request for metrics
	Logs      []string // absolute paths, * for any part of a name, ** for any folders
	Hosts     []string // whose logs; those of Targets when it names none
	Dashboard string   // "" for the kind's
	Labels    map[string]string

	Pos, KindPos, DashboardPos Pos
	LogsPos                    []Pos
}

// Target is one address of an app as written: HOST:PORT, where HOST is a host of the inventory or an address.
type Target struct {
	Text, Host string
	Port       string
	Pos        Pos
}

// Param is one parameter of a URL.
type Param struct {
	Name, Value string
	Secret      bool // its value is a reference: it is shown nowhere
}

// appEntry is an app as it is written.
type appEntry struct {
	Name      text        `json:"name" jsonschema:"example=corea" jsonschema_description:"Its name: the label application of its metrics and app of its logs."`
	Kind      text        `json:"kind,omitempty" jsonschema:"example=spring-boot,example=jira" jsonschema_description:"What it is: gives metrics_path, how its log lines begin, and dashboard."`
	Targets   texts       `json:"targets,omitempty" jsonschema:"example=vm1:8080" jsonschema_description:"HOST:PORT of its metrics; HOST is a host of this file or an address."`
	Path      text        `json:"metrics_path,omitempty" jsonschema:"example=/actuator/prometheus,default=/metrics" jsonschema_description:"Path of its metrics."`
	Scheme    text        `json:"scheme,omitempty" jsonschema:"enum=http,enum=https,default=http" jsonschema_description:"How its metrics are asked for."`
	Params    named[text] `json:"params,omitempty" jsonschema_description:"Parameters of the request for metrics; a reference is kept secret."`
	Logs      texts       `json:"logs,omitempty" jsonschema:"example=/var/log/corea/*.log" jsonschema_description:"Its log files on the hosts of its targets; * and ** are understood."`
	Hosts     texts       `json:"hosts,omitempty" jsonschema_description:"Hosts whose log files are read, when they are not those of the targets."`
	Dashboard text        `json:"dashboard,omitempty" jsonschema:"example=spring-boot" jsonschema_description:"The dashboard to provision with it."`
	Labels    named[text] `json:"labels,omitempty" jsonschema_description:"More labels of its metrics and logs."`

	pos Pos
}

func (e *appEntry) decode(d *decoder, path string, n node) {
	e.pos = n.pos
	if d.want(path, n, "a mapping", mapping) {
		d.fields(path, n, e, nil)
	}
}

var (
	appName   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$`)
	paramName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	logPath   = regexp.MustCompile(`^/[A-Za-z0-9._/@+*?{},\[\]-]+$`)
)

func (b *builder) apps() {
	first := map[string]Pos{}
	for _, e := range b.doc.Apps {
		at := under("apps", e.Name.Value)
		switch name := e.Name; {
		case name.pos.Line == 0:
			b.fail(e.pos, "apps", "an app needs a name")
		case !appName.MatchString(name.Value):
			b.fail(name.pos, "apps", "name %q: want %s", name.Value, nameRule)
		case first[name.Value].Line > 0:
			b.fail(name.pos, "apps", "app %q is there already, in line %d", name.Value, first[name.Value].Line)
		default:
			first[name.Value] = name.pos
		}
		b.inv.Apps = append(b.inv.Apps, b.app(at, e))
	}
}

func (b *builder) app(at string, e appEntry) App {
	if len(e.Targets) == 0 && len(e.Logs) == 0 {
		b.fail(e.pos, at, "has neither targets nor logs: nothing would be watched")
	}
	b.oneOf(at+".scheme", e.Scheme, "http", "https")
	a := App{
		Name: e.Name.Value, Kind: e.Kind.Value, Path: e.Path.Value, Scheme: or(e.Scheme.Value, "http"), Dashboard: e.Dashboard.Value,
		Hosts: b.hostNames(at+".hosts", e.Hosts), Pos: e.pos, KindPos: e.Kind.pos, DashboardPos: e.Dashboard.pos,
	}
	if u, err := url.Parse(a.Path); a.Path != "" && (err != nil || u.Path != a.Path || !strings.HasPrefix(a.Path, "/")) {
		b.fail(e.Path.pos, at+".metrics_path", "want a path such as /metrics; parameters go to params")
	}
	a.Targets = b.targets(at, e.Targets)
	for n, l := range e.Logs {
		if l.Value != "" && (!logPath.MatchString(l.Value) || path.Clean(l.Value) != l.Value) {
			b.fail(l.pos, at+".logs", "%s is not an absolute path of log files, such as /var/log/app/*.log", l.shown)
		}
		if slices.Contains(a.Logs, l.Value) {
			b.fail(l.pos, at+".logs", "%s is listed twice", e.Logs[n].shown)
		}
		a.Logs, a.LogsPos = append(a.Logs, l.Value), append(a.LogsPos, l.pos)
	}
	for _, p := range e.Params {
		if !paramName.MatchString(p.name) {
			b.fail(p.pos, at+".params", "name %q: want letters, digits, dot, dash and underscore", p.name)
		}
		a.Params = append(a.Params, Param{Name: p.name, Value: p.value.Value, Secret: strings.HasPrefix(p.value.shown, "{")})
	}
	a.Labels = b.appLabels(at, e.Labels)
	return a
}

func (b *builder) targets(at string, list texts) []Target {
	var out []Target
	for _, t := range list {
		host, port, err := net.SplitHostPort(t.Value)
		switch {
		case t.Value == "": // reported already
			continue
		case err != nil || checkAddress(host) != nil || port == "" || strings.Trim(port, "0123456789") != "":
			b.fail(t.pos, at+".targets", "%s: want HOST:PORT, such as vm1:8080", t.shown)
			continue
		case slices.ContainsFunc(out, func(o Target) bool { return o.Text == t.Value }):
			b.fail(t.pos, at+".targets", "%s is listed twice", t.shown)
		}
		out = append(out, Target{Text: t.Value, Host: host, Port: port, Pos: t.pos})
	}
	return out
}

// reservedLabels are those that monctl gives to the metrics and logs of apps.
var reservedLabels = []string{"app", "application", "filename", "instance", "job", "level"}

func (b *builder) appLabels(at string, own named[text]) map[string]string {
	b.labelNames(at+".labels", own)
	labels := map[string]string{}
	for _, l := range own {
		if slices.Contains(reservedLabels, l.name) {
			b.fail(l.pos, at+".labels", "label %s is set by monctl: choose another name", l.name)
		}
		labels[l.name] = l.value.Value
	}
	return labels
}
