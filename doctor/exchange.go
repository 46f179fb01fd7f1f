package doctor

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet"
)

// atOnce is how many clocks are measured at once: more would only wait for each other's processor and widen every bound.
// moment is how long one counts as measured. It is several times what a host nearby needs on a machine that is not busy; who
// needs longer is far away and waits for the network, where it is in nobody's way.
const (
	atOnce = 4
	moment = 100 * time.Millisecond
)

// turns are who may begin to measure a clock. There are atOnce of them.
type turns chan struct{}

func newTurns() turns { return make(turns, atOnce) }

// take waits for a turn, which is given back after a moment, or by the function returned if that is sooner. It is false when
// there was no time left.
func (t turns) take(ctx context.Context) (giveBack func(), ok bool) {
	select {
	case t <- struct{}{}:
	case <-ctx.Done():
		return nil, false
	}
	if ctx.Err() != nil {
		<-t
		return nil, false
	}
	end := sync.OnceFunc(func() { <-t })
	timer := time.AfterFunc(moment, end)
	return func() { timer.Stop(); end() }, true
}

// exchange compares the host's clock with this machine's.
func (l *look) exchange(ctx context.Context, conn fleet.Conn) clock.Reading {
	giveBack, ok := l.turns.take(ctx)
	if !ok {
		return clock.Reading{Err: "there was no time left to measure it"}
	}
	defer giveBack()
	x := clock.NewExchange(l.watch)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	talk := func(ctx context.Context, say io.Writer) error {
		err := x.Talk(ctx, say)
		if !x.Reading().Known {
			cancel() // a reader that does not answer is not waited for
		}
		return err
	}
	_, err := conn.Run(ctx, fleet.Cmd{Script: clock.Script, OnLine: x.Hear, Talk: talk})
	r := x.Reading()
	if !r.Known && r.Err == "" && err != nil {
		r.Err = err.Error()
	}
	return r
}
