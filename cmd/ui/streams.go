package ui

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are the three standard streams of a run. Whether one is a terminal is found out from what it is.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Std are the streams of this process.
func Std() Streams { return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr} }

// isTerminal says whether a person is at the other end of a stream.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// widthOf is the number of columns of a terminal, or 80 where that is not known.
func widthOf(stream any) int {
	if f, ok := stream.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 20 {
			return w
		}
	}
	return 80
}
