// Package site fetches dashboards that people published on grafana.com, by their numbers.
package site

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/dashboard"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/installer/release/web"
)

// Site is grafana.com, or a mirror of it.
type Site struct {
	Web    *web.Client
	Mirror release.Mirror
}

// Download is a dashboard as it was published.
type Download struct {
	ID, Revision int
	Source       []byte
	License      string // "" when nothing says one
}

const base = "https://grafana.com/api/dashboards"

// about is what the site says of a dashboard.
type about struct {
	Revision int    `json:"revision"` // the newest
	Name     string `json:"name"`
}

// Fetch downloads a revision; 0 is the newest.
func (s Site) Fetch(ctx context.Context, id, revision int) (Download, error) {
	known, err := s.about(ctx, id)
	if err != nil {
		return Download{}, err
	}
	if revision == 0 {
		revision = known.Revision
	}
	address := s.Mirror.Apply(fmt.Sprintf("%s/%d/revisions/%d/download", base, id, revision))
	source, err := s.Web.Text(ctx, address, dashboard.Largest)
	if web.Missing(err) {
		return Download{}, fault.Misuse(fmt.Errorf("dashboard %d (%s) has no revision %d", id, known.Name, revision), "The newest is %d.", known.Revision)
	}
	if err != nil {
		return Download{}, fmt.Errorf("dashboard %d: %w", id, err)
	}
	return Download{ID: id, Revision: revision, Source: source, License: licenses[id]}, nil
}

func (s Site) about(ctx context.Context, id int) (about, error) {
	address := s.Mirror.Apply(fmt.Sprintf("%s/%d", base, id))
	text, err := s.Web.Text(ctx, address, dashboard.Largest)
	if web.Missing(err) {
		return about{}, fault.Misuse(fmt.Errorf("there is no dashboard %d: %w", id, err), "Its number is in the address of its page on grafana.com/grafana/dashboards.")
	}
	if err != nil {
		return about{}, fmt.Errorf("dashboard %d: %w", id, err)
	}
	var a about
	if err := json.Unmarshal(text, &a); err != nil || a.Revision < 1 {
		return about{}, fmt.Errorf("dashboard %d: %s does not answer as grafana.com does", id, address)
	}
	return a, nil
}

// licenses are those that the projects state in which the dashboards are kept; the site itself states none.
var licenses = map[int]string{
	1860: "Apache-2.0", // rfmoz/grafana-dashboards
	7589: "Apache-2.0", // danielqsj/kafka_exporter
	763:  "MIT",        // oliver006/redis_exporter
}
