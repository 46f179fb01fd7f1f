package desired

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer/dashboard"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/templates"
)

// Stack is every instance of an inventory: who runs what, with judged settings. Archs and releases are not in it yet,
// because they need the hosts' facts.
type Stack struct {
	Inventory *inventory.Inventory
	Catalog   templates.Catalog
	Instances []Instance // by component, then by host, both in file order
	Apps      []App      // in file order

	project []*dashboard.Dashboard // those of the project's folder
	rotate  string                 // component whose generated secrets are made anew
}

// StackOf judges component names, settings and addresses of an inventory. All faults are reported together.
func StackOf(inv *inventory.Inventory, catalog templates.Catalog) (*Stack, error) {
	s := &Stack{Inventory: inv, Catalog: catalog}
	var errs []error
	for _, a := range inv.Assignments() {
		c, known := catalog[a.Component]
		if !known {
			errs = append(errs, unknownComponent(inv, a.Component, catalog))
			continue
		}
		given, _ := componentOf(inv, a.Component)
		if err := ruleFaults(c); err != nil {
			errs = append(errs, err)
		}
		set, err := settings(inv, given, c)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, name := range a.Hosts {
			host, _ := inv.Host(name)
			s.Instances = append(s.Instances, instance(c, host, set))
		}
	}
	errs = append(errs, s.addApps()...)
	errs = append(errs, s.ports()...)
	errs = append(errs, s.folders()...)
	errs = append(errs, s.labels()...)
	errs = append(errs, s.unreachable()...)
	if len(s.Instances) == 0 && len(errs) == 0 {
		errs = append(errs, inv.ErrorAt(inventory.Pos{}, "no host runs any component"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fault.Misuse(err, "")
	}
	return s, nil
}

func instance(c *templates.Component, host inventory.Host, set map[string]any) Instance {
	i := Instance{Component: c, Host: host, Set: set}
	i.Port, _ = set["port"].(int)
	i.Bind, _ = set["listen"].(string)
	i.Data, _ = set["data_dir"].(string)
	return i
}

func componentOf(inv *inventory.Inventory, name string) (inventory.Component, bool) {
	i := slices.IndexFunc(inv.Components, func(c inventory.Component) bool { return c.Name == name })
	if i < 0 {
		return inventory.Component{Name: name}, false
	}
	return inv.Components[i], true
}

// unknownComponent points at the place where the name stands, at the component or at a host.
func unknownComponent(inv *inventory.Inventory, name string, catalog templates.Catalog) error {
	pos := inventory.Pos{}
	if c, ok := componentOf(inv, name); ok {
		pos = c.Pos
	}
	for _, h := range inv.Hosts {
		if n := slices.Index(h.Components, name); n >= 0 && n < len(h.ComponentPos) && pos == (inventory.Pos{}) {
			pos = h.ComponentPos[n]
		}
	}
	return fault.Misuse(inv.ErrorAt(pos, "there is no component %q%s", name, inventory.Suggest(name, catalog.Names())), "monctl catalog lists them.")
}

// ports reports two instances of one host that would listen on the same port.
func (s *Stack) ports() []error {
	var errs []error
	taken := map[string]string{}
	for _, i := range s.Instances {
		for _, port := range i.Ports() {
			key := fmt.Sprintf("%s %d", i.Host.Name, port)
			if other := taken[key]; other != "" {
				errs = append(errs, s.Inventory.ErrorAt(i.Host.Pos, "host %s: %s and %s both listen on port %d", i.Host.Name, other, i.Component.Name, port))
			}
			taken[key] = i.Component.Name
		}
	}
	return errs
}

// On lists the instances of one host, those that others come after first. What scrapes leads: a Prometheus looks for targets
// five seconds after its start at the earliest, and that time is not spent waiting when the rest is installed meanwhile.
func (s *Stack) On(host string) []Instance {
	here := slices.DeleteFunc(slices.Clone(s.Instances), func(i Instance) bool { return i.Host.Name != host })
	slices.SortStableFunc(here, func(a, b Instance) int {
		return cmp.Compare(rank(a.Component), rank(b.Component))
	})
	var on []Instance
	listed := map[string]bool{}
	var list func(Instance)
	list = func(i Instance) {
		if listed[i.Component.Name] {
			return
		}
		listed[i.Component.Name] = true
		for _, before := range here {
			if slices.Contains(i.Component.After, before.Component.Name) {
				list(before)
			}
		}
		on = append(on, i)
	}
	for _, i := range here {
		list(i)
	}
	return on
}

func rank(c *templates.Component) int {
	if c.Scrapes {
		return 0
	}
	return 1
}

// Scrapes says whether an instance scrapes the stack. One that is only there for the metrics of its host scrapes that.
func (s *Stack) Scrapes(i Instance) bool {
	return i.Component.Scrapes && (len(i.InPlaceOf) == 0 || slices.ContainsFunc(i.InPlaceOf, func(name string) bool {
		return s.Catalog[name] != nil && s.Catalog[name].Scrapes
	}))
}

// ownHost says whether an instance could scrape the stack, and is only there for the metrics of its host.
func (s *Stack) ownHost(i Instance) bool { return i.Component.Scrapes && !s.Scrapes(i) }

// Scrapers lists the instances that scrape the stack: Prometheis, monitors.
func (s *Stack) Scrapers() []Instance {
	return slices.DeleteFunc(slices.Clone(s.Instances), func(i Instance) bool { return !s.Scrapes(i) })
}

// ScrapersOn lists those of one host.
func (s *Stack) ScrapersOn(host string) []Instance {
	return slices.DeleteFunc(s.Scrapers(), func(i Instance) bool { return i.Host.Name != host })
}

// Of lists the instances of one component in host order.
func (s *Stack) Of(component string) []Instance {
	var of []Instance
	for _, i := range s.Instances {
		if i.Component.Name == component {
			of = append(of, i)
		}
	}
	return of
}

// Archs lists the machines that a component's release is needed for, given the machine of each host.
func (s *Stack) Archs(component string, archOf map[string]templates.Arch) []templates.Arch {
	var archs []templates.Arch
	for _, i := range s.Of(component) {
		if arch := archOf[i.Host.Name]; arch != "" && !slices.Contains(archs, arch) {
			archs = append(archs, arch)
		}
	}
	slices.Sort(archs)
	return archs
}

// Components lists the components of the stack in file order.
func (s *Stack) Components() []*templates.Component {
	var list []*templates.Component
	for _, i := range s.Instances {
		if !slices.Contains(list, i.Component) {
			list = append(list, i.Component)
		}
	}
	return list
}

// bringing lists the components whose metrics, rules and dashboards there are: those of the stack, those that they are
// like, and those whose metrics they serve.
func (s *Stack) bringing() []*templates.Component {
	list := s.Components()
	add := func(name string) {
		if c := s.Catalog[name]; c != nil && !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	for _, i := range s.Instances {
		add(i.Component.Like)
		for _, served := range i.Component.Serves {
			if c := s.Catalog[served.Component]; c != nil && s.exposes(i, c) != "" {
				add(c.Name)
			}
		}
	}
	return list
}

// Version is what the inventory asks of a component: "", "latest", "lts" or an exact version.
func (s *Stack) Version(component string) string {
	c, _ := componentOf(s.Inventory, component)
	return c.Version
}

// With returns the stack with machines and releases filled in.
func (s *Stack) With(archOf map[string]templates.Arch, releases map[string]release.Release) *Stack {
	filled := s.clone()
	for n := range filled.Instances {
		i := &filled.Instances[n]
		i.Arch, i.Release = archOf[i.Host.Name], releases[i.Component.Name]
	}
	return filled
}

// Override returns the stack with some settings of some components replaced.
func (s *Stack) Override(of func(*templates.Component) bool, set map[string]any) *Stack {
	changed := s.clone()
	for n := range changed.Instances {
		if i := &changed.Instances[n]; of(i.Component) {
			i.Set = maps.Clone(i.Set)
			maps.Copy(i.Set, set)
		}
	}
	return changed
}

// Rotatable says why the secrets of a component cannot be made anew: nobody would tell the server of them.
func (s *Stack) Rotatable(component string) error {
	for _, i := range s.Of(component) {
		made := slices.ContainsFunc(i.Component.Secrets, func(secret templates.Secret) bool {
			return secret.Generate != "" && secret.Generate != "always" && i.Given(secret.Generate) && !i.Given(secret.Setting)
		})
		if !made {
			return fault.Misuse(fmt.Errorf("%s has no password that monctl made for an account", component),
				"Only accounts that create_user made, with a password that is not in the inventory, get new ones this way.")
		}
	}
	if len(s.Of(component)) == 0 {
		return fault.Misuse(fmt.Errorf("no host runs %s", component), "")
	}
	return nil
}

// Rotate returns the stack in which the generated secrets of a component are made anew.
func (s *Stack) Rotate(component string) *Stack {
	changed := s.clone()
	changed.rotate = component
	return changed
}

func (s *Stack) clone() *Stack {
	c := *s
	c.Instances = slices.Clone(s.Instances)
	return &c
}
