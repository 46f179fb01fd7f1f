// Package ui is all that prints. Its rules:
//
//   - Standard output is the answer, standard error the story: progress, questions, errors.
//   - Colour and redrawing happen on a terminal only, and never with NO_COLOR, TERM=dumb, --no-color or --json.
//   - With --json every line of standard output is one object with a "type"; the last is the summary. Fields are
//     only ever added.
//   - Nothing is asked when standard input is not a terminal.
//   - An error is printed in one place, with its remedy; the same error of many hosts is printed once.
//
// The package decides nothing: it is given plans, outcomes and errors and shows them.
package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
)

// Options are what the command line says about output.
type Options struct {
	JSON, Verbose, NoColor bool
}

// UI prints. It is safe for use by several goroutines.
type UI struct {
	Options
	in       io.Reader
	out, err io.Writer
	outTTY   bool
	errTTY   bool
	inTTY    bool
	width    int // columns of standard output
	errWidth int
	paint    paint // of standard output
	errPaint paint

	mu       sync.Mutex
	progress *Progress // drawn right now; nil when none is
	asking   bool      // a question is on the screen: nothing is drawn and what is written waits
	waiting  []func()
}

// New returns a UI on the streams.
func New(s Streams, o Options) *UI {
	u := &UI{Options: o, in: s.In, out: s.Out, err: s.Err}
	u.outTTY, u.errTTY, u.inTTY = isTerminal(s.Out), isTerminal(s.Err), isTerminal(s.In)
	u.width, u.errWidth = widthOf(s.Out), widthOf(s.Err)
	dumb := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	plain := o.NoColor || o.JSON || dumb
	u.paint, u.errPaint = paint(u.outTTY && !plain), paint(u.errTTY && !plain)
	u.errTTY = u.errTTY && !dumb
	return u
}

// Print writes a line of the answer. With --json there are only objects, so it says nothing.
func (u *UI) Print(format string, args ...any) {
	if u.JSON {
		return
	}
	u.write(u.out, fmt.Sprintf(format, args...)+"\n")
}

// Say writes a line of the story.
func (u *UI) Say(format string, args ...any) {
	u.write(u.err, fmt.Sprintf(format, args...)+"\n")
}

// Detail writes a line of the story that only -v shows.
func (u *UI) Detail(format string, args ...any) {
	if u.Verbose {
		u.Say(format, args...)
	}
}

// write keeps lines apart from the progress bar and from questions. A stream that is gone is nobody's to tell.
func (u *UI) write(w io.Writer, text string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.asking {
		u.waiting = append(u.waiting, func() { _, _ = io.WriteString(w, text) })
		return
	}
	u.progress.hide()
	_, _ = io.WriteString(w, text)
	u.progress.show()
}

// beginAsking and endAsking surround a question.
func (u *UI) beginAsking() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.progress.hide()
	u.asking = true
}

func (u *UI) endAsking() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.asking = false
	for _, write := range u.waiting {
		write()
	}
	u.waiting = nil
	u.progress.show()
}

// Document writes a whole JSON file as the answer; with --json as a field of an object.
func (u *UI) Document(kind string, text []byte) {
	u.Emit(kind, map[string]any{kind: json.RawMessage(text)})
	if !u.JSON {
		u.write(u.out, string(text))
	}
}
