// Package templates is the catalogue: one folder per component with what it is (component.yaml), its pinned releases
// (releases.tsv), configuration templates, alert rules and dashboards. A new component is a new folder and no code.
// The package reads and validates; it knows nothing of hosts and renders nothing.
package templates

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sort"
)

// Where things are on a host.
const (
	ReleaseRoot = "/opt/monctl"         // /opt/monctl/COMPONENT/VERSION, and a link "current"
	ConfigRoot  = "/etc/monctl"         // /etc/monctl/COMPONENT
	DataRoot    = "/var/lib/monctl"     // /var/lib/monctl/COMPONENT
	UnitRoot    = "/etc/systemd/system" // monctl-COMPONENT.service
	StateRoot   = DataRoot + "/.host"   // journal and manifests, for root only
)

//go:embed apps.yaml *.tmpl */component.yaml */releases.tsv */*.tmpl */dashboards/*.json */rules/*.yml */logrules/*.yml */files/*
var embedded embed.FS

// Catalog is every known component by name.
type Catalog map[string]*Component

// Load reads the built-in catalogue and then the operator's own folder; own may be "". A folder there with a
// component.yaml is a component beside or in place of a built-in one; one with only a releases.tsv has other pins
// for a built-in component, as a mirror with rebuilt archives needs them.
func Load(own string) (Catalog, error) {
	catalog := Catalog{}
	if err := catalog.add(embedded, "templates"); err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	if own == "" {
		return catalog, catalog.share()
	}
	if _, err := os.Stat(own); err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	if err := catalog.add(os.DirFS(own), own); err != nil {
		return nil, fmt.Errorf("catalogue %s: %w", own, err)
	}
	return catalog, catalog.share()
}

// share gives every component that is like another one what it takes from there, and looks whether all is there.
func (c Catalog) share() error {
	for _, name := range c.Names() {
		one := c[name]
		for _, s := range one.Serves {
			if c[s.Component] == nil {
				return fmt.Errorf("component %s: serves: there is no component %q", name, s.Component)
			}
		}
		if one.Like == "" {
			continue
		}
		if one.base = c[one.Like]; one.base == nil || one.base.Like != "" {
			return fmt.Errorf("component %s: like: there is no component %q of its own kind", name, one.Like)
		}
		for _, f := range one.Files {
			if _, err := one.Template(f.Template); err != nil {
				return fmt.Errorf("component %s: file %s: %w", name, f.Path, err)
			}
		}
	}
	return nil
}

// InPlaceOf finds the component that can take another one's place, whole or as far as others ask it for metrics, and that
// nobody has to publish; nil when there is none.
func (c Catalog) InPlaceOf(name string) *Component {
	for _, other := range c.Names() {
		if c[other].Release.Source == Self && (c[other].Like == name || c[other].ServesFor(name)) {
			return c[other]
		}
	}
	return nil
}

func (c Catalog) add(root fs.FS, place string) error {
	entries, err := fs.ReadDir(root, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if err := c.addFolder(root, e.Name(), place+"/"+e.Name()); err != nil {
			return err
		}
	}
	return nil
}

func (c Catalog) addFolder(root fs.FS, name, place string) error {
	folder, err := fs.Sub(root, name)
	if err != nil {
		return err
	}
	if _, err := fs.Stat(folder, "component.yaml"); err == nil {
		c[name], err = read(folder, name, place)
		return err
	}
	pins, err := fs.ReadFile(folder, "releases.tsv")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	known := c[name]
	if known == nil {
		return fmt.Errorf("component %s: neither built in nor described by a component.yaml", name)
	}
	repinned := *known
	repinned.Pins, err = ParsePins(name+"/releases.tsv", pins)
	c[name] = &repinned
	return err
}

// Names lists the components in alphabetical order.
func (c Catalog) Names() []string {
	names := make([]string, 0, len(c))
	for name := range c {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// UnitTemplate is the source of the systemd unit that all components share.
func UnitTemplate() (string, error) {
	b, err := embedded.ReadFile("unit.service.tmpl")
	return string(b), err
}
