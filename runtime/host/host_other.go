//go:build !linux

package host

import (
	"errors"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
)

// Register says that there are no host metrics here: monctl measures Linux hosts.
func Register(prometheus.Registerer, *slog.Logger) error {
	return errors.New("host metrics are there on Linux only")
}
