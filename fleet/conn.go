package fleet

import (
	"context"
	"io"
	"net"
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// Conn is a root shell on one host and the only primitive that reaches it. Implementations are safe for use by
// several goroutines; Run calls of one Conn happen one after the other.
type Conn interface {
	// Run runs a script with the host's sh as root, in a subshell of one persistent shell. A non-zero exit
	// status is part of the Result, not an error; an error means that the outcome is not known (link lost,
	// context ended), and the Conn is closed then.
	Run(ctx context.Context, cmd Cmd) (Result, error)
	// Dial connects to an address as seen from the host, so that its APIs are asked with no tool installed there.
	Dial(ctx context.Context, network, addr string) (net.Conn, error)
	// Close ends the shell and the connection. What still runs on the host sees end of input.
	Close() error
}

// Cmd is one script for a host.
type Cmd struct {
	Script string // POSIX sh source, any length
	// Stdin holds exactly Size bytes, which the script reads from its standard input; nil gives it an empty one.
	Stdin io.Reader
	Size  int64 // bytes
	// Talk, when set, instead of Stdin, holds a conversation with the script: what it writes is the script's standard
	// input, and OnLine hears what the script says. It runs in a goroutine of its own once the script was sent, and
	// must return when ctx ends, which it does when the script does. When Talk returns, the script is given one more line, a
	// single dot, at which it must end. The script must read line by line, with read of sh or byte by byte.
	Talk func(ctx context.Context, say io.Writer) error
	// Keep runs the script in the persistent shell itself instead of a subshell, so that what it opens
	// (a lock on a file descriptor) stays until the connection ends.
	Keep bool
	// OnLine, when set, is called with each line of standard output as it arrives, from the goroutine of Run.
	OnLine func(line string)
	// OnSent, when set, is called with the number of bytes of Stdin sent so far.
	OnSent func(bytes int64)
}

// Result is what a script left behind.
type Result struct {
	Stdout, Stderr string
	Exit           int // exit status of the script, 0 to 255
}

// Quote returns one word that sh reads back as s. It is the only function that quotes for a shell.
func Quote(s string) string { return shellescape.Quote(s) }

// QuoteAll quotes each word and joins them with spaces: a command line for sh.
func QuoteAll(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}
