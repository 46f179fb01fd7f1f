package installer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/prove"
	"github.com/monctl/monctl/templates"
	"github.com/prometheus/common/model"
)

// takeover is a component that scrapes and takes the place of another one on a host: the old one stops when everything is
// ready for the new one, its samples go over by a rename, and it is gone when the new one runs.
type takeover struct {
	from   desired.Manifest
	to     desired.Instance
	before *history
}

// history is what the old one can tell of the past, to be asked of the new one.
type history struct {
	at      time.Time // by the server's clock; samples after it do not count
	window  model.Duration
	samples map[prove.Series]float64
}

// historyLag is older than any scrape that has not ended: Prometheus' default timeout is 10 s.
const historyLag = time.Minute

// TakesOver says whether samples of one component go over to another on a host.
func (r *Run) TakesOver(host string) bool {
	return slices.ContainsFunc(r.Hosts, func(h *Host) bool { return h.Name == host && h.takeover != nil })
}

// takeoverOn finds out whether a component of a host takes the place of another one. It refuses what could lose samples.
func (r *Run) takeoverOn(ctx context.Context, h *Host) (*takeover, error) {
	on := r.Stack.On(h.Name)
	for _, m := range h.manifests {
		old := r.Stack.Catalog[m.Component]
		if old == nil || !old.Scrapes || m.Data == "" || slices.ContainsFunc(on, func(i desired.Instance) bool { return i.Component.Name == m.Component }) {
			continue
		}
		for _, i := range on {
			if i.Component.Like == old.Name || old.Like == i.Component.Name {
				return r.judgeTakeover(ctx, h, takeover{from: m, to: i})
			}
		}
	}
	return nil, nil
}

func (r *Run) judgeTakeover(ctx context.Context, h *Host, t takeover) (*takeover, error) {
	from, to := t.from.Data, t.to.Data
	res, err := h.conn.Run(ctx, fleet.Cmd{Script: fmt.Sprintf(foldersScript, fleet.Quote(from), fleet.Quote(to))})
	if err != nil {
		return nil, fmt.Errorf("%s: look at data folders: %w", h.Name, err)
	}
	seen := strings.Fields(res.Stdout)
	has := func(word string) bool { return slices.Contains(seen, word) }
	what := fmt.Sprintf("%s: %s cannot take the place of %s", h.Name, t.to.Component.Name, t.from.Component)
	remedy := "Nothing was touched. Let it use the folder where the samples are: components: {%s: {data_dir: %s}}."
	switch {
	case !has("from"):
		return nil, nil // no samples
	case from == to:
		return &t, nil
	case has("to") && slices.ContainsFunc(h.manifests, func(m desired.Manifest) bool { return m.Component == t.to.Component.Name }):
		return nil, nil // it ran beside the old one, which goes; both keep their samples
	case has("to"):
		return nil, fault.Refuse(fmt.Errorf("%s: %s has data already, of an earlier one", what, to), "Nothing was touched. Move that folder aside on %s first: mv %s %s.before", h.Name, to, to)
	case has("mount"):
		return nil, fault.Refuse(fmt.Errorf("%s: %s is a mount point, which no rename can move", what, from), remedy, t.to.Component.Name, from)
	case has("apart"):
		return nil, fault.Refuse(fmt.Errorf("%s: %s and %s are on different file systems", what, from, to), remedy, t.to.Component.Name, from)
	}
	return &t, nil
}

// foldersScript says of two data folders: "from" and "to" when there is something in them, "mount" when the first is a mount
// point, "apart" when the second would be on another file system.
const foldersScript = `from=%s to=%s
full() { [ -d "$1" ] && [ -n "$(ls -A -- "$1")" ]; }
full "$from" || exit 0
echo from
if full "$to"; then echo to; fi
device=$(stat -c %%d -- "$from")
if [ "$device" != "$(stat -c %%d -- "${from%%/*}/.")" ]; then echo mount; fi
near=${to%%/*}
while [ -n "$near" ] && [ ! -d "$near" ]; do near=${near%%/*}; done
if [ "$device" != "$(stat -c %%d -- "$near/.")" ]; then echo apart; fi
`

// arrange puts the takeover into the resources of its host: the old one stops as late as it can, right before the new one
// starts.
func (t takeover) arrange(resources []resource.Resource) []resource.Resource {
	old := gone(t.from, true)
	var list []resource.Resource
	for _, r := range resources {
		switch key := r.Key(); {
		case key == resource.Dir{Path: t.to.Data}.Key():
			continue // the move makes it
		case key == resource.Service{Unit: t.to.Unit()}.Key():
			list = append(list, t.readable(), resource.Stopped{Unit: t.from.Unit}, resource.Gone{Path: templates.UnitRoot + "/" + t.from.Unit},
				resource.Move{From: t.from.Data, To: t.to.Data, Owner: t.to.User(), Group: t.to.User(), Mode: 0o750}, r)
		default:
			list = append(list, r)
		}
	}
	for _, r := range old {
		switch r := r.(type) {
		case resource.Stopped, resource.Purge:
		case resource.Gone:
			if r.Path != templates.UnitRoot+"/"+t.from.Unit {
				list = append(list, r)
			}
		default:
			list = append(list, r)
		}
	}
	return list
}

// readable lets monctl on the host look whether the new one understands all that is there, while the old one still runs.
func (t takeover) readable() resource.Script {
	program, reader := t.to.ReleaseDir()+"/monctl", "monctl"
	if t.to.Component.Release.Source != templates.Self {
		program, reader = t.from.Release+"/current/monctl", t.to.Release.Version
	}
	about := fmt.Sprintf("see that %s can read the samples of %s", t.to.Component.Name, t.from.Component)
	return resource.Script{
		Name: "samples of " + t.from.Component, About: about,
		Look: "echo 'before anything stops'; exit 1",
		Run:  fleet.QuoteAll(program, "data", "inspect", "--local", t.from.Data, "--readable-by", reader, "--true-source", "not asked for") + " >/dev/null\n",
	}
}

// remember asks the old one how many samples of each target it has, up to a minute ago: scrapes under way do not count. Not to
// be had is no error: it may be what does not work any more.
func (t *takeover) remember(ctx context.Context, h *Host) {
	asker := prove.NewAsker(h.conn)
	defer asker.Close()
	p := prove.Prometheus{Asker: asker, Base: "http://" + t.from.Address}
	now, err := p.Now(ctx)
	if err != nil {
		return
	}
	at := now.Add(-historyLag)
	window := t.window()
	if samples, err := p.Samples(ctx, at, window); err == nil {
		t.before = &history{at: at, window: window, samples: samples}
	}
}

// window is how far back the two are compared: what retention may delete meanwhile does not count.
func (t takeover) window() model.Duration {
	const longest = 7 * 24 * time.Hour
	text, _ := t.to.Set["retention"].(string)
	keep, err := model.ParseDuration(text)
	if size, _ := t.to.Set["retention_size"].(string); err != nil || size != "" {
		return model.Duration(time.Hour)
	}
	return model.Duration(min(longest, time.Duration(keep)/2))
}

// proveHistory asks the new one the same question as the old one was asked.
func (t takeover) proveHistory(ctx context.Context, p prove.Prometheus) error {
	samples, err := p.Samples(ctx, t.before.at, t.before.window)
	if err != nil {
		return err
	}
	for s, n := range t.before.samples {
		if samples[s] != n {
			return fmt.Errorf("%s of %s: %g samples of up in the last %s, %g before", s.Instance, s.Job, samples[s], t.before.window, n)
		}
	}
	return nil
}
