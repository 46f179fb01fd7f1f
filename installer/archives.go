package installer

import (
	"context"
	"fmt"
	"path"
	"sync"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/templates"
)

// archives brings each archive to this machine once, however many hosts wait for it.
type archives struct {
	run  *Run
	mu   sync.Mutex
	once map[string]func() (resource.Payload, error)
}

func (r *Run) archives() *archives {
	return &archives{run: r, once: map[string]func() (resource.Payload, error){}}
}

// of gives the archive for a release resource of a host. The first host to ask downloads; the download belongs to the
// run, so it ends with ctx.
func (a *archives) of(ctx context.Context, host string, res resource.Release) (resource.Payload, error) {
	component := path.Base(path.Dir(res.Dir))
	for _, i := range a.run.Stack.On(host) {
		if i.Component.Name != component {
			continue
		}
		file, _ := i.File()
		if a.run.Stack.Inventory.Fetch == inventory.FetchHost && i.Component.Release.Format == templates.TarGz && i.Component.Release.Source != templates.Self {
			return resource.Payload{URL: file.From, SHA256: file.SHA256}, nil
		}
		return a.fetch(ctx, component, i.Arch)()
	}
	return resource.Payload{}, fault.With(fmt.Errorf("no release is known for %s", res.Dir), "")
}

func (a *archives) fetch(ctx context.Context, component string, arch templates.Arch) func() (resource.Payload, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := component + " " + string(arch)
	if a.once[key] == nil {
		r := a.run
		chosen := r.Releases[component]
		a.once[key] = sync.OnceValues(func() (resource.Payload, error) {
			doing := fmt.Sprintf("download %s %s (%s)", component, chosen.Version, arch)
			r.o.report(Event{Doing: doing})
			return r.o.Releases.Fetch(ctx, r.Stack.Catalog[component], chosen, arch, func(done, total int64) {
				r.o.report(Event{Doing: doing, Done: done, Total: total})
			})
		})
	}
	return a.once[key]
}
