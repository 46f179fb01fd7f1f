package installer

import (
	"context"
	"fmt"
	"slices"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/desired"
)

// Secret is a secret of a component on a host, read from there.
type Secret struct {
	Host, Component string
	Name            string // "admin_password"
	User            string // the account it belongs to
	Value           string
}

// Secrets reads the secrets of one component from its hosts.
func Secrets(ctx context.Context, o Options, component string) ([]Secret, error) {
	c, known := o.Stack.Catalog[component]
	instances := o.Stack.Of(component)
	switch {
	case !known || len(instances) == 0:
		return nil, fault.Misuse(fmt.Errorf("no host runs %s", component), "See monctl status for what runs where.")
	case len(c.Secrets) == 0:
		return nil, fault.Misuse(fmt.Errorf("%s has no secrets", component), "")
	}
	found := make([][]Secret, len(instances))
	errs := fleet.Each(ctx, o.Parallel, instances, func(ctx context.Context, i desired.Instance) (err error) {
		n := slices.IndexFunc(instances, func(other desired.Instance) bool { return other.Host.Name == i.Host.Name })
		found[n], err = secretsOn(ctx, o, i)
		return err
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return slices.Concat(found...), nil
}

func secretsOn(ctx context.Context, o Options, i desired.Instance) ([]Secret, error) {
	conn, err := o.dial(ctx, i.Host.Host)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var list []Secret
	for _, s := range i.Component.Secrets {
		if !i.Has(s) {
			continue
		}
		value, err := readSecret(ctx, conn, i.SecretPath(s.Name))
		if err != nil {
			return nil, fault.With(fmt.Errorf("%s: %w", i.Host.Name, err), "%s is not installed there yet, it seems: monctl status.", i.Component.Title)
		}
		user, err := o.Stack.Render(i, s.User)
		if err != nil {
			return nil, err
		}
		list = append(list, Secret{Host: i.Host.Name, Component: i.Component.Name, Name: s.Name, User: user, Value: desired.SecretIn(s, value)})
	}
	return list, nil
}
