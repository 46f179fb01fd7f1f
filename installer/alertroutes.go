package installer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/routes"
)

// routeFaults reads the Alertmanager configurations among the files of a host, before the host is asked to check them.
func routeFaults(resources []resource.Resource) []routes.Fault {
	var faults []routes.Fault
	for _, res := range resources {
		f, ok := res.(resource.File)
		if !ok || !strings.HasSuffix(f.Path, "/alertmanager/alertmanager.yml") {
			continue
		}
		if config, err := routes.Parse(string(f.Content)); err == nil { // amtool names what is no configuration
			faults = append(faults, config.Faults()...)
		}
	}
	return faults
}

// misrouted refuses a configuration that Alertmanager would not start with.
func misrouted(host string, resources []resource.Resource) error {
	var errs []error
	for _, f := range routeFaults(resources) {
		if f.Kind == routes.Unknown {
			errs = append(errs, fault.Misuse(fmt.Errorf("%s: alertmanager.yml: %s", host, f.Text), "Correct alertmanager.yml.tmpl in your catalogue."))
		}
	}
	return errors.Join(errs...)
}

// RouteNotes are, per host, what alerts will not reach, in words: it may be meant, so it refuses nothing.
func (r *Run) RouteNotes() []string {
	var notes []string
	for _, h := range r.alive() {
		for _, f := range routeFaults(h.Resources) {
			note := fmt.Sprintf("alertmanager on %s: %s", h.Name, f.Text)
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return notes
}
