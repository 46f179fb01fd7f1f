package installer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/installer/release/cache"
	"github.com/monctl/monctl/templates"
)

// fallBack looks whether the releases that monctl can take the place of can be had for the hosts that have none yet, and
// replaces them where not. A host that has an older release keeps it: what runs is never replaced unasked. What can neither be
// had nor replaced is the host's error.
func (r *Run) fallBack(ctx context.Context, archs map[string]templates.Arch) {
	list := r.wanted(archs)
	tries := &downloads{run: r, once: map[string]func() error{}}
	_ = fleet.Each(ctx, r.o.Parallel, list, func(ctx context.Context, w *wanted) error {
		w.otherwise, w.why = r.wanting(ctx, tries, w)
		return nil
	})
	if ctx.Err() != nil {
		return
	}
	for _, w := range list {
		h := w.host
		switch {
		case w.why == nil || h.Err != nil:
			continue
		case w.otherwise:
			h.Err = advised(fmt.Errorf("%s: %w", h.Name, w.why), h.Name+" reaches it: --fetch host.")
		default:
			h.Err = r.fallBackOn(ctx, *w)
		}
		if h.Err != nil {
			delete(archs, h.Name) // nothing is chosen for it
		}
	}
}

// wanted is a component that a host has no release of, and why there is none to be had.
type wanted struct {
	host      *Host
	component *templates.Component
	with      *templates.Component // what can take its place
	arch      templates.Arch
	why       error
	otherwise bool // it can be had in another way
}

// wanted are those of all hosts: what scrapes first, because a monitor in its place is its host's exporter, too.
func (r *Run) wanted(archs map[string]templates.Arch) []*wanted {
	var list []*wanted
	for _, c := range r.Stack.Components() {
		with := r.Stack.Catalog.InPlaceOf(c.Name)
		if with == nil {
			continue
		}
		for _, h := range r.lacking(c, archs) {
			list = append(list, &wanted{host: h, component: c, with: with, arch: archs[h.Name]})
		}
	}
	slices.SortStableFunc(list, func(a, b *wanted) int { return cmp.Compare(rank(a.component), rank(b.component)) })
	return list
}

func rank(c *templates.Component) int {
	if c.Scrapes {
		return 0
	}
	return 1
}

// lacking are the hosts of a component that have no release of it, and nothing in its place.
func (r *Run) lacking(c *templates.Component, archs map[string]templates.Arch) []*Host {
	return slices.DeleteFunc(r.alive(), func(h *Host) bool {
		wanted := slices.ContainsFunc(r.Stack.On(h.Name), func(i desired.Instance) bool { return i.Component == c })
		has := slices.ContainsFunc(h.manifests, func(m desired.Manifest) bool { return m.Component == c.Name })
		return !wanted || has || archs[h.Name] == ""
	})
}

// fallBackOn replaces a component of a host. A mistake in the inventory is left to the choice of releases, which says it once.
func (r *Run) fallBackOn(ctx context.Context, w wanted) error {
	h := w.host
	err := fmt.Errorf("%s: %w", h.Name, w.why)
	switch {
	case fault.KindOf(w.why) == fault.Usage && !errors.As(w.why, new(*release.NoBuildError)):
		return nil
	case r.o.Put[h.Name] == w.component.Name:
		return err
	}
	if r.o.Fallback != inventory.FallbackAsk && r.o.Fallback != inventory.FallbackAuto {
		return advised(err, "The bundled monitor can take its place: fallback: auto in monctl.yaml, or --fallback auto.")
	}
	if _, missing := r.o.Releases.Resolve(ctx, w.with, "", []templates.Arch{w.arch}); missing != nil {
		return errors.Join(err, fmt.Errorf("%s: nor can the bundled monitor take its place: %w", h.Name, missing))
	}
	replaced, instead, unfit := put(r.Stack, h.Name, w.component, w.with, w.why)
	if unfit != nil {
		return errors.Join(err, unfit)
	}
	r.Stack, r.Instead = replaced, append(r.Instead, *instead)
	return nil
}

// advised adds a sentence to the remedy of an error, whose kind stays.
func advised(err error, remedy string) error {
	return &fault.Error{Cause: unremedied{err}, Kind: fault.KindOf(err), Remedy: strings.TrimSpace(fault.Remedy(err) + " " + remedy)}
}

// unremedied is an error whose remedy is said elsewhere.
type unremedied struct{ error }

// wanting says why the release of a component cannot be had for a host; nil when it can. What this machine downloads is kept, so
// that nothing is downloaded twice. Where the other way of fetching would do, that is the person's to choose: nothing takes the
// place of the release then.
func (r *Run) wanting(ctx context.Context, tries *downloads, w *wanted) (otherwise bool, why error) {
	chosen, err := r.o.Releases.Resolve(ctx, w.component, r.Stack.Version(w.component.Name), []templates.Arch{w.arch})
	if err != nil {
		return false, err
	}
	fetched := func() error { return tries.of(ctx, w.component, chosen, w.arch) }
	reaches := func() error { return r.reaches(ctx, w.host, w.component, chosen.Files[w.arch]) }
	if r.Stack.Inventory.Fetch == inventory.FetchHost {
		if err := reaches(); err != nil && fetched() != nil {
			return false, err
		}
		return false, nil // where only this machine reaches it, the host says so when it is to download
	}
	why = fetched()
	var mismatch *cache.MismatchError
	return why != nil && !errors.As(why, &mismatch) && reaches() == nil, why
}

// downloads tries each download to this machine once, for all hosts that ask.
type downloads struct {
	run  *Run
	mu   sync.Mutex
	once map[string]func() error
}

func (d *downloads) of(ctx context.Context, c *templates.Component, chosen release.Release, arch templates.Arch) error {
	d.mu.Lock()
	key := c.Name + " " + string(arch)
	if d.once[key] == nil {
		d.once[key] = sync.OnceValue(func() error {
			doing, report := fmt.Sprintf("download %s %s (%s)", c.Name, chosen.Version, arch), d.run.o.report
			report(Event{Doing: doing})
			_, err := d.run.o.Releases.Fetch(ctx, c, chosen, arch, func(done, total int64) { report(Event{Doing: doing, Done: done, Total: total}) })
			return err
		})
	}
	try := d.once[key]
	d.mu.Unlock()
	return try()
}

// reaches asks a host whether it could download a file itself.
func (r *Run) reaches(ctx context.Context, h *Host, c *templates.Component, file release.File) error {
	if c.Release.Format != templates.TarGz {
		return errors.New("a host cannot unpack it")
	}
	r.o.report(Event{Host: h.Name, Doing: "try " + file.From})
	res, err := h.conn.Run(ctx, fleet.Cmd{Script: fmt.Sprintf(reachScript, fleet.Quote(file.From))})
	if err == nil && res.Exit != 0 {
		err = fmt.Errorf("%s does not reach %s: %s", h.Name, file.From, strings.TrimSpace(res.Stderr))
	}
	return err
}

// reachScript asks for the head of a file with what there is.
const reachScript = `url=%s
if command -v curl >/dev/null; then curl -fsSIL --connect-timeout 5 --max-time 15 -o /dev/null -- "$url"
elif command -v wget >/dev/null; then # busybox 1.35 dies of -T
	wget -q -T 5 --spider -- "$url" || { [ $? -gt 128 ] && wget -q --spider -- "$url"; }
else echo "neither curl nor wget is there" >&2 && exit 1; fi
`

// Unasked are the replacements of this run that nobody has decided yet: the policy is to ask.
func (r *Run) Unasked() []Instead {
	if r.o.Fallback != inventory.FallbackAsk {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(r.Instead), func(i Instead) bool { return i.Why == nil })
}
