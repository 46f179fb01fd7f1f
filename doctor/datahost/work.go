package datahost

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
)

//go:embed hold.sh
var holdFunctions string

// Work is something that is done to a data folder on its host while its unit is stopped.
type Work struct {
	Unit string // with ".service"
	// Do is sh; its standard output goes to Line. Mend is sh that finishes or undoes Do when that failed or was killed;
	// when it fails too, the unit is not started on a folder that is half of something.
	Do, Mend string
	Start    bool // the unit should run afterwards even if it did not before, unless it is disabled
	// Line is told each line of what Do printed, Step what is done around it: "stop UNIT", "work", "start UNIT". Both may be nil.
	Line, Step func(string)
}

// Exit statuses of the script around Do.
const (
	exitNotStarted = 70
	exitNotHeld    = 71
)

// Run does the work under the host's lock, which the caller holds on this connection. It gives the exit status of Do and what
// was said on standard error. When the link is lost, the host goes on by itself: it finishes, and starts the unit.
func (w Work) Run(ctx context.Context, conn fleet.Conn, host string) (fleet.Result, error) {
	res, err := conn.Run(ctx, fleet.Cmd{Script: w.script(), OnLine: w.hear})
	said := strings.TrimSpace(res.Stderr)
	switch {
	case err != nil:
		return res, fault.With(fmt.Errorf("%s: %w", host, err),
			"The host goes on by itself: it finishes or undoes what was begun and starts %s. Run the same command again: it looks at what is there.", w.Unit)
	case res.Exit == exitNotHeld:
		return res, fault.With(fmt.Errorf("%s: stop %s and keep it stopped: %s", host, w.Unit, said),
			"Nothing was changed, and it was let go. Find what keeps starting it (a supervisor, a script): systemctl status %s", w.Unit)
	case res.Exit == exitNotStarted:
		return res, fault.With(fmt.Errorf("%s: start %s: %s", host, w.Unit, said),
			"What was done to the data can be taken back with monctl data restore. See journalctl -u %s on %s.", w.Unit, host)
	}
	return res, nil
}

func (w Work) say(step string) {
	if w.Step != nil {
		w.Step(step)
	}
}

func (w Work) hear(line string) {
	step, ours := strings.CutPrefix(line, "@")
	switch {
	case ours:
		w.say(step)
	case !ours && w.Line != nil:
		w.Line(line)
	}
}

func (w Work) script() string {
	start := "asbefore"
	if w.Start {
		start = "yes"
	}
	header := "unit=" + fleet.Quote(w.Unit) + " start=" + start
	functions := holdFunctions + "work() {\n" + w.Do + "\n}\nmend() {\n" + w.Mend + "\n}\n"
	return "trap '' HUP PIPE\n" + header + "\nheader=" + fleet.Quote(header) + "\nfunctions=" + fleet.Quote(functions) + "\n" + `eval "$functions"` + "\nwhole\n"
}
