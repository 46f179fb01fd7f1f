// Package datahost works on the data folder of a component on a host: it finds out where the data really are, from the
// running process, its unit and its API; stops the unit and keeps it stopped; hands the folder to the monctl that it sent
// there (package datadir does the work, on the host); starts the unit again, and proves that it takes samples.
//
// The package prints nothing and asks nobody. It knows nothing of the format of the data.
package datahost

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
)

// Name is what a person types: HOST/COMPONENT, HOST/COMPONENT:PORT or HOST/UNIT.
type Name struct {
	Host      string
	Component string // a kind ("prometheus") or a unit without ".service" ("monctl-prometheus")
	Port      int    // 0 is not given
}

// ParseName reads a Name.
func ParseName(text string) (Name, error) {
	host, component, ok := strings.Cut(text, "/")
	n := Name{Host: host, Component: strings.TrimSuffix(component, ".service")}
	if name, port, given := strings.Cut(n.Component, ":"); given {
		number, err := strconv.ParseUint(port, 10, 16)
		n.Component, n.Port = name, int(number)
		ok = ok && err == nil && number > 0
	}
	if !ok || n.Host == "" || n.Component == "" || strings.Contains(n.Component, "/") {
		return Name{}, fault.Misuse(fmt.Errorf("%q does not name data on a host: want HOST/COMPONENT", text),
			"For example: web1/prometheus, web1/prometheus:9091 or web1/monctl-prometheus. A folder of this machine: --local DIR")
	}
	return n, nil
}

// String is the Name as it is typed.
func (n Name) String() string {
	text := n.Host + "/" + n.Component
	if n.Port > 0 {
		text += ":" + strconv.Itoa(n.Port)
	}
	return text
}
