package desired

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/monctl/monctl/templates"
)

// notForData are the top-level folders that belong to the system, or that the hardened units cannot see as the host
// does: ProtectHome, PrivateTmp, PrivateDevices, ProtectSystem (systemd.exec(5)).
var notForData = []string{
	"bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "proc", "root", "run", "sbin", "sys", "tmp", "usr",
}

// checkPath accepts plain absolute paths. A data folder is given to the component's user, so it must not be one that
// others use.
func checkPath(setting, text string) error {
	if !plainPath.MatchString(text) || path.Clean(text) != text {
		return fmt.Errorf("%q is not a plain absolute path", text)
	}
	if setting != "data_dir" {
		return nil
	}
	parts := strings.Split(text[1:], "/")
	switch {
	case len(parts) < 2:
		return fmt.Errorf("%q is a top-level folder: name one below it", text)
	case slices.Contains(notForData, parts[0]) || parts[0] == "var" && parts[1] == "tmp":
		return fmt.Errorf("%q: no data below /%s: the unit cannot write there", text, parts[0])
	case parts[0] == "var" && len(parts) == 2:
		return fmt.Errorf("%q is a folder of the system: name one below it", text)
	case below(text, templates.ReleaseRoot) || below(text, templates.StateRoot) || text == templates.DataRoot:
		return fmt.Errorf("%q is monctl's own", text)
	}
	return nil
}

// below says whether a path is in a folder or is the folder.
func below(name, folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }

// folders reports two instances of one host whose data would be mixed.
func (s *Stack) folders() []error {
	var errs []error
	for n, a := range s.Instances {
		for _, b := range s.Instances[n+1:] {
			if a.Host.Name == b.Host.Name && a.Data != "" && b.Data != "" && (below(a.Data, b.Data) || below(b.Data, a.Data)) {
				errs = append(errs, s.Inventory.ErrorAt(a.Host.Pos, "host %s: the data folders of %s (%s) and %s (%s) are one in the other",
					a.Host.Name, a.Component.Name, a.Data, b.Component.Name, b.Data))
			}
		}
	}
	return errs
}

// labels reports labels of hosts that would make a target another one, or the same as another.
func (s *Stack) labels() []error {
	var errs []error
	named := map[string]string{}
	for _, h := range s.Inventory.Hosts {
		for _, name := range slices.Sorted(maps.Keys(h.Labels)) {
			if name == "job" || strings.HasPrefix(name, "__") {
				errs = append(errs, s.Inventory.ErrorAt(h.Pos, "host %s: label %s is Prometheus' own: choose another name", h.Name, name))
			}
		}
		instance := cmp.Or(h.Labels["instance"], h.Name)
		if other, taken := named[instance]; taken {
			errs = append(errs, s.Inventory.ErrorAt(h.Pos, "hosts %s and %s have the same label instance %q", other, h.Name, instance))
		}
		named[instance] = h.Name
	}
	return errs
}
