// Package clock asks NTP servers for the true time and tells steps of the wall clock from its running.
package clock

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/beevik/ntp"
)

// Reading is what is known of the wall clock.
type Reading struct {
	Offset time.Duration // true time minus the clock's; positive when the clock is behind
	Bound  time.Duration // the offset is within ± this
	Source string        // the servers that agree
	At     time.Time     // when it was read, by the clock
}

const askTimeout = 3 * time.Second

// Ask queries all servers at once and gives the time on which most of them agree. The error says why none could be used.
func Ask(ctx context.Context, servers []string, now func() time.Time) (Reading, error) {
	readings := make([]Reading, len(servers))
	errs := make([]error, len(servers))
	var all sync.WaitGroup
	for i, server := range servers {
		all.Go(func() { readings[i], errs[i] = ask(server, now) })
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done: // each query ends by its timeout
	case <-ctx.Done():
		return Reading{}, ctx.Err()
	}
	good := slices.DeleteFunc(readings, func(r Reading) bool { return r.Source == "" })
	if len(good) == 0 {
		return Reading{}, fmt.Errorf("ntp: %w", errors.Join(errs...))
	}
	return Agree(good), nil
}

func ask(server string, now func() time.Time) (Reading, error) {
	r, err := ntp.QueryWithOptions(server, ntp.QueryOptions{Timeout: askTimeout})
	if err == nil {
		err = r.Validate()
	}
	if err != nil {
		return Reading{}, fmt.Errorf("%s: %w", server, err)
	}
	return Reading{Offset: r.ClockOffset, Bound: r.RootDistance, Source: server, At: now()}, nil
}

// Agree is Marzullo's algorithm (RFC 5905, section 11.2.1, without its dropping of the farthest): the smallest interval
// that most readings contain. There must be one reading at least.
func Agree(readings []Reading) Reading {
	type edge struct {
		at    time.Duration
		enter bool
	}
	var edges []edge
	for _, r := range readings {
		edges = append(edges, edge{r.Offset - r.Bound, true}, edge{r.Offset + r.Bound, false})
	}
	slices.SortFunc(edges, func(a, b edge) int {
		if a.at != b.at {
			return int(min(max(a.at-b.at, -1), 1))
		}
		if a.enter == b.enter {
			return 0
		}
		if a.enter { // touching intervals agree
			return -1
		}
		return 1
	})
	var low, high time.Duration
	most, inside := 0, 0
	for i, e := range edges {
		if !e.enter {
			inside--
			continue
		}
		if inside++; inside > most {
			most, low, high = inside, e.at, edges[i+1].at // an edge that enters is never the last
		}
	}
	agreed := Reading{Offset: low + (high-low)/2, Bound: (high - low) / 2, At: readings[0].At}
	for _, r := range readings {
		if r.Offset-r.Bound <= low && high <= r.Offset+r.Bound {
			if agreed.Source != "" {
				agreed.Source += ", "
			}
			agreed.Source += r.Source
		}
	}
	return agreed
}
