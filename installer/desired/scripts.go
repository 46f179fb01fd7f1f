package desired

import (
	"fmt"

	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/fleet/resource"
)

// scripts are the scripts of an instance that its settings ask for. A changed secret is a reason to run them.
func (s *Stack) scripts(i Instance, secrets []effectFile) ([]resource.Resource, error) {
	v := s.view(i)
	var list []resource.Resource
	for _, script := range i.Component.Scripts {
		if !i.Given(script.If) {
			continue
		}
		r := resource.Script{Name: i.Component.Name + " " + script.Name}
		for _, part := range []struct {
			to     *string
			source string
			file   bool
		}{{&r.About, script.About, false}, {&r.Look, script.Look, true}, {&r.Run, script.Run, true}} {
			source := part.source
			var err error
			if part.file {
				if source, err = i.Component.Template(part.source); err != nil {
					return nil, err
				}
			}
			if *part.to, err = render(part.source, source, v); err != nil {
				return nil, err
			}
		}
		for name, setting := range script.Env {
			given, ok := i.Value(setting).(inventory.Secret)
			if !ok {
				continue
			}
			value, err := oneLine(given)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", setting, err)
			}
			r.Env = append(r.Env, environmentLine(name, value)...)
		}
		for _, f := range secrets {
			r.After = append(r.After, f.Key())
		}
		list = append(list, r)
	}
	return list, nil
}
