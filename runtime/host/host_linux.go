package host

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/node_exporter/collector"
)

// parse sets node_exporter's options once: they are flags of the process-wide kingpin command line, and off until parsed.
// It gets a list of ours, never the words of this process.
var parse = sync.OnceValue(func() (err error) {
	kingpin.CommandLine.Terminate(nil) // an error instead of os.Exit
	defer func() {
		if r := recover(); r != nil { // kingpin panics on flags of its own that clash
			err = errors.Join(err, fmt.Errorf("node_exporter's options: %v", r))
		}
	}()
	_, err = kingpin.CommandLine.Parse(nil)
	return err
})

// Register adds node_exporter's default collectors to a registry. They are made once for the process and cached by
// upstream, so the same ones serve every registry.
func Register(reg prometheus.Registerer, log *slog.Logger) error {
	if err := parse(); err != nil {
		return fmt.Errorf("node_exporter's options: %w", err)
	}
	collectors, err := collector.NewNodeCollector(log)
	if err != nil {
		return fmt.Errorf("node_exporter's collectors: %w", err)
	}
	return reg.Register(collectors)
}
