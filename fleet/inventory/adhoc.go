package inventory

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
)

// AdHoc makes an inventory of [user@]host[:port] targets that all run the given components, each NAME or NAME@VERSION.
// A user carries on to later targets without one; an IPv6 address with a port stands in brackets; localhost alone
// needs no SSH. The name of a host is its address, with the port when one address comes twice.
func AdHoc(targets, components []string) (*Inventory, error) {
	inv := &Inventory{Name: "command line", Dir: ".", Fetch: FetchController, Fallback: FallbackAsk, Parallel: fleet.DefaultParallel}
	var errs []error
	errs = append(errs, inv.adHocHosts(targets)...)
	names := make([]string, 0, len(inv.Hosts))
	for _, h := range inv.Hosts {
		names = append(names, h.Name)
	}
	for _, word := range components {
		name, version, hasVersion := strings.Cut(word, "@")
		if !nameRE.MatchString(name) || hasVersion && version == "" {
			errs = append(errs, fmt.Errorf("component %q: want NAME or NAME@VERSION", word))
			continue
		}
		if inv.has(name) {
			errs = append(errs, fmt.Errorf("component %q: given twice", name))
			continue
		}
		inv.Components = append(inv.Components, Component{Name: name, Version: version, Hosts: names})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fault.Misuse(err, "Targets are written [user@]host[:port].")
	}
	return inv, nil
}

func (inv *Inventory) adHocHosts(targets []string) []error {
	if len(targets) == 0 {
		return []error{errors.New("no hosts given")}
	}
	var errs []error
	user, seen := "", map[string]bool{}
	for _, word := range targets {
		t, err := parseTarget(word)
		if err != nil {
			errs = append(errs, fmt.Errorf("target %q: %w", word, err))
			continue
		}
		if t.user != "" {
			user = t.user
		}
		h := fleet.Host{Name: hostName(t.host), Address: t.host, Port: t.port, User: user, Sudo: fleet.SudoAuto}
		if t == (target{host: localhost}) {
			h.Local, h.User = true, ""
		}
		way := fmt.Sprintf("%s %d", strings.ToLower(h.Address), portOr22(h.Port))
		if seen[h.Name] && !seen[way] && h.Port != 0 {
			h.Name += "-" + strconv.Itoa(h.Port)
		}
		if seen[h.Name] {
			errs = append(errs, fmt.Errorf("target %q: given twice", word))
		}
		if err := checkName(h.Name); err != nil {
			errs = append(errs, fmt.Errorf("target %q: %w", word, err))
		}
		seen[h.Name], seen[way] = true, true
		inv.Hosts = append(inv.Hosts, Host{Host: h})
	}
	return errs
}

// hostName makes a name of an address: a colon of IPv6 cannot be part of one, nor the percent sign of a zone.
func hostName(address string) string {
	if strings.Contains(address, ":") {
		return "ip6-" + strings.NewReplacer(":", "-", "%", "-").Replace(address)
	}
	return strings.TrimSuffix(address, ".")
}
