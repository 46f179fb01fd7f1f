// Package templates is the catalogue: one folder per component with what it is (component.yaml), its pinned releases
// (releases.tsv), configuration templates, alert rules and dashboards. A new component is a new folder and no code.
// The package reads and validates; it knows nothing of hosts and renders nothing.
package templates

import (
	"embed"
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

//go:embed *.tmpl */component.yaml */releases.tsv */*.tmpl */dashboards/*.json
var embedded embed.FS

// Catalog is every known component by name.
type Catalog map[string]*Component

// Load reads the built-in catalogue and then the operator's own folder, whose components come beside or in place of
// the built-in ones; own may be "".
func Load(own string) (Catalog, error) {
	catalog := Catalog{}
	if err := catalog.add(embedded); err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	if own == "" {
		return catalog, nil
	}
	if err := catalog.add(os.DirFS(own)); err != nil {
		return nil, fmt.Errorf("catalogue %s: %w", own, err)
	}
	return catalog, nil
}

func (c Catalog) add(root fs.FS) error {
	found, err := fs.Glob(root, "*/component.yaml")
	if err != nil {
		return err
	}
	for _, file := range found {
		name := file[:len(file)-len("/component.yaml")]
		folder, err := fs.Sub(root, name)
		if err != nil {
			return err
		}
		component, err := read(folder, name)
		if err != nil {
			return err
		}
		c[name] = component
	}
	return nil
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
