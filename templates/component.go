package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
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

	Port     int       `yaml:"port"` // default TCP port of its HTTP API or metrics
	Settings []Setting `yaml:"settings,omitempty"`
	Groups   []string  `yaml:"groups,omitempty"` // supplementary groups of its user, where the host has them
	Data     bool      `yaml:"data,omitempty"`   // it keeps data in a folder of its own

	Exec   []string          `yaml:"exec"`             // command line, one word each; the first is below the release folder
	Env    map[string]string `yaml:"env,omitempty"`    // of the process
	Reload string            `yaml:"reload,omitempty"` // "hup" when SIGHUP rereads its files; "" means restart
	Unit   UnitOptions       `yaml:"unit,omitempty"`

	Files   []File   `yaml:"files,omitempty"`
	Secrets []Secret `yaml:"secrets,omitempty"`
	// Check is run by sh in a scratch copy of the configuration folder; $release is the new release's folder.
	Check string `yaml:"check,omitempty"`

	Ready   string   `yaml:"ready"`             // path that answers 200 when it is ready
	Metrics string   `yaml:"metrics,omitempty"` // path Prometheus scrapes; "" when it is not scraped
	After   []string `yaml:"after,omitempty"`   // components that start before it on the same host

	Pins       Pins              `yaml:"-"` // releases.tsv
	Rules      map[string][]byte `yaml:"-"` // rules/*.yml, for Prometheus, by file name
	Dashboards map[string][]byte `yaml:"-"` // dashboards/*.json, for Grafana, by file name
	folder     fs.FS
}

// Setting is one key that the inventory may give a component.
type Setting struct {
	Name    string   `yaml:"name"`
	Type    string   `yaml:"type"` // one of SettingTypes
	Default any      `yaml:"default,omitempty"`
	Choices []string `yaml:"choices,omitempty"`
	About   string   `yaml:"about"`
}

// SettingTypes lists the types a setting can have. A duration is Prometheus' ("15d"), a size is with its unit ("10GB"),
// a listen is an IP address to bind, a name has letters, digits and . _ @ + - only.
func SettingTypes() []string {
	return []string{"string", "bool", "int", "duration", "size", "listen", "name", "path", "url", "words", "labels", "secret"}
}

// UnitOptions are the parts of the systemd unit that differ between components; the rest is unit.service.tmpl.
type UnitOptions struct {
	Service      map[string]string `yaml:"service,omitempty"`      // [Service] directives, over the common ones
	Capabilities []string          `yaml:"capabilities,omitempty"` // kept and given to the process: CAP_NET_RAW
}

// File is one rendered file below the configuration folder.
type File struct {
	Path     string `yaml:"path"`     // relative
	Template string `yaml:"template"` // file of the component's folder
	Effect   string `yaml:"effect"`   // what a change needs: "restart", "reload" or "none"
	Secret   bool   `yaml:"secret,omitempty"`
}

// Secret is a value kept on the host in a 0600 file, made once and then kept.
type Secret struct {
	Name    string `yaml:"name"`    // file name
	Setting string `yaml:"setting"` // the setting that gives it; generated when that is not set
	User    string `yaml:"user"`    // the account it belongs to, for people
}

// SettingNamed finds a setting by its key.
func (c *Component) SettingNamed(name string) (Setting, bool) {
	i := slices.IndexFunc(c.Settings, func(s Setting) bool { return s.Name == name })
	if i < 0 {
		return Setting{}, false
	}
	return c.Settings[i], true
}

// Template returns the source of a template file of the component's folder.
func (c *Component) Template(name string) (string, error) {
	b, err := fs.ReadFile(c.folder, name)
	if err != nil {
		return "", fmt.Errorf("component %s: %w", c.Name, err)
	}
	return string(b), nil
}

// commonSettings are understood by every component.
func commonSettings(c *Component) []Setting {
	common := []Setting{
		{Name: "port", Type: "int", Default: c.Port, About: "TCP port it listens on"},
		{Name: "listen", Type: "listen", Default: "", About: "address it binds; empty for all"},
		{Name: "args", Type: "words", About: "more command line words, at the end"},
	}
	if c.Data {
		common = append(common, Setting{Name: "data_dir", Type: "path", Default: DataRoot + "/" + c.Name, About: "folder of its data"})
	}
	return common
}

// read decodes one folder strictly.
func read(folder fs.FS, name string) (*Component, error) {
	c := &Component{folder: folder}
	src, err := fs.ReadFile(folder, "component.yaml")
	if err != nil {
		return nil, fmt.Errorf("component %s: %w", name, err)
	}
	if err := yaml.UnmarshalWithOptions(src, c, yaml.Strict()); err != nil {
		return nil, placed(name+"/component.yaml", src, err)
	}
	if err := c.validate(name); err != nil {
		return nil, placed(name+"/component.yaml", src, err)
	}
	c.Settings = append(commonSettings(c), c.Settings...)
	pins, err := fs.ReadFile(folder, "releases.tsv")
	if err != nil {
		return nil, fmt.Errorf("component %s: %w", name, err)
	}
	if c.Pins, err = ParsePins(name+"/releases.tsv", pins); err != nil {
		return nil, fmt.Errorf("component %s: %w", name, err)
	}
	if c.Rules, err = readAll(folder, "rules/*.yml"); err != nil {
		return nil, err
	}
	c.Dashboards, err = readAll(folder, "dashboards/*.json")
	return c, err
}

func readAll(folder fs.FS, pattern string) (map[string][]byte, error) {
	names, err := fs.Glob(folder, pattern)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range names {
		b, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		files[name[strings.LastIndexByte(name, '/')+1:]] = b
	}
	return files, nil
}

// nameShape also bounds the length: "monctl-" and the name are a user name, and useradd(8) takes 32 letters.
var nameShape = regexp.MustCompile(`^[a-z][a-z0-9_]{0,24}$`)

// validate reports what a strict decoder cannot see.
func (c *Component) validate(folder string) error {
	switch {
	case c.Name != folder:
		return wrong("$.name", "name is %q, the folder's name is %q", c.Name, folder)
	case !nameShape.MatchString(c.Name):
		return wrong("$.name", "name: %q: want lower-case letters, digits and underscore, at most 25", c.Name)
	case c.Title == "" || c.About == "" || c.License == "":
		return fmt.Errorf("title, about and license are needed")
	case c.Port < 1 || c.Port > 65535:
		return wrong("$.port", "port: %d is not a TCP port", c.Port)
	case len(c.Exec) == 0:
		return wrong("$.exec", "exec is empty")
	case c.Reload != "" && c.Reload != "hup":
		return wrong("$.reload", "reload: %q is neither hup nor empty", c.Reload)
	case !strings.HasPrefix(c.Ready, "/"):
		return wrong("$.ready", "ready: %q is not a path", c.Ready)
	}
	if err := errors.Join(c.validateSettings(), c.validateFiles()); err != nil {
		return err
	}
	if err := c.Release.Validate(); err != nil {
		return &mistake{"$.release", err}
	}
	return nil
}

func (c *Component) validateSettings() error {
	taken := []string{"version", "hosts"} // keys that the inventory itself understands
	for _, s := range commonSettings(c) {
		taken = append(taken, s.Name)
	}
	for n, s := range c.Settings {
		at := fmt.Sprintf("$.settings[%d]", n)
		if slices.Contains(taken, s.Name) || s.Name == "" {
			return wrong(at+".name", "setting %q is there already", s.Name)
		}
		taken = append(taken, s.Name)
		if !slices.Contains(SettingTypes(), s.Type) {
			return wrong(at+".type", "setting %s: type %q is none of %s", s.Name, s.Type, strings.Join(SettingTypes(), ", "))
		}
	}
	for n, s := range c.Secrets {
		at := fmt.Sprintf("$.secrets[%d]", n)
		if setting, ok := c.SettingNamed(s.Setting); !ok || setting.Type != "secret" {
			return wrong(at+".setting", "secret %s: setting %q is not a secret setting", s.Name, s.Setting)
		}
		if !fs.ValidPath(s.Name) || strings.Contains(s.Name, "/") || s.Name == "." {
			return wrong(at+".name", "secret %q: want a plain file name", s.Name)
		}
	}
	return nil
}

func (c *Component) validateFiles() error {
	for n, f := range c.Files {
		at := fmt.Sprintf("$.files[%d]", n)
		if !fs.ValidPath(f.Path) || f.Path == "." {
			return wrong(at+".path", "file %q: want a path inside the configuration folder", f.Path)
		}
		if !slices.Contains([]string{"restart", "reload", "none"}, f.Effect) {
			return wrong(at+".effect", "file %s: effect %q is none of restart, reload, none", f.Path, f.Effect)
		}
		if f.Effect == "reload" && c.Reload == "" {
			return wrong(at+".effect", "file %s: effect is reload, but the component cannot reload", f.Path)
		}
		if _, err := c.Template(f.Template); err != nil {
			return wrong(at+".template", "file %s: template: %w", f.Path, errors.Unwrap(err))
		}
	}
	return nil
}
