// Package apply changes a host according to a plan: everything travels in one verified stream, every change is
// journalled on the host before it is made, and a step that fails there is undone there, without the controller.
package apply

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/plan"
)

// ErrPlayback says that the host answered, but its journal could not be played back or closed completely.
var ErrPlayback = errors.New("the host's journal could not be played back")

// Progress is told how far the work on one host is. Every method may be nil.
type Progress struct {
	Step func(key string)         // a step began
	Sent func(bytes, total int64) // of the stream
}

// Run applies a plan to a host. The id names the run in the host's journal: letters, digits, dots and dashes.
// The journal stays open until Commit or Undo: a change counts only once it is proven.
func Run(ctx context.Context, conn fleet.Conn, id string, p plan.Plan, progress Progress) error {
	members, err := write(id, p)
	if err != nil {
		return fmt.Errorf("%s: write the change: %w", p.Host, err)
	}
	body, size, err := stream(members)
	if err != nil {
		return fmt.Errorf("%s: pack the change: %w", p.Host, err)
	}
	defer body.Close()
	var out outcome
	res, err := conn.Run(ctx, fleet.Cmd{
		Script: receiveScript, Stdin: body, Size: size,
		OnSent: func(n int64) {
			if progress.Sent != nil {
				progress.Sent(n, size)
			}
		},
		OnLine: func(line string) { out.line(line, progress.Step) },
	})
	if err != nil {
		return fault.With(fmt.Errorf("%s: apply: %w", p.Host, err),
			"Run the same command again: it looks at what is there and finishes or repeats what is missing.")
	}
	return out.err(p.Host, res)
}

// Commit closes the journal: the change is proven and becomes the one that Rollback undoes.
func Commit(ctx context.Context, conn fleet.Conn) error {
	_, err := run(ctx, conn, "commit_journal")
	return err
}

// Undo plays back the open journal. It returns false when there is none.
func Undo(ctx context.Context, conn fleet.Conn) (bool, error) {
	return playBack(ctx, conn, "open")
}

// Rollback plays back the journal of the last proven change. It returns false when there is none.
func Rollback(ctx context.Context, conn fleet.Conn) (bool, error) {
	return playBack(ctx, conn, "last")
}

func playBack(ctx context.Context, conn fleet.Conn, journal string) (bool, error) {
	out, err := run(ctx, conn, `trap '' HUP PIPE; if [ -f "$`+journal+`/undo" ]; then undo_journal "$`+journal+`"; else echo @none; fi`)
	if err != nil {
		return true, err
	}
	return !strings.Contains(out, "@none"), nil
}

// run executes a script that may call the host functions. Lines "@undofail …" of a playback are in the error.
func run(ctx context.Context, conn fleet.Conn, script string) (string, error) {
	res, err := conn.Run(ctx, fleet.Cmd{Script: hostFunctions + script + "\n"})
	if err != nil {
		return "", err
	}
	if res.Exit == 0 {
		return res.Stdout, nil
	}
	var why []string
	for line := range strings.Lines(res.Stdout) {
		if what, ok := strings.CutPrefix(line, "@undofail "); ok {
			why = append(why, strings.TrimSpace(what))
		}
	}
	if s := strings.TrimSpace(res.Stderr); s != "" {
		why = append(why, s)
	}
	return res.Stdout, fmt.Errorf("%w: %s", ErrPlayback, strings.Join(why, "; "))
}
