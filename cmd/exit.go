package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet/fault"
)

// The exit codes. They are a promise to scripts.
const (
	exitDone        = 0   // done, or nothing to do
	exitFailed      = 1   // failed
	exitUsage       = 2   // the command line or the inventory is wrong
	exitChanges     = 3   // changes are pending, or problems were found
	exitSome        = 4   // some hosts failed, others succeeded
	exitRefused     = 5   // locked, unconfirmed or unsafe
	exitInterrupted = 130 // by Ctrl-C
)

// exitError ends a command with a code after everything was printed.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// code makes the error of an exit code; nil for 0.
func code(n int) error {
	if n == exitDone {
		return nil
	}
	return exitError(n)
}

// finish prints what was not printed yet and decides the exit code.
func finish(g *globals, ctx context.Context, err error) int {
	var exit exitError
	switch {
	case errors.As(err, &exit):
		return g.end(int(exit))
	case err == nil:
		return g.end(exitDone)
	case ctx.Err() != nil: // whatever the error is, it came of the interruption
		g.ui.Say("interrupted; nothing was left half-done. Run the same command again.")
		return g.end(exitInterrupted)
	}
	g.ui.Error(err)
	return g.end(codeOf(err))
}

func codeOf(err error) int {
	switch fault.KindOf(err) {
	case fault.Usage:
		return exitUsage
	case fault.Refused:
		return exitRefused
	}
	return exitFailed
}

// codeOfHosts decides the exit code when errs of all hosts failed: some is 4; all is 1, unless all were refused (5) or
// misused (2) alike.
func codeOfHosts(all int, errs []ui.HostError) int {
	switch {
	case len(errs) == 0:
		return exitDone
	case len(errs) < all:
		return exitSome
	}
	first := codeOf(errs[0].Err)
	for _, e := range errs[1:] {
		if codeOf(e.Err) != first {
			return exitFailed
		}
	}
	return first
}

// interruption is what Ctrl-C says.
type interruption struct{ first, again string }

// ofHosts is said while hosts are worked on.
var ofHosts = interruption{
	first: "stopping at the next safe place; Ctrl-C again stops at once",
	again: "stopped at once. Run the same command again: it looks at what is there and finishes.",
}

// interruptible gives a context that the first Ctrl-C cancels, so that work stops at the next safe place; the second
// ends the process at once.
func interruptible(g *globals) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-signals:
			}
			says := g.interruption.Load()
			if says == nil {
				says = &ofHosts
			}
			if n > 0 {
				g.ui.Say("%s", says.again)
				os.Exit(exitInterrupted)
			}
			g.ui.Say("%s", says.first)
			cancel()
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel()
	}
}
