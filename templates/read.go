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

// read decodes one folder strictly. place is the folder for messages.
func read(folder fs.FS, name, place string) (*Component, error) {
	c := &Component{folder: folder, place: place}
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
	for _, brought := range []struct {
		to      *map[string][]byte
		pattern string
	}{{&c.Rules, "rules/*.yml"}, {&c.LogRules, "logrules/*.yml"}, {&c.Dashboards, "dashboards/*.json"}} {
		if *brought.to, err = readAll(folder, brought.pattern); err != nil {
			return nil, err
		}
	}
	return c, nil
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
var nameShape = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,24}$`)

// validate reports what a strict decoder cannot see.
func (c *Component) validate(folder string) error {
	switch {
	case c.Name != folder:
		return wrong("$.name", "name is %q, the folder's name is %q", c.Name, folder)
	case !nameShape.MatchString(c.Name):
		return wrong("$.name", "name: %q: want lower-case letters, digits, underscore and dash, at most 25", c.Name)
	case c.Title == "" || c.About == "" || c.License == "":
		return fmt.Errorf("title, about and license are needed")
	case c.Reload != "" && c.Reload != "hup":
		return wrong("$.reload", "reload: %q is neither hup nor empty", c.Reload)
	}
	if err := errors.Join(c.validateProgram(), c.validateSettings(), c.validateFiles(), c.validateScripts()); err != nil {
		return err
	}
	if err := c.Release.Validate(); err != nil {
		return &mistake{"$.release", err}
	}
	return nil
}

// validateProgram judges what only a program with a unit has.
func (c *Component) validateProgram() error {
	if !c.Runs() {
		if c.Port != 0 || c.Ready != "" || c.Metrics != "" || c.Data || c.Reload != "" || len(c.Env)+len(c.Secrets) > 0 {
			return errors.New("exec is missing: port, ready, metrics, data, reload, env and secrets belong to a program")
		}
		return nil
	}
	switch {
	case c.Port < 1 || c.Port > 65535:
		return wrong("$.port", "port: %d is not a TCP port", c.Port)
	case !strings.HasPrefix(c.Ready, "/"):
		return wrong("$.ready", "ready: %q is not a path", c.Ready)
	case c.Scrape != "":
		if _, err := c.Template(c.Scrape); err != nil {
			return wrong("$.scrape", "scrape: template: %w", errors.Unwrap(err))
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
		if _, err := c.Template(f.Template); err != nil && c.Like == "" {
			return wrong(at+".template", "file %s: template: %w", f.Path, errors.Unwrap(err))
		}
	}
	return nil
}

func (c *Component) validateScripts() error {
	for n, s := range c.Scripts {
		at := fmt.Sprintf("$.scripts[%d]", n)
		if !nameShape.MatchString(s.Name) {
			return wrong(at+".name", "script %q: want a plain word", s.Name)
		}
		if !c.knows(s.If) {
			return wrong(at+".if", "script %s: there is no setting %q", s.Name, s.If)
		}
		for _, name := range s.Env {
			if setting, ok := c.SettingNamed(name); !ok || setting.Type != "secret" {
				return wrong(at+".env", "script %s: setting %q is not a secret setting", s.Name, name)
			}
		}
		for _, file := range []string{s.Look, s.Run} {
			if _, err := c.Template(file); err != nil {
				return wrong(at+".name", "script %s: template: %w", s.Name, errors.Unwrap(err))
			}
		}
	}
	return nil
}
