package datahost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/Masterminds/semver/v3"
	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/doctor/datadir"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/apply"
	"github.com/monctl/monctl/installer/self"
	"github.com/monctl/monctl/templates"
)

// Options of Open.
type Options struct {
	Dial     func(context.Context, fleet.Host) (fleet.Conn, error)
	Login    fleet.Host
	Programs self.Programs
	// Change says that something will be changed: the clock must be right, a unit must be there, and the host is locked.
	Change   bool
	Clock    bool   // the clock must be right for it
	Stopped  bool   // a backup is made while the unit is stopped, also where the server makes snapshots
	Holder   string // who runs this, for people who find the host locked
	LockWait time.Duration
	Report   func(doing string, sent, total int64) // may be nil
}

// Session is a connection to a host with monctl on it, for the data of one component.
type Session struct {
	Remote
	conn     fleet.Conn
	before   *History
	ordering []doctor.Fix
	stopped  bool
}

// Open finds the component, proves that it may be worked on, and brings monctl to the host. The caller closes the Session.
func Open(ctx context.Context, f doctor.Fleet, n Name, o Options) (*Session, error) {
	t, err := Find(f, n)
	if err != nil {
		return nil, err
	}
	s := &Session{Remote: Remote{Target: t, Stuck: t.stuck(f), Window: t.hasWindow()}, ordering: ordering(f, t), stopped: o.Stopped}
	if keeps, err := t.Host.Retention(t.Component); err == nil && t.Kind == TSDB {
		s.Retention = keeps
	}
	if s.Truth, err = Verified(f, t); err != nil {
		if o.Clock {
			return nil, err
		}
		s.Truth = clock.Truth{} // said by the inspection
	}
	o.report("connect", 0, 0)
	if s.conn, err = o.Dial(ctx, o.Login); err != nil {
		return nil, fmt.Errorf("%s: %w", n.Host, err)
	}
	if err := s.begin(ctx, o); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func (o Options) report(doing string, sent, total int64) {
	if o.Report != nil {
		o.Report(doing, sent, total)
	}
}

func (s *Session) begin(ctx context.Context, o Options) (err error) {
	if o.Change {
		if err := apply.Lock(ctx, s.conn, s.Host.Name, o.Holder, o.LockWait); err != nil {
			return err
		}
	}
	if s.Place, err = s.Locate(ctx, s.conn); err != nil {
		return err
	}
	program, err := o.Programs.For(templates.Arch(s.Host.Facts.Arch))
	if err != nil {
		return fmt.Errorf("%s: %w", s.Host.Name, err)
	}
	s.Program, err = program.Send(ctx, s.conn, s.Host.Name, self.Folder, func(sent, total int64) { o.report("send monctl", sent, total) })
	if err == nil && o.Change {
		err = errors.Join(s.ByHand(s.Program, s.Place.Path), s.Agreed())
	}
	return err
}

// Close ends the connection, and with it the lock.
func (s *Session) Close() error {
	if s.conn == nil {
		return nil
	}
	return s.conn.Close()
}

// Inspect looks into the folder.
func (s *Session) Inspect(ctx context.Context) (Answer, error) {
	a, err := s.Ask(ctx, s.conn, "inspect")
	if err == nil && a.Inspection == nil {
		err = fmt.Errorf("%s: inspect: %w", s.Name, errSilent)
	}
	return a, err
}

// Plan says what an action would do to the folder.
func (s *Session) Plan(ctx context.Context, action datadir.Action, id string, flags ...string) (Answer, error) {
	a, err := s.Ask(ctx, s.conn, string(action), append(words(id, flags), "--plan")...)
	if err == nil && a.Plan == nil {
		err = fmt.Errorf("%s: plan of %s: %w", s.Name, action, errSilent)
	}
	return a, err
}

var errSilent = errors.New("monctl on the host ended well and did not say what it saw")

func words(id string, flags []string) []string {
	if id == "" {
		return flags
	}
	return append([]string{id}, flags...)
}

// Remember asks the running component what it can tell of the past, to be compared with later. Not to be had is no error:
// what is on the disk is compared in any case.
func (s *Session) Remember(ctx context.Context) {
	if s.Kind != TSDB || s.Component.Base == "" {
		return
	}
	// A minute before now, so that scrapes under way do not count; by the host's clock, which was read when it was looked at.
	h, err := HistoryOf(ctx, s.conn, s.Component.Base, s.now().Add(-time.Minute))
	if err == nil {
		s.before = &h
	}
}

// now is the host's clock, by this machine's and the difference that was measured.
func (s *Session) now() time.Time {
	return time.Now().Add(s.Host.Clock.Offset.Value())
}

// Change does an action while the unit is stopped, starts the unit, and gives what was done.
func (s *Session) Change(ctx context.Context, w Work, a *Answer, action datadir.Action, id string, flags ...string) error {
	switch action {
	case datadir.Purge:
		return s.DoRunning(ctx, s.conn, a, string(action), words(id, flags)...)
	case datadir.Backup:
		return s.Backup(ctx, w, a)
	}
	w.Start = true
	return s.Do(ctx, s.conn, w, a, string(action), words(id, flags)...)
}

// RestartUnit restarts a process that is stuck.
func (s *Session) RestartUnit(ctx context.Context) error {
	res, err := s.conn.Run(ctx, fleet.Cmd{Script: "systemctl restart -- " + fleet.Quote(s.Component.Unit)})
	if err == nil && res.Exit != 0 {
		err = fmt.Errorf("%s: restart %s: %s", s.Host.Name, s.Component.Unit, res.Stderr)
	}
	return err
}

// Prove proves that it runs as it should again. limit is for each proof.
func (s *Session) Prove(ctx context.Context, extent Extent, limit time.Duration, looking func(string)) []Proof {
	i := Ingestion{
		Conn: s.conn, Base: s.Component.Base, Unit: s.Component.Unit, Since: s.now(), Extent: extent, Before: s.before, Limit: limit, Looking: looking,
	}
	if i.Base == "" { // it did not run before: it listens where its unit says, or where everybody does
		i.Base = s.base()
	}
	if s.Kind != TSDB {
		return i.runs(ctx)
	}
	return i.Prove(ctx)
}

// base is where a Prometheus that was stopped will listen.
func (s *Session) base() string {
	address := listenFlag(s.Component)
	if address == "" {
		address = ":9090"
	}
	if address[0] == ':' {
		address = "127.0.0.1" + address
	}
	return "http://" + address
}

// Agreed refuses to change data while the unit names another folder than the one in use: its next start, which belongs to
// every change, would begin with that one.
func (s *Session) Agreed() error {
	return s.Place.refuse(s.Name)
}

// stuck says that the doctor found the scrape clock of this process frozen.
func (t Target) stuck(f doctor.Fleet) bool {
	checks, err := doctor.Choose(doctor.Checks(), []string{"tsdb/frozen-scrape-clock"}, nil)
	return err == nil && slices.ContainsFunc(doctor.Judge(f, checks).Findings, func(found doctor.Finding) bool {
		return found.Host == t.Host.Name && found.Component == t.Component.Name && found.Level >= doctor.Warn
	})
}

// windowSince is the version from which on out-of-order samples are taken (CHANGELOG 2.39.0).
var windowSince = semver.MustParse("2.39.0")

// hasWindow says whether the version has the setting; an unknown version has not.
func (t Target) hasWindow() bool {
	v, err := semver.NewVersion(t.reply(askBuild)["version"])
	return err == nil && !v.LessThan(windowSince)
}
