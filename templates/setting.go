package templates

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Setting is one key that the inventory may give a component.
type Setting struct {
	Name     string    `yaml:"name"`
	Type     string    `yaml:"type"` // one of SettingTypes
	Default  any       `yaml:"default,omitempty"`
	Choices  []string  `yaml:"choices,omitempty"`
	Required bool      `yaml:"required,omitempty"` // inside its group
	Settings []Setting `yaml:"settings,omitempty"` // of a group
	About    string    `yaml:"about"`
}

// SettingTypes lists the types a setting can have. A duration is Prometheus' ("15d"), a size is with its unit ("10GB"),
// a listen is an IP address to bind, a name has letters, digits and . _ @ + - only, a group has settings of its own.
func SettingTypes() []string {
	return []string{"string", "bool", "int", "duration", "size", "listen", "name", "path", "url", "words", "labels", "secret", "group"}
}

// SettingNamed finds a setting by its key; a key inside a group is "slack.channel".
func (c *Component) SettingNamed(name string) (Setting, bool) {
	list := c.Settings
	for {
		first, rest, inner := strings.Cut(name, ".")
		i := slices.IndexFunc(list, func(s Setting) bool { return s.Name == first })
		switch {
		case i < 0:
			return Setting{}, false
		case !inner:
			return list[i], true
		}
		list, name = list[i].Settings, rest
	}
}

// commonSettings are understood by every component that runs.
func commonSettings(c *Component) []Setting {
	if !c.Runs() {
		return nil
	}
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

func (c *Component) validateSettings() error {
	taken := []string{"version", "hosts"} // keys that the inventory itself understands
	for _, s := range commonSettings(c) {
		taken = append(taken, s.Name)
	}
	if err := settingsAt("$.settings", c.Settings, taken); err != nil {
		return err
	}
	for n, name := range c.Ports {
		if s, ok := c.SettingNamed(name); !ok || s.Type != "int" {
			return wrong(fmt.Sprintf("$.ports[%d]", n), "ports: setting %q is not a number", name)
		}
	}
	return c.validateSecrets()
}

func settingsAt(path string, list []Setting, taken []string) error {
	for n, s := range list {
		at := fmt.Sprintf("%s[%d]", path, n)
		if slices.Contains(taken, s.Name) || s.Name == "" {
			return wrong(at+".name", "setting %q is there already", s.Name)
		}
		taken = append(taken, s.Name)
		if !slices.Contains(SettingTypes(), s.Type) {
			return wrong(at+".type", "setting %s: type %q is none of %s", s.Name, s.Type, strings.Join(SettingTypes(), ", "))
		}
		if (s.Type == "group") != (len(s.Settings) > 0) {
			return wrong(at+".type", "setting %s: settings belong to type group, and a group has some", s.Name)
		}
		if err := settingsAt(at+".settings", s.Settings, nil); err != nil {
			return err
		}
	}
	return nil
}

func (c *Component) validateSecrets() error {
	for n, s := range c.Secrets {
		at := fmt.Sprintf("$.secrets[%d]", n)
		if setting, ok := c.SettingNamed(s.Setting); !ok || setting.Type != "secret" {
			return wrong(at+".setting", "secret %s: setting %q is not a secret setting", s.Name, s.Setting)
		}
		if !fs.ValidPath(s.Name) || strings.Contains(s.Name, "/") || s.Name == "." {
			return wrong(at+".name", "secret %q: want a plain file name", s.Name)
		}
		if s.Generate != "" && s.Generate != "always" && !c.knows(s.Generate) {
			return wrong(at+".generate", "secret %s: generate %q is neither always nor a setting", s.Name, s.Generate)
		}
	}
	return nil
}

func (c *Component) knows(setting string) bool {
	_, ok := c.SettingNamed(setting)
	return ok
}
