package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/facts"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/shell"
	"github.com/monctl/monctl/installer/desired"
)

// Target is a host to examine.
type Target struct {
	fleet.Host
	ScrapeAddress string   // how other hosts reach it; "" means Address
	Wants         []string // components that the inventory puts there
	Links         []Link   // what it says that they must reach, of LinksOf
}

// Options are what a look needs. Hosts, Dial and Checks must be set.
type Options struct {
	Hosts    []Target
	Dial     func(context.Context, fleet.Host) (fleet.Conn, error)
	Checks   []Check // selected
	All      []Check // all there are; nil means Checks
	Settings Settings
	Here     string        // name of this machine
	Parallel int           // hosts at once; 0 is all of up to MaxParallel
	Patience time.Duration // for one host after it was connected to; 0 is DefaultPatience
	// HTTPS lists pages whose Date header tells a blocked NTP from no network; nil asks nobody.
	HTTPS  []string
	Client *http.Client // for HTTPS; nil is http.DefaultClient
	// Report, when set, is told what happens on a host: what is done, and at the end that it is finished, and why not well.
	Report func(host, doing string, finished bool, err error)
	// Before is the look before this one, of the same options; nil when this is the first. NTP servers that it asked a moment ago are
	// not asked again, and those that wished it (kiss of death) never.
	Before *Fleet
	// Truth, when set, is what is known of this machine's clock already: no server is asked.
	Truth *clock.Truth
	// Own, when set, is the component of this machine that looks.
	Own *Own
}

// Own is a component that runs in this very process. It answers the questions put to it in memory, where neither the TLS nor the
// users of its port are in the way.
type Own struct {
	PID  int
	Kind string   // as Component.Kind
	Args []string // of its command line
	Base string   // as Component.Base; its address is where the component is reached by others
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// knows has the component that looks among those of the host, however its program is called. Where it answers it knows better than
// its sockets and flags tell.
func (h *Host) knows(own Own) {
	i := slices.IndexFunc(h.Components, own.is)
	if i < 0 {
		c := Component{Kind: own.Kind, Running: true, Process: Process{PID: own.PID, UID: -1, Args: redacted(own.Args)}, Flags: flagsOf(own.Args), Replies: map[string]Reply{}}
		h.listening(&c)
		i, h.Components = len(h.Components), append(h.Components, c)
		h.Components[i].Name = h.nameOf(i)
	}
	h.Components[i].Base = own.Base
}

// is says that a component is the one.
func (o *Own) is(c Component) bool { return o != nil && c.Process.PID == o.PID }

// MaxParallel bounds how many hosts are examined at once: each is a connection and what it answers.
const MaxParallel = 256

// DefaultPatience is for one host after it was connected to. A host that takes longer is judged by what it said so far.
const DefaultPatience = 20 * time.Second

// look is one run.
type look struct {
	Options
	watch clock.Watch
	turns turns
}

// Look examines all hosts at once. A host that cannot be examined is in Lost; the others wait for nothing.
func Look(ctx context.Context, o Options) Fleet {
	if o.All == nil {
		o.All = o.Checks
	}
	if o.Patience == 0 {
		o.Patience = DefaultPatience
	}
	if o.Parallel <= 0 {
		o.Parallel = min(max(len(o.Hosts), 1), MaxParallel)
	}
	l := &look{Options: o, watch: clock.NewWatch(), turns: newTurns()}
	f := Fleet{Taken: l.watch.Began().UTC().Round(0), Settings: o.Settings, Here: Here{Name: o.Here}}
	_, f.Here.Zone = l.watch.Began().Zone()
	var truth sync.WaitGroup
	if needs(o.Checks, Clocks) {
		truth.Go(func() { f.Truth, f.asked = l.truth(ctx, o.Settings.servers()) })
	}
	hosts := make([]*Host, len(o.Hosts))
	numbers := make([]int, len(o.Hosts))
	for i := range numbers {
		numbers[i] = i
	}
	errs := fleet.Each(ctx, o.Parallel, numbers, func(ctx context.Context, i int) (err error) {
		hosts[i], err = l.host(ctx, o.Hosts[i])
		l.report(o.Hosts[i].Name, "", true, err)
		return err
	})
	for i, t := range o.Hosts {
		if errs[i] != nil {
			f.Lost = append(f.Lost, Lost{Name: t.Name, Address: t.Address, Links: t.Links, Why: errs[i].Error(), Err: errs[i]})
			continue
		}
		f.Hosts = append(f.Hosts, *hosts[i])
	}
	truth.Wait()
	l.secondTruth(ctx, &f)
	return f
}

func (l *look) report(host, doing string, finished bool, err error) {
	if l.Report != nil {
		l.Report(host, doing, finished, err)
	}
}

// host examines one host.
func (l *look) host(ctx context.Context, t Target) (*Host, error) {
	l.report(t.Name, "connect", false, nil)
	conn, err := l.dial(ctx, t.Host)
	if err != nil {
		return nil, fmt.Errorf("%s: connect: %w", t.Name, err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, l.Patience)
	defer cancel()
	h := newHost(t)
	l.report(t.Name, "look", false, nil)
	if err := l.read(ctx, conn, h); err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	if l.Own != nil {
		h.knows(*l.Own)
	}
	if needs(l.Checks, Clocks) {
		l.report(t.Name, "clock", false, nil)
		h.Clock = l.exchange(ctx, conn)
	}
	l.report(t.Name, "ask", false, nil)
	l.ask(ctx, conn, h)
	return h, nil
}

func newHost(t Target) *Host {
	h := &Host{
		Name: t.Name, Address: t.Address, ScrapeAddress: t.ScrapeAddress, Wants: t.Wants, Links: t.Links,
		Probes: map[string]Answer{}, Reached: map[string]Reached{}, Pages: map[string]Reply{},
		Notes: map[string]map[string]string{}, Unread: map[string]string{},
	}
	if h.ScrapeAddress == "" {
		h.ScrapeAddress = h.Address
	}
	return h
}

// dial falls back to the login itself where it cannot become root: much can be told without.
func (l *look) dial(ctx context.Context, h fleet.Host) (fleet.Conn, error) {
	conn, err := l.Dial(ctx, h)
	for _, cannot := range []error{
		shell.ErrSudoMissing, shell.ErrSudoDenied, shell.ErrSudoTTY, shell.ErrSudoPassword, shell.ErrSudoWrong, shell.ErrSudoBroken,
	} {
		if errors.Is(err, cannot) && h.Sudo != fleet.SudoNever {
			h.Sudo = fleet.SudoNever
			return l.Dial(ctx, h)
		}
	}
	return conn, err
}

// read runs the one script and takes it apart. When it is cut, what was whole by then counts.
func (l *look) read(ctx context.Context, conn fleet.Conn, h *Host) error {
	out := output{fence: newFence(), done: map[string]done{}}
	parts := sections(l.Checks, l.All)
	_, err := conn.Run(ctx, fleet.Cmd{Script: script(parts, out.fence), OnLine: out.line})
	if _, any := out.done[factsSection]; !any {
		switch {
		case out.tooLong:
			return fault.With(fmt.Errorf("look: the host printed more than %d MiB of something else", maxLooked>>20), "Log in by hand and see what its shell prints.")
		case err != nil:
			return fmt.Errorf("look: %w", err)
		}
		return errors.New("look: the host's shell did not run the script")
	}
	lost := "the look was cut off before it"
	if ctx.Err() != nil {
		lost = fmt.Sprintf("the host took longer than %v", l.Patience)
	}
	return h.take(&out, parts, lost)
}

func (h *Host) take(out *output, parts []section, lost string) error {
	var err error
	if h.Facts, err = facts.Parse(out.done[factsSection].text); err != nil {
		return err
	}
	h.Root = h.Facts.UID == 0
	if looked, ok := out.done[lookSection]; ok {
		h.readLook(looked.text)
	} else {
		h.Unread["units"] = lost
	}
	for _, p := range parts {
		switch p.name {
		case factsSection, lookSection, manifestSection:
		case journalSection:
			h.takeJournal(out.answer(p, lost), out.done[p.name].text)
		default:
			h.Probes[p.name] = out.answer(p, lost)
		}
	}
	h.discover(readManifests(out.done[manifestSection].text))
	return nil
}

func (h *Host) takeJournal(a Answer, text string) {
	h.Journal = readJournal(text)
	switch {
	case a.Exit == 3:
		h.Unread["journal"] = "there is no journalctl"
	case a.Err != "" && len(h.Journal) == 0:
		h.Unread["journal"] = a.Err
	case len(h.Journal) == 0 && !h.Root:
		h.Unread["journal"] = "needs root"
	}
}

func readManifests(text string) []desired.Manifest {
	var list []desired.Manifest
	for line := range strings.Lines(text) {
		var m desired.Manifest
		if json.Unmarshal([]byte(line), &m) == nil && m.Component != "" {
			list = append(list, m)
		}
	}
	return list
}

// manifestScript reads what monctl left on a host about the components it installed there. The path is a glob of ours.
func manifestScript() string {
	return "for f in " + desired.ManifestPath("*") + `; do [ -f "$f" ] && cat -- "$f"; done; :`
}

// ask lets all checks that apply ask, all at once: they wait for the network, not for each other.
func (l *look) ask(ctx context.Context, conn fleet.Conn, h *Host) {
	q := newQuestions(h, conn, l.watch)
	q.ownIs(l.Own)
	defer q.close()
	view := *h // checks see the components as they were found, so the view is taken before anything is asked
	view.Components = slices.Clone(h.Components)
	var wg sync.WaitGroup
	if needs(l.Checks, Metrics) {
		for i := range h.Components {
			wg.Go(func() { q.metrics(ctx, view.Components[i], &h.Components[i]) })
		}
	}
	if needs(l.Checks, Clocks) {
		for i := range h.Components {
			wg.Go(func() { q.clock(ctx, view.Components[i], &h.Components[i]) })
		}
	}
	for _, c := range l.Checks {
		if c.Ask != nil && c.appliesTo(view) {
			wg.Go(func() {
				defer q.survive(c.ID)
				c.Ask(ctx, q.about(&view))
			})
		}
	}
	wg.Wait()
}

// survive turns a check that broke on what it was answered into a note, which makes it unknown on this host.
func (q *Questions) survive(check string) {
	if r := recover(); r != nil {
		q.Note(check, broke, fmt.Sprintf("%v at %s", r, firstFrame(debug.Stack())))
	}
}

// broke is the note of a check that broke while it asked.
const broke = "broke"

// firstFrame finds the place of a panic that is in a check.
func firstFrame(stack []byte) string {
	for line := range strings.Lines(string(stack)) {
		if at := strings.Index(line, "/doctor/"); at >= 0 && !strings.Contains(line, "/doctor/run.go") {
			place, _, _ := strings.Cut(strings.TrimSpace(line[at+1:]), " ")
			return place
		}
	}
	return "?"
}
