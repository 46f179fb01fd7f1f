package inventory

import (
	"fmt"
	"slices"
	"testing"

	"github.com/monctl/monctl/fleet"
)

func probed(name, address string, change func(*fleet.Host)) Probed {
	h := fleet.Host{Name: name, Address: address, User: "ubuntu", Sudo: fleet.SudoAuto, Keys: []string{"/keys/id"}}
	if change != nil {
		change(&h)
	}
	return Probed{Host: h, Note: "Debian 12, arm64, 2.0 GiB free, clock ok"}
}

func TestRenderIsReadBack(t *testing.T) {
	for name, c := range map[string]struct {
		hosts []Probed
		runs  []Assignment
	}{
		"one host": {[]Probed{probed("vm1", "172.16.85.31", nil)}, []Assignment{{"prometheus", []string{"vm1"}}}},
		"fleet": {
			[]Probed{
				probed("vm1", "172.16.85.31", nil),
				probed("vm2", "172.16.85.11", func(h *fleet.Host) { h.User, h.Port = "root", 2222 }),
				probed("ip6-fe80--1", "fe80::1", func(h *fleet.Host) { h.Keys, h.Jump = []string{"/a", "/b c"}, "x@y:1,z" }),
				{Host: fleet.Host{Name: "here", Address: "localhost", Local: true, Sudo: fleet.SudoAuto}},
			},
			[]Assignment{
				{"node_exporter", []string{"vm1", "vm2", "ip6-fe80--1", "here"}},
				{"prometheus", []string{"vm1"}},
				{"grafana", []string{"vm1", "here"}},
			},
		},
		"odd words": {
			[]Probed{
				probed("null", "true", nil), probed("1.10", "0x1F", func(h *fleet.Host) { h.User = `DOM\me` }),
				probed("on", "~", func(h *fleet.Host) { h.Address = "off"; h.Sudo = fleet.SudoNever }),
			},
			nil,
		},
		"shared login": {
			[]Probed{
				probed("a", "b", func(h *fleet.Host) { h.Port, h.Jump, h.Sudo = 22, "j", fleet.SudoNever }),
				probed("c", "d", func(h *fleet.Host) { h.Port, h.Jump, h.Sudo = 22, "j", fleet.SudoNever }),
			},
			[]Assignment{{"x", nil}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			src := Render(c.hosts, c.runs)
			inv, err := Parse("/srv/monctl.yaml", src)
			if err != nil {
				t.Fatalf("%v\n%s", err, src)
			}
			var hosts []fleet.Host
			for _, h := range inv.Hosts {
				hosts = append(hosts, h.Host)
			}
			var want []fleet.Host
			for _, p := range c.hosts {
				want = append(want, p.Host)
			}
			diff(t, hosts, want)
			if !slices.EqualFunc(inv.Assignments(), c.runs, func(a, b Assignment) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
				t.Errorf("have %v, want %v\n%s", inv.Assignments(), c.runs, src)
			}
		})
	}
}

func TestRenderGolden(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	key := func(h *fleet.Host) { h.Keys = []string{"/home/me/.ssh/id_ed25519"} }
	hosts := []Probed{
		probed("vm1", "172.16.85.31", key),
		probed("vm2", "172.16.85.11", key),
		probed("vm3", "172.16.85.12", func(h *fleet.Host) { key(h); h.Port = 2222 }),
	}
	hosts[1].Note = "two\nlines: \x1b[31m"
	golden(t, "testdata/init.yaml", Render(hosts, []Assignment{
		{"prometheus", []string{"vm1"}},
		{"grafana", []string{"vm1"}},
		{"alertmanager", []string{"vm1"}},
		{"node_exporter", []string{"vm1", "vm2", "vm3"}},
	}))
}
