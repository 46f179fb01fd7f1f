package doctor

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
)

// config is what the checks read of the configuration that a server runs with. Prometheus writes its defaults out.
type config struct {
	Global struct {
		Interval string `yaml:"scrape_interval"`
	} `yaml:"global"`
	Jobs    []job `yaml:"scrape_configs"`
	Storage struct {
		TSDB struct {
			Window    string `yaml:"out_of_order_time_window"`
			Retention struct {
				Time string `yaml:"time"`
				Size string `yaml:"size"`
			} `yaml:"retention"`
		} `yaml:"tsdb"`
	} `yaml:"storage"`
	RemoteWrite []struct {
		URL  string `yaml:"url"`
		Name string `yaml:"name"`
	} `yaml:"remote_write"`
}

type job struct {
	Name     string   `yaml:"job_name"`
	Interval string   `yaml:"scrape_interval"`
	Timeout  string   `yaml:"scrape_timeout"`
	Scheme   string   `yaml:"scheme"`
	Path     string   `yaml:"metrics_path"`
	Honor    bool     `yaml:"honor_labels"`
	Relabel  []any    `yaml:"relabel_configs"`
	Static   []group  `yaml:"static_configs"`
	Files    []fileSD `yaml:"file_sd_configs"`
}

type group struct {
	Targets []string `yaml:"targets"`
}

type fileSD struct {
	Files []string `yaml:"files"`
}

// config reads /api/v1/status/config.
func (s server) config() (config, error) {
	var c config
	data, err := answer[struct{ YAML string }](s, askConfig)
	if err != nil {
		return c, err
	}
	if data.YAML == "" {
		return c, errors.New(askConfig + ": the answer has no configuration")
	}
	if err := yaml.Unmarshal([]byte(data.YAML), &c); err != nil {
		return c, fmt.Errorf("%s: not understood: %w", askConfig, err)
	}
	return c, nil
}
