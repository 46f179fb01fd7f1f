package datadir

import "context"

// look fills an inspection with what is seen.
func look(_ context.Context, d Dir, _ InspectOptions, i *Inspection) error {
	if err := d.check(); err != nil {
		return err
	}
	ops, err := operations(d)
	i.Aside = ops
	for n := range ops {
		if ops[n].State.open() {
			i.Open = &ops[n]
		}
	}
	return err
}
