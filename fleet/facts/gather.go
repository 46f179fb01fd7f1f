package facts

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/monctl/monctl/fleet"
)

// Options says which of the costly questions are asked. The zero value asks only what one pass over /proc, /sys
// and /etc answers.
type Options struct {
	Paths     []string // whose file systems are looked at; DefaultPaths when nil
	Listeners bool     // who listens where
	Units     []string // services or globs to ask systemctl about: "prometheus.service", "*.service"
	Internet  string   // host:port to try from the host, with a limit of 2 s; "" does not ask
}

// DefaultPaths are those that an installation writes to.
var DefaultPaths = []string{"/", "/opt", "/var/lib", "/etc", "/tmp"}

// ClockTolerance is how far a host's clock may be from this machine's before Line mentions it.
const ClockTolerance = 1 * time.Second

// Gather asks a host in one Run.
func Gather(ctx context.Context, conn fleet.Conn, opts Options) (Facts, error) {
	var clockSeen time.Time
	sent := time.Now()
	result, err := conn.Run(ctx, fleet.Cmd{Script: Script(opts), OnLine: func(line string) {
		if clockSeen.IsZero() && strings.HasPrefix(line, clockMark) {
			clockSeen = time.Now()
		}
	}})
	if err != nil {
		return Facts{}, fmt.Errorf("facts: %w", err)
	}
	f, err := Parse(result.Stdout)
	if err != nil {
		return Facts{}, err
	}
	if clockSeen.IsZero() {
		clockSeen = time.Now()
	}
	f.Clock.Sent, f.Clock.Received = sent, clockSeen
	return f, nil
}
