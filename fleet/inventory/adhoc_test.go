package inventory

import (
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
)

func TestAdHoc(t *testing.T) {
	inv, err := AdHoc(
		[]string{"a", "ubuntu@172.16.85.31", "172.16.85.11:2222", "root@[::1]:22", "fe80::1%eth0", "localhost", "172.16.85.31:2201"},
		[]string{"node_exporter", "prometheus@3.5.0"})
	if err != nil {
		t.Fatal(err)
	}
	want := []fleet.Host{
		{Name: "a", Address: "a"},
		{Name: "172.16.85.31", Address: "172.16.85.31", User: "ubuntu"},
		{Name: "172.16.85.11", Address: "172.16.85.11", User: "ubuntu", Port: 2222},
		{Name: "ip6---1", Address: "::1", User: "root", Port: 22},
		{Name: "ip6-fe80--1-eth0", Address: "fe80::1%eth0", User: "root"},
		{Name: "localhost", Address: "localhost", Local: true},
		{Name: "172.16.85.31-2201", Address: "172.16.85.31", User: "root", Port: 2201},
	}
	var names []string
	for i, h := range inv.Hosts {
		want[i].Sudo = fleet.SudoAuto
		diff(t, h.Host, want[i])
		names = append(names, h.Name)
	}
	diff(t, inv.Assignments(), []Assignment{{"node_exporter", names}, {"prometheus", names}})
	if inv.Components[1].Version != "3.5.0" || inv.Parallel != fleet.DefaultParallel || inv.Fetch != FetchController {
		t.Errorf("have %+v", inv)
	}
	if have := inv.ErrorAt(inv.Components[0].Pos, "no such component").Error(); have != "command line: no such component" {
		t.Errorf("have %q", have)
	}
}

func TestAdHocErrors(t *testing.T) {
	for _, c := range []struct {
		targets, components []string
		want                string
	}{
		{nil, nil, "no hosts given"},
		{[]string{"a", "u@a"}, nil, `target "u@a": given twice`},
		{[]string{"a:1", "a:1"}, nil, `target "a:1": given twice`},
		{[]string{"a", "a:22"}, nil, `target "a:22": given twice`},
		{[]string{"-oProxyCommand=x"}, nil, `target "-oProxyCommand=x": address "-oProxyCommand=x": want a host name`},
		{[]string{"$(reboot)@a"}, nil, `user "$(reboot)": want a login name`},
		{[]string{"a;b"}, nil, `address "a;b"`},
		{[]string{"a:99999"}, nil, `port "99999": want a whole number from 1 to 65535`},
		{[]string{"all"}, nil, `name "all" is taken`},
		{[]string{"@a"}, nil, `user "": want a login name`},
		{[]string{""}, nil, "address is empty"},
		{[]string{"a"}, []string{"x", "x"}, `component "x": given twice`},
		{[]string{"a"}, []string{"x@"}, `component "x@": want NAME or NAME@VERSION`},
		{[]string{"a"}, []string{"../x"}, `component "../x": want NAME or NAME@VERSION`},
	} {
		_, err := AdHoc(c.targets, c.components)
		if err == nil || fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v: have %v, want %s", c.targets, c.components, err, c.want)
		}
	}
}
