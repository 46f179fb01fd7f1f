package facts

import (
	_ "embed" // the parts of the script
	"net"
	"strings"

	"github.com/monctl/monctl/fleet"
)

//go:embed base.sh
var baseScript string

//go:embed files.sh
var filesScript string

//go:embed listeners.sh
var listenersScript string

//go:embed units.sh
var unitsScript string

//go:embed internet.sh
var internetScript string

const (
	beginMark = "monctl-facts 1"
	endMark   = "monctl-facts end"
	clockMark = "clock "
)

// Script is the POSIX sh source that prints what Parse reads. It changes nothing on the host, needs sh and coreutils,
// and goes on when a program or a file is missing.
func Script(opts Options) string {
	paths := opts.Paths
	if paths == nil {
		paths = DefaultPaths
	}
	// The lists are quoted twice: they go through eval, where their words come apart.
	parts := []string{"paths=" + fleet.Quote(fleet.QuoteAll(paths...)) + "\n", baseScript}
	if host, port, err := net.SplitHostPort(opts.Internet); err == nil {
		parts = append(parts, "peer="+fleet.Quote(host)+" port="+fleet.Quote(port)+"\n", internetScript)
	}
	if len(opts.Units) > 0 {
		parts = append(parts, "units="+fleet.Quote(fleet.QuoteAll(opts.Units...))+"\n", unitsScript)
	}
	if opts.Listeners {
		parts = append(parts, listenersScript)
	}
	return strings.Join(append(parts, filesScript), "")
}
