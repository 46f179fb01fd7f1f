// Command promtail is Grafana's log agent. Loki's module still has all of it but its main function, which upstream took out when support
// of promtail ended: this is one.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/grafana/dskit/flagext"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/grafana/loki/v3/clients/pkg/promtail"
	"github.com/grafana/loki/v3/clients/pkg/promtail/client"
	"github.com/grafana/loki/v3/clients/pkg/promtail/config"
	"github.com/grafana/loki/v3/pkg/util/cfg"
	"github.com/grafana/loki/v3/pkg/util/log"
)

// settings are those of promtail, from its file and its flags.
type settings struct {
	config.Config `yaml:",inline"`
	file          string
}

// RegisterFlags adds -config.file to promtail's own flags.
func (s *settings) RegisterFlags(f *flag.FlagSet) {
	f.StringVar(&s.file, "config.file", "", "yaml file to load")
	s.Config.RegisterFlags(f)
}

// Clone is a copy, as the file is read a second time without the flags.
func (s *settings) Clone() flagext.Registerer {
	c := *s
	return &c
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "promtail:", err)
		os.Exit(1)
	}
}

func run() error {
	var s settings
	if err := cfg.DefaultUnmarshal(&s, os.Args[1:], flag.CommandLine); err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	log.InitLogger(&s.ServerConfig.Config, prometheus.DefaultRegisterer, false)
	metrics := client.NewMetrics(prometheus.DefaultRegisterer)
	p, err := promtail.New(s.Config, nil, metrics, false)
	if err != nil {
		return err
	}
	defer p.Shutdown()
	return p.Run()
}
