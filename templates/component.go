package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
)

// Component is one folder of the catalogue: everything monctl knows of a program it installs, as data. Strings that
// reach a host (Exec, Env, file paths) are text/template sources over the installer's view of one instance.
type Component struct {
	Name    string `yaml:"name"`
	Title   string `yaml:"title"`
	About   string `yaml:"about"` // one clause, lower case
	License string `yaml:"license"`
	Docs    string `yaml:"docs"` // URL
	// Notes are said once by plan when the component is in it (an end of life, a licence duty).
	Notes   []string `yaml:"notes,omitempty"`
	Release Release  `yaml:"release"`

	Port     int       `yaml:"port,omitempty"` // default TCP port of its HTTP API or metrics
	Settings []Setting `yaml:"settings,omitempty"`
	Ports    []string  `yaml:"ports,omitempty"`  // settings that are TCP ports it listens on besides port
	Groups   []string  `yaml:"groups,omitempty"` // supplementary groups of its user, where the host has them
	Data     bool      `yaml:"data,omitempty"`   // it keeps data in a folder of its own

	// Exec is the command line, one word each; the first is below the release folder. Without one the component is files
	// alone (a Java agent, a library): no unit, no user, no port, and everybody on the host may read its configuration.
	Exec   []string          `yaml:"exec,omitempty"`
	Env    map[string]string `yaml:"env,omitempty"`    // of the process
	Reload string            `yaml:"reload,omitempty"` // "hup" when SIGHUP rereads its files; "" means restart
	Unit   UnitOptions       `yaml:"unit,omitempty"`

	Files   []File   `yaml:"files,omitempty"`
	Secrets []Secret `yaml:"secrets,omitempty"`
	Scripts []Script `yaml:"scripts,omitempty"`
	// Check is run by sh in a scratch copy of the configuration folder; $release is the new release's folder.
	Check string `yaml:"check,omitempty"`

	// Scrapes says that it scrapes the stack, stores the samples and answers PromQL: what it says of its targets is the proof.
	Scrapes bool `yaml:"scrapes,omitempty"`
	// Like names a component whose place it can take: the templates that its own folder lacks are those of that component,
	// and so are the rules and dashboards that it brings besides its own.
	Like string `yaml:"like,omitempty"`
	// Serves are metrics of other components that it exposes on its own port, on hosts that do not run those.
	Serves []Served `yaml:"serves,omitempty"`

	Ready   string `yaml:"ready,omitempty"`   // path that answers 200 when it is ready
	Metrics string `yaml:"metrics,omitempty"` // path Prometheus scrapes; "" when it is not scraped
	// HonorLabels keeps the labels job and instance of what it passes on for others, instead of renaming them to exported_job.
	HonorLabels bool `yaml:"honor_labels,omitempty"`
	// Scrape names a template that gives more scrape jobs of an instance, as a YAML list: what an exporter probes.
	Scrape string   `yaml:"scrape,omitempty"`
	After  []string `yaml:"after,omitempty"` // components that start before it on the same host

	Pins       Pins              `yaml:"-"` // releases.tsv
	Rules      map[string][]byte `yaml:"-"` // rules/*.yml, for Prometheus, by file name
	LogRules   map[string][]byte `yaml:"-"` // logrules/*.yml, for Loki's ruler, by file name
	Dashboards map[string][]byte `yaml:"-"` // dashboards/*.json, for Grafana, by file name
	folder     fs.FS
	base       *Component // the one that Like names
	place      string     // the folder, for messages
}

// UnitOptions are the parts of the systemd unit that differ between components; the rest is unit.service.tmpl.
type UnitOptions struct {
	Service      map[string]string `yaml:"service,omitempty"`      // [Service] directives, over the common ones
	Capabilities []string          `yaml:"capabilities,omitempty"` // kept and given to the process: CAP_NET_RAW
	Root         bool              `yaml:"root,omitempty"`         // it runs as root, because nothing less does its work
}

// File is one file below the configuration folder. A template that renders to nothing gives no file.
type File struct {
	Path string `yaml:"path"` // relative
	// Template is a file of the component's folder. What lies below files/ there is copied as it is: it is in a template
	// language of its own.
	Template string `yaml:"template"`
	Effect   string `yaml:"effect"` // what a change needs: "restart", "reload" or "none"
	Secret   bool   `yaml:"secret,omitempty"`
	If       string `yaml:"if,omitempty"` // written only when this setting, "slack" or "slack.channel", is given
}

// Secret is a value kept on the host in a 0600 file.
type Secret struct {
	Name    string `yaml:"name"`    // file name
	Setting string `yaml:"setting"` // the setting that gives it, "password" or "slack.webhook"
	User    string `yaml:"user"`    // the account it belongs to, for people
	// Generate makes one on the host that is then kept, when the setting is not given: "always", or the name of a setting
	// that must be given for it. Without it there is no file.
	Generate string `yaml:"generate,omitempty"`
	Env      string `yaml:"env,omitempty"` // environment variable of the process that holds it: the file is an EnvironmentFile
	URL      bool   `yaml:"url,omitempty"` // it is an http or https address
}

// Script is work on a host that is neither a file nor a unit: an account in a database.
type Script struct {
	Name  string `yaml:"name"`  // "account"
	About string `yaml:"about"` // for people, a template: "account {{ .Set.user }} in MySQL"
	If    string `yaml:"if"`    // the setting that asks for it
	Look  string `yaml:"look"`  // template of sh that ends with 0 when all is well, and else says why; it changes nothing
	Run   string `yaml:"run"`   // template of sh that makes it so; idempotent
	// Env gives Run secret settings as environment variables: name to setting. They travel in a file for root alone.
	Env map[string]string `yaml:"env,omitempty"`
}

// Served are metrics of a component at a path of another one's port.
type Served struct {
	Component string `yaml:"component"`
	Path      string `yaml:"path"`
}

// ServesFor says whether it exposes the metrics of another component.
func (c *Component) ServesFor(component string) bool {
	return slices.ContainsFunc(c.Serves, func(s Served) bool { return s.Component == component })
}

// Template returns the source of a template file of the component's folder, or of the one it is like.
func (c *Component) Template(name string) (string, error) {
	b, err := fs.ReadFile(c.folder, name)
	if errors.Is(err, fs.ErrNotExist) && c.base != nil {
		return c.base.Template(name)
	}
	if err != nil {
		return "", fmt.Errorf("component %s: %w", c.Name, err)
	}
	return string(b), nil
}

// Place names a file of the component's folder for people: "node_exporter/rules/node.yml".
func (c *Component) Place(file string) string { return c.place + "/" + file }

// Runs says whether it is a program with a unit, not files alone.
func (c *Component) Runs() bool { return len(c.Exec) > 0 }
