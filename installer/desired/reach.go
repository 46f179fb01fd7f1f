package desired

import (
	"net"
	"slices"
)

// unreachable names an instance that another host should reach and cannot, because it binds a loopback address or its
// host has no address for others.
func (s *Stack) unreachable() []error {
	var errs []error
	for _, from := range s.Instances {
		for _, to := range s.neededBy(from) {
			if to.Host.Name == from.Host.Name {
				continue
			}
			switch ip := net.ParseIP(to.Bind); {
			case ip != nil && ip.IsLoopback():
				errs = append(errs, s.Inventory.ErrorAt(to.Host.Pos, "%s on %s binds %s, so %s on %s cannot reach it", to.Component.Name, to.Host.Name, to.Bind, from.Component.Name, from.Host.Name))
			case isLoopback(to.From(from.Host.Name)):
				errs = append(errs, s.Inventory.ErrorAt(to.Host.Pos, "%s on %s must be reached from %s: give the host a scrape_address", to.Component.Name, to.Host.Name, from.Host.Name))
			}
		}
	}
	return errs
}

// isLoopback says of "host:port" whether it leads every host to itself.
func isLoopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// neededBy lists the instances that an instance sends requests to.
func (s *Stack) neededBy(from Instance) []Instance {
	if s.Scrapes(from) {
		return slices.DeleteFunc(slices.Clone(s.Instances), func(i Instance) bool { return i.Component.Metrics == "" })
	}
	switch from.Component.Name {
	case "grafana":
		return slices.Concat(s.Scrapers(), s.Of("loki"))
	case "alloy", "promtail":
		return s.Of("loki")
	case "loki":
		return s.Of("alertmanager")
	}
	return nil
}
