package datahost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/doctor/datadir"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
)

// Remote is the monctl that was sent to a host, with the folder it works on. It speaks as `monctl data … --local DIR --json`.
type Remote struct {
	Target
	Place     Place
	Program   string      // its path on the host
	Truth     clock.Truth // of the host's clock; the zero value lets the program ask NTP servers itself
	Retention time.Duration
	// Stuck says that the running process refuses what its data would take; Window that it knows out-of-order ingestion.
	Stuck, Window bool
}

// Answer is what the program said.
type Answer struct {
	Inspection *datadir.Inspection
	Plan       *datadir.Plan
	Result     *datadir.Result
	Err        error // of its own, with kind and remedy
	Progress   func(datadir.Progress)
}

// Hear takes one line of its output.
func (a *Answer) Hear(line string) {
	var kind struct{ Type string }
	if json.Unmarshal([]byte(line), &kind) != nil {
		return
	}
	switch kind.Type {
	case "inspection":
		a.Inspection = decoded[datadir.Inspection](line)
	case "plan":
		a.Plan = decoded[datadir.Plan](line)
	case "result":
		a.Result = decoded[datadir.Result](line)
	case "progress":
		if p := decoded[datadir.Progress](line); p != nil && a.Progress != nil {
			a.Progress(*p)
		}
	case "error":
		a.Err = errorOf(line)
	}
}

func decoded[T any](line string) *T {
	v := new(T)
	if json.Unmarshal([]byte(line), v) != nil {
		return nil
	}
	return v
}

// errorOf makes an error of cmd/ui's record of one.
func errorOf(line string) error {
	var e struct{ Kind, Message, Remedy string }
	_ = json.Unmarshal([]byte(line), &e)
	err := errors.New(e.Message)
	switch e.Kind {
	case "refused":
		return fault.Refuse(err, "%s", e.Remedy)
	case "usage":
		return fault.Misuse(err, "%s", e.Remedy)
	}
	return fault.With(err, "%s", e.Remedy)
}

// Command is the command line for one action on the folder: words are an ID and flags of it.
func (r Remote) Command(action string, words ...string) string {
	identity := r.Target.Name.String()
	kind := datadir.Kind(r.Component.Kind)
	if r.Kind == TSDB { // of the bundled monitor, too
		kind = datadir.Prometheus
	}
	argv := []string{r.Program, "data", action, "--json", "--local", r.Place.Path, "--kind", string(kind), "--identity", identity}
	if r.Truth.Known {
		argv = append(argv, "--true-offset", r.Truth.Offset.Value().String(), "--true-bound", r.Truth.Offset.Bound().String(), "--true-source", r.Truth.Source)
	}
	if r.Retention > 0 {
		argv = append(argv, "--retention", r.Retention.String())
	}
	for _, other := range r.others() {
		argv = append(argv, "--other", other)
	}
	return fleet.QuoteAll(append(argv, words...)...)
}

// others are folders of other components of the host, which must not overlap this one.
func (r Remote) others() []string {
	var list []string
	for _, c := range r.Host.Components {
		if c.Manifest == nil || c.Manifest.Data == "" || c.Name == r.Component.Name {
			continue
		}
		list = append(list, c.Manifest.Data)
	}
	return list
}

// Repairing are the flags with which a repair is planned.
func (r Remote) Repairing(noDowntime bool) []string {
	var flags []string
	if r.Stuck {
		flags = append(flags, "--stuck")
	}
	if !r.Window {
		flags = append(flags, "--no-window")
	}
	if noDowntime {
		flags = append(flags, "--no-downtime")
	}
	return flags
}

// Ask runs an action that changes nothing (inspect, or one with --plan) while the component may run.
func (r Remote) Ask(ctx context.Context, conn fleet.Conn, action string, words ...string) (Answer, error) {
	var a Answer
	res, err := conn.Run(ctx, fleet.Cmd{Script: r.Command(action, words...), OnLine: a.Hear})
	if err != nil {
		return a, fmt.Errorf("%s: %s: %w", r.Target.Name, action, err)
	}
	return a, a.outcome(r.Target.Name, action, res)
}

// Do runs an action while the unit is held. The second result is false when nothing can be said about the folder: the link was lost.
func (r Remote) Do(ctx context.Context, conn fleet.Conn, w Work, a *Answer, action string, words ...string) error {
	words = append(words, "--yes="+r.Target.Name.String())
	w.Unit, w.Line = r.Component.Unit, a.Hear
	w.Do = r.Command(action, words...)
	w.Mend = r.Command("restore", "--interrupted", "--yes="+r.Target.Name.String()) + " >/dev/null"
	res, err := w.Run(ctx, conn, r.Host.Name)
	if err != nil {
		return err
	}
	return a.outcome(r.Target.Name, action, res)
}

// DoRunning runs an action that does not need the unit to be stopped: a purge.
func (r Remote) DoRunning(ctx context.Context, conn fleet.Conn, a *Answer, action string, words ...string) error {
	words = append(words, "--yes="+r.Target.Name.String())
	res, err := conn.Run(ctx, fleet.Cmd{Script: "trap '' HUP PIPE\n" + r.Command(action, words...), OnLine: a.Hear})
	if err != nil {
		return fault.With(fmt.Errorf("%s: %s: %w", r.Target.Name, action, err), "Run the same command again: it finishes what was begun.")
	}
	return a.outcome(r.Target.Name, action, res)
}

// The exit codes of monctl that are no failure: done, and something is to be done.
const (
	exitDone    = 0
	exitChanges = 3
)

func (a Answer) outcome(n Name, action string, res fleet.Result) error {
	switch {
	case a.Err != nil:
		return fmt.Errorf("%s: %w", n, a.Err)
	case res.Exit == exitDone, res.Exit == exitChanges:
		return nil
	case res.Exit > 128:
		return fault.With(fmt.Errorf("%s: %s: monctl was killed there (signal %d)", n, action, res.Exit-128),
			"What it had begun was taken back. Look for the reason (journalctl -k: memory?), then run again.")
	}
	return fmt.Errorf("%s: %s: monctl ended there with exit %d: %s", n, action, res.Exit, strings.TrimSpace(res.Stderr))
}
