package desired

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/templates"
)

// Replace returns the stack in which a host runs another component in the place of one. Settings of the inventory that both
// have, a data folder among them, go over, and so does the port; those of the other one, where the inventory gives some, come
// before them. Where the other one is there already, it serves the metrics of the one, which goes.
func (s *Stack) Replace(host string, from, to *templates.Component) (*Stack, error) {
	changed := s.clone()
	at := func(name string) int {
		return slices.IndexFunc(changed.Instances, func(i Instance) bool { return i.Host.Name == host && i.Component.Name == name })
	}
	n, there := at(from.Name), at(to.Name)
	switch {
	case n < 0:
		return nil, fmt.Errorf("%s: does not run %s", host, from.Name)
	case there >= 0 && !to.ServesFor(from.Name):
		return nil, fault.Refuse(fmt.Errorf("%s: runs %s already, beside %s", host, to.Name, from.Name), "Take one of them out of %s first.", s.Inventory.Name)
	case there >= 0:
		i := &changed.Instances[there]
		if len(i.InPlaceOf) > 0 { // else the inventory names it, and it is there in its own right
			i.InPlaceOf = append(slices.Clone(i.InPlaceOf), from.Name)
		}
		changed.Instances = slices.Delete(changed.Instances, n, n+1)
		return changed, nil
	}
	set, err := settings(s.Inventory, s.shared(from, to), to)
	if err != nil {
		return nil, err
	}
	if own, _ := componentOf(s.Inventory, to.Name); own.Settings["port"].Value == nil {
		set["port"] = changed.Instances[n].Port
	}
	i := instance(to, changed.Instances[n].Host, set)
	i.InPlaceOf = []string{from.Name}
	changed.Instances[n] = i
	errs := slices.Concat(changed.ports(), changed.folders(), changed.unreachable())
	if err := errors.Join(errs...); err != nil {
		return nil, fault.Misuse(fmt.Errorf("%s in the place of %s: %w", to.Name, from.Name, err), "")
	}
	return changed, nil
}

// NotShared names the settings of the inventory that only one component has: the other one does without them.
func (s *Stack) NotShared(from, to *templates.Component) []string {
	given, _ := componentOf(s.Inventory, from.Name)
	var names []string
	for _, name := range slices.Sorted(maps.Keys(given.Settings)) {
		if _, known := to.SettingNamed(name); !known || name == "args" {
			names = append(names, name)
		}
	}
	return names
}

// shared is what the inventory gives a component that takes the place of another. The words of a command line are its own.
func (s *Stack) shared(from, to *templates.Component) inventory.Component {
	theirs, _ := componentOf(s.Inventory, from.Name)
	own, _ := componentOf(s.Inventory, to.Name)
	own.Settings = maps.Clone(own.Settings)
	if own.Settings == nil {
		own.Settings = map[string]inventory.Setting{}
	}
	for name, value := range theirs.Settings {
		_, known := to.SettingNamed(name)
		if _, given := own.Settings[name]; known && !given && name != "args" && name != "port" {
			own.Settings[name] = value
		}
	}
	return own
}
