package prove

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Expected is a target that must be up.
type Expected struct {
	Series
	Address string // "host:port" as Prometheus reaches it
	// Fresh asks for a scrape that ended after the waiting began, because the target was just changed: an older
	// "up" is about the process before.
	Fresh bool
}

// AllUp waits until Prometheus reports every expected target as up and has stored up == 1 for it. It returns what is
// wrong with each target that is not up when ctx ends; the error is for Prometheus itself not answering.
func (p Prometheus) AllUp(ctx context.Context, expected []Expected) (map[Series]error, error) {
	var before map[Series]time.Time
	for {
		down, now, err := p.look(ctx, expected, before)
		if err == nil && len(down) == 0 {
			return nil, nil
		}
		if before == nil && err == nil {
			before = now
		}
		if pause(ctx, 100*time.Millisecond) != nil {
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
				err = nil
			}
			return down, err
		}
	}
}

// look says what is wrong with each target now, given the scrape times seen at the first look (nil: this is the first).
func (p Prometheus) look(ctx context.Context, expected []Expected, before map[Series]time.Time) (map[Series]error, map[Series]time.Time, error) {
	targets, err := p.Targets(ctx)
	if err != nil {
		return nil, nil, err
	}
	found := make(map[Series]Target, len(targets))
	scraped := make(map[Series]time.Time, len(targets))
	for _, t := range targets {
		s := Series{t.Job, t.Instance}
		found[s], scraped[s] = t, t.LastScrape
	}
	down := map[Series]error{}
	for _, e := range expected {
		t, known := found[e.Series]
		if err := judge(e, t, known, before); err != nil {
			down[e.Series] = err
		}
	}
	if len(down) > 0 {
		return down, scraped, nil
	}
	return p.stored(ctx, expected), scraped, nil
}

func judge(e Expected, t Target, known bool, before map[Series]time.Time) error {
	switch {
	case !known:
		return errors.New("Prometheus does not know this target")
	case t.Address != e.Address:
		return fmt.Errorf("Prometheus scrapes %s instead of %s", t.Address, e.Address)
	case t.Health == "down":
		return errors.New(t.LastError)
	case t.Health != "up":
		return errors.New("not scraped yet")
	case e.Fresh && (before == nil || !t.LastScrape.After(before[e.Series])):
		return errors.New("not scraped since it was changed")
	}
	return nil
}

// stored checks the samples behind the health: up == 1 for every target.
func (p Prometheus) stored(ctx context.Context, expected []Expected) map[Series]error {
	down := map[Series]error{}
	up, err := p.Up(ctx)
	for _, e := range expected {
		switch v, ok := up[e.Series]; {
		case err != nil:
			down[e.Series] = err
		case !ok:
			down[e.Series] = errors.New("scraped, but no sample of up is stored (clock or out of bounds?)")
		case v != 1:
			down[e.Series] = fmt.Errorf("up is %g", v)
		}
	}
	return down
}
