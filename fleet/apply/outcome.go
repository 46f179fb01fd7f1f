package apply

import (
	"errors"
	"fmt"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
)

// StepError is a step that failed on a host.
type StepError struct {
	Host, Step string
	Stderr     string
	Undone     bool     // the host is as it was before the run
	UndoFailed []string // what could not be put back
}

// Error says which step failed and with which words of the host.
func (e *StepError) Error() string {
	msg := fmt.Sprintf("%s: %s: %s", e.Host, e.Step, e.Stderr)
	if len(e.UndoFailed) > 0 {
		msg += "; not undone: " + strings.Join(e.UndoFailed, "; ")
	}
	return msg
}

// outcome collects what the apply script announces on standard output.
type outcome struct {
	failed     string
	stderr     []string
	undone     bool
	undoFailed []string
	applied    bool
}

func (o *outcome) line(line string, onStep func(string)) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "@begin":
		if onStep != nil {
			onStep(rest)
		}
	case "@fail":
		o.failed = rest
	case "@err":
		o.stderr = append(o.stderr, rest)
	case "@undone":
		o.undone = true
	case "@undofail":
		o.undoFailed = append(o.undoFailed, rest)
	case "@applied":
		o.applied = true
	}
}

// exit statuses of receive.sh: nothing on the host was changed yet.
const (
	exitNoStage  = 73
	exitUnpack   = 74
	exitMismatch = 75
)

func (o *outcome) err(host string, res fleet.Result) error {
	if o.applied && res.Exit == 0 {
		return nil
	}
	said := strings.TrimSpace(res.Stderr)
	switch {
	case o.failed != "":
		step := &StepError{Host: host, Step: o.failed, Stderr: strings.Join(o.stderr, "\n"), Undone: o.undone, UndoFailed: o.undoFailed}
		return fault.With(step, "%s", stepRemedy(step))
	case res.Exit == exitNoStage:
		return fault.With(fmt.Errorf("%s: receive: /var/lib/monctl cannot be written: %s", host, said), "Nothing was changed. Make /var/lib writable, then run again.")
	case res.Exit == exitUnpack && diskFull(said):
		return fault.With(fmt.Errorf("%s: receive: disk full: %s", host, said), "Nothing was changed. Free space under /var/lib and /opt on %s, then run again.", host)
	case res.Exit == exitUnpack:
		return fault.With(fmt.Errorf("%s: receive: the stream was cut or could not be unpacked: %s", host, said), "Nothing was changed. Run again.")
	case res.Exit == exitMismatch:
		return fault.With(fmt.Errorf("%s: receive: checksum mismatch: %s", host, said), "Nothing was changed. Run again; if it repeats, look at the disk and memory of %s.", host)
	}
	return fault.With(errors.New(host+": apply: the host's sh ended early with exit "+fmt.Sprint(res.Exit)+": "+said),
		"Run the same command again: it finishes or repeats what is missing.")
}

// diskFull knows the words of the C library, and those of GNU tar for a file that it could write in part.
func diskFull(said string) bool {
	return strings.Contains(said, "No space left on device") || strings.Contains(said, "Wrote only ")
}

func stepRemedy(e *StepError) string {
	switch {
	case diskFull(e.Stderr) && e.Undone:
		return "The host was put back as it was. Free space on it, then run again."
	case strings.Contains(e.Stderr, "Read-only file system"):
		return "The host was put back as it was. Remount the file system read-write (or remove the host from the inventory), then run again."
	case len(e.UndoFailed) > 0:
		return "Some of the change could not be undone; what is left is listed above. Run install again to finish it, or put it right by hand."
	case strings.HasPrefix(e.Step, "check "):
		return "The release's own checker refused the configuration; nothing was replaced."
	}
	return "The host was put back as it was."
}
