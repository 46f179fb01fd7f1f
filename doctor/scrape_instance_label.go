package doctor

import (
	"fmt"
	"maps"
	"net"
	"slices"
)

func scrapeInstanceLabel() Check {
	return Check{
		ID: "scrape/instance-label", Title: "instance tells hosts apart",
		After: []string{downAfter, "scrape/duplicate-targets"},
		Ask:   asks(askTargets, askConfig),
		Judge: judgeInstances,
		Doc: Doc{
			Symptom:  "A dashboard shows one host where there are several, or values that jump between two.",
			Cause:    "Relabelling removed or fixed the label instance, or several Prometheus call their own exporter localhost:9100 and are read together.",
			Evidence: "The label instance of all active targets of a job against their addresses, and localhost instances of several servers that write to the same place.",
			Fix:      "Leave instance alone, or set it to the name of the host; give each server external_labels.",
			Risk:     "The history of the old label ends.",
			Source:   "prometheus docs/concepts/jobs_instances.md",
		},
	}
}

func judgeInstances(f Fleet) []Finding {
	return append(perServer("scrape/instance-label", judgeInstance)(f), sharedLocalhost(f)...)
}

func judgeInstance(s server) ([]Finding, error) {
	list, err := s.targets()
	if err != nil {
		return nil, err
	}
	addresses := map[string]map[string]bool{}
	var found []Finding
	for _, t := range list.Active {
		if t.Labels["instance"] == "" {
			found = append(found, Finding{
				Level: Warn, Tag: t.Pool + " " + t.URL, Title: "a target of job " + t.Pool + " has no instance", Evidence: []Evidence{Says("target", t.URL)},
				Cause: "Relabelling removed it.", Fix: "take the rule for instance out of job " + t.Pool,
			})
			continue
		}
		if addresses[t.name()] == nil {
			addresses[t.name()] = map[string]bool{}
		}
		addresses[t.name()][t.address()] = true
	}
	for _, name := range slices.Sorted(maps.Keys(addresses)) {
		if hosts := addresses[name]; len(hosts) > 1 && sameJobOnly(list.Active, name) {
			found = append(found, Finding{
				Level: Warn, Tag: name, Title: fmt.Sprintf("%d targets are called %s", len(hosts), name),
				Evidence: []Evidence{Says("addresses", fmt.Sprint(slices.Sorted(maps.Keys(hosts))))},
				Cause:    "Different exporters have the same job and instance, so panels mix them up.", Fix: "set instance to the name of each host, or give the exporters different jobs",
			})
		}
	}
	return found, nil
}

// sameJobOnly says that targets of one job and instance are told apart by no other label.
func sameJobOnly(active []target, name string) bool {
	seen := map[string]bool{}
	n := 0
	for _, t := range active {
		if t.name() == name {
			seen[fmt.Sprint(t.Labels)] = true
			n++
		}
	}
	return len(seen) < n || n > 1 && len(seen) == 1
}

// sharedLocalhost finds servers that remote-write the same localhost instance to the same place.
func sharedLocalhost(f Fleet) []Finding {
	writers := map[string][]server{}
	for _, s := range servers(f) {
		c, err := s.config()
		list, targetErr := s.targets()
		if err != nil || targetErr != nil {
			continue // perServer has said so
		}
		for _, w := range c.RemoteWrite {
			for _, t := range list.Active {
				if host, _, _ := net.SplitHostPort(t.Labels["instance"]); isLoopback(host) {
					key := w.URL + " as " + t.name()
					writers[key] = append(writers[key], s)
				}
			}
		}
	}
	var found []Finding
	for _, key := range slices.Sorted(maps.Keys(writers)) {
		if by := writers[key]; len(by) > 1 && by[0].Host.Name != by[1].Host.Name {
			found = append(found, Finding{
				Level: Warn, Host: by[0].Host.Name, Component: by[0].Name, Tag: key, Title: "several servers write " + key,
				Evidence: []Evidence{Says("servers", by[0].Host.Name+", "+by[1].Host.Name)}, Concerns: []string{by[1].Host.Name},
				Cause: "localhost is another machine for each of them, and the receiver cannot tell.", Fix: "set global.external_labels of each server, and name hosts in the jobs",
			})
		}
	}
	return found
}
