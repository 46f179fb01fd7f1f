package prove

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Expected is a target that must be up.
type Expected struct {
	Series
	Address string // "host:port" as Prometheus reaches it
	// Fresh asks for a scrape that ended after the waiting began, because the target was just changed: an older
	// "up" is about the process before.
	Fresh bool
	// New asks for a scrape, whenever it was: neither the target nor Prometheus ran before this change, so there is no
	// process before that it could be about.
	New bool
	// Settled says that nothing was changed: a scrape that failed before the waiting began counts, and one more is
	// enough.
	Settled bool
}

// hopeless is how many failed scrapes of a target end the waiting for it: enough for a component that is ready but
// still slow, and for a scrape that began before the target was.
const hopeless = 3

// hopelessSettled is the same for a target that nothing was done to: one failure may be an accident.
const hopelessSettled = 2

// patience is for a target that answers too slowly, or not at all, where scrapes are frequent: three of them are over
// sooner than a busy host needs to calm down.
const patience = 20 * time.Second

// AllUp waits until Prometheus reports every expected target as up and has stored up == 1 for it. It returns what is
// wrong with each target that is not up when ctx ends or waiting is pointless; the error is for Prometheus itself not
// answering.
func (p Prometheus) AllUp(ctx context.Context, expected []Expected) (map[Series]error, error) {
	w := &watch{began: time.Now(), failures: map[Series]map[time.Time]bool{}, enough: map[Series]int{}}
	for _, e := range expected {
		w.enough[e.Series] = hopeless
		if e.Settled {
			w.enough[e.Series] = hopelessSettled
		}
	}
	var why error
	for {
		down, err := p.look(ctx, expected, w)
		if err == nil && (len(down) == 0 || w.pointless(down)) {
			return down, nil
		}
		if ctx.Err() == nil || why == nil { // the end of the time is no reason
			why = err
		}
		if pause(ctx, 100*time.Millisecond) != nil {
			if w.before != nil {
				return w.down, nil
			}
			return nil, why
		}
	}
}

// watch is what was seen in the course of one AllUp.
type watch struct {
	began    time.Time
	before   map[Series]time.Time          // scrape times at the first look; nil before it
	failures map[Series]map[time.Time]bool // failed scrapes since then
	down     map[Series]error              // of the last look
	enough   map[Series]int                // how many failures end the waiting
}

// pointless says whether every target that is down has failed often enough.
func (w *watch) pointless(down map[Series]error) bool {
	for s, err := range down {
		if len(w.failures[s]) < w.enough[s] || Slow(err) && time.Since(w.began) < patience {
			return false
		}
	}
	return true
}

// look says what is wrong with each target now.
func (p Prometheus) look(ctx context.Context, expected []Expected, w *watch) (map[Series]error, error) {
	targets, err := p.Targets(ctx)
	if err != nil {
		return nil, err
	}
	found := make(map[Series]Target, len(targets))
	scraped := make(map[Series]time.Time, len(targets))
	for _, t := range targets {
		s := Series{t.Job, t.Instance}
		found[s], scraped[s] = t, t.LastScrape
	}
	w.down = map[Series]error{}
	for _, e := range expected {
		t, known := found[e.Series]
		err := judge(e, t, known, w.before)
		if err == nil {
			continue
		}
		w.down[e.Series] = err
		if t.Health == "down" && (e.Settled || w.before != nil && t.LastScrape.After(w.before[e.Series])) {
			w.failed(e.Series, t.LastScrape)
		}
	}
	if w.before == nil {
		w.before = scraped
	}
	if len(w.down) == 0 {
		w.down = p.stored(ctx, expected, Window(targets))
	}
	return w.down, nil
}

func (w *watch) failed(s Series, at time.Time) {
	if w.failures[s] == nil {
		w.failures[s] = map[time.Time]bool{}
	}
	w.failures[s][at] = true
}

func judge(e Expected, t Target, known bool, before map[Series]time.Time) error {
	switch {
	case !known:
		return errUnknown
	case t.Address != e.Address:
		return fmt.Errorf("Prometheus scrapes %s instead of %s", t.Address, e.Address)
	case t.Health == "down":
		return errors.New(t.LastError)
	case (e.Fresh || e.New) && t.Health != "up":
		return errUnscraped
	case e.Fresh && (before == nil || !t.LastScrape.After(before[e.Series])):
		return errors.New("not scraped since it was changed")
	}
	return nil
}

// stored checks the samples behind the health: up == 1 for every target.
func (p Prometheus) stored(ctx context.Context, expected []Expected, window time.Duration) map[Series]error {
	down := map[Series]error{}
	up, err := p.Up(ctx, window)
	for _, e := range expected {
		switch v, ok := up[e.Series]; {
		case err != nil:
			down[e.Series] = err
		case !ok:
			down[e.Series] = errUnstored
		case v != 1:
			down[e.Series] = fmt.Errorf("up is %g", v)
		}
	}
	return down
}

// Slow says whether a target failed for want of time, so that a longer interval may help it.
func Slow(err error) bool {
	return errors.Is(err, errUnknown) || errors.Is(err, errUnscraped) || errors.Is(err, errUnstored) || strings.Contains(err.Error(), "deadline exceeded") || strings.Contains(err.Error(), "i/o timeout")
}

var (
	errUnknown   = errors.New("Prometheus does not know this target") //nolint:staticcheck // a name
	errUnscraped = errors.New("not scraped yet")
	errUnstored  = errors.New("no sample of up is stored: not scraped yet, or refused (wrong clock, out of bounds)")
)
