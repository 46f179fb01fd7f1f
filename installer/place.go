package installer

import (
	"slices"

	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/templates"
)

// Instead is a component that a host runs in the place of the one that the inventory names.
type Instead struct {
	Host, Component, With string
	Why                   error    // why the release of Component cannot be had; nil when With was there before, or is asked for
	Without               []string // settings of Component that With does not have
}

// InPlace returns the stack as it is on a host by the host's own manifests: what was put in another's place stays there until
// somebody says otherwise, or the inventory names it itself.
func InPlace(s *desired.Stack, host string, manifests []desired.Manifest) (*desired.Stack, []Instead, error) {
	var list []Instead
	named := s.On(host)
	has := func(name string) bool {
		return slices.ContainsFunc(named, func(i desired.Instance) bool { return i.Component.Name == name })
	}
	for _, m := range manifests {
		with := s.Catalog[m.Component]
		for _, name := range m.InPlaceOf {
			if with == nil || !has(name) || has(m.Component) {
				continue
			}
			replaced, instead, err := put(s, host, s.Catalog[name], with, nil)
			if err != nil {
				return s, nil, err
			}
			s, list = replaced, append(list, *instead)
		}
	}
	return s, list, nil
}

// put replaces a component of a host.
func put(s *desired.Stack, host string, component, with *templates.Component, why error) (*desired.Stack, *Instead, error) {
	replaced, err := s.Replace(host, component, with)
	if err != nil {
		return s, nil, err
	}
	return replaced, &Instead{Host: host, Component: component.Name, With: with.Name, Why: why, Without: s.NotShared(component, with)}, nil
}

// place puts what belongs there on every host, before releases are chosen.
func (r *Run) place() error {
	for _, h := range r.alive() {
		place := func() (*desired.Stack, []Instead, error) { return InPlace(r.Stack, h.Name, h.manifests) }
		if with := r.o.Put[h.Name]; with != "" {
			place = func() (*desired.Stack, []Instead, error) { return asked(r.Stack, h.Name, with) }
		}
		stack, instead, err := place()
		if err != nil {
			return err
		}
		r.Stack, r.Instead = stack, append(r.Instead, instead...)
	}
	return nil
}

// asked puts what the caller asks for in the place of what it can take the place of. Nothing is to do where the inventory says so.
func asked(s *desired.Stack, host, with string) (*desired.Stack, []Instead, error) {
	on := s.On(host)
	if slices.ContainsFunc(on, func(i desired.Instance) bool { return i.Component.Name == with }) {
		return s, nil, nil
	}
	for _, i := range on {
		if with := s.Catalog[with]; i.Component.Like != with.Name && with.Like != i.Component.Name && !with.ServesFor(i.Component.Name) {
			continue
		}
		replaced, instead, err := put(s, host, i.Component, s.Catalog[with], nil)
		if err != nil {
			return s, nil, err
		}
		return replaced, []Instead{*instead}, nil
	}
	return s, nil, nil
}
