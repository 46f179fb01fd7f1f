package inventory

import "slices"

func (b *builder) componentName(path string, c text, before []string) bool {
	switch {
	case c.Value == "":
		return false // reported already
	case !nameRE.MatchString(c.Value):
		b.fail(c.pos, path, "component %q: want %s", c.Value, nameRule)
	case slices.Contains(before, c.Value):
		b.fail(c.pos, path, "component %q is listed twice", c.Value)
	default:
		return true
	}
	return false
}

func (b *builder) components() {
	for _, it := range b.doc.Components {
		if !nameRE.MatchString(it.name) {
			b.fail(it.pos, "components", "name %q: want %s", it.name, nameRule)
		}
		e := it.value
		b.inv.Components = append(b.inv.Components, Component{
			Name: it.name, Version: e.Version.Value, Settings: e.settings, Pos: it.pos, VersionPos: e.Version.pos,
			Hosts: b.hostNames(under("components", it.name)+".hosts", e.Hosts),
		})
	}
	for _, h := range b.inv.Hosts {
		for i, name := range h.Components {
			if !b.inv.has(name) {
				b.inv.Components = append(b.inv.Components, Component{Name: name, Pos: h.ComponentPos[i]})
			}
		}
	}
}

func (b *builder) hostNames(path string, names texts) []string {
	var all, out []string
	for _, it := range b.doc.Hosts {
		all = append(all, it.name)
	}
	for _, t := range names {
		switch {
		case t.Value == "":
		case t.Value == "all":
			out = append(out, all...)
		case !slices.Contains(all, t.Value):
			b.fail(t.pos, path, "there is no host %q%s", t.Value, b.suggest(t.Value, all))
		case slices.Contains(out, t.Value):
			b.fail(t.pos, path, "host %q is listed twice", t.Value)
		default:
			out = append(out, t.Value)
		}
	}
	if slices.Contains(names.values(), "all") {
		if len(names) > 1 {
			b.fail(names[0].pos, path, "`all` is every host: leave out the others")
		}
		return all
	}
	return out
}
