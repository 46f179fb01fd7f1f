package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/doctor"
)

func linkOf(component, to, host string, kind doctor.ReachKind) doctor.Link {
	return doctor.Link{From: "vm1", Component: component, Role: doctor.LinkScrape, To: to, Host: host, Reached: doctor.Reached{OK: kind == doctor.ReachOK, Kind: kind, Took: 300 * time.Microsecond}}
}

func TestReachGrid(t *testing.T) {
	small := []doctor.Link{
		linkOf("alertmanager", "hooks.slack.com:443", "", doctor.ReachTimeout),
		linkOf("prometheus", "10.0.0.1:9100", "vm1", doctor.ReachOK),
		linkOf("prometheus", "10.0.0.2:9100", "vm2", doctor.ReachRefused),
		linkOf("prometheus", "db:9104", "", doctor.ReachNoName),
		linkOf("prometheus", "10.0.0.3:9100", "vm3", ""),
	}
	var large []doctor.Link
	for i := range 60 {
		kind := doctor.ReachOK
		if i == 7 {
			kind = doctor.ReachTimeout
		}
		if i == 55 {
			kind = doctor.ReachRefused
		}
		large = append(large, linkOf("prometheus", fmt.Sprintf("10.0.0.%d:9100", i), fmt.Sprintf("vm%d", i), kind))
	}
	for _, c := range []struct {
		name  string
		links []doctor.Link
		width int
		want  string
	}{
		{"none", nil, 100, ""},
		{"small", small, 100, `
                  hooks.slack.com:443  vm1:9100  vm2:9100  db:9104  vm3:9100
vm1 alertmanager  dropped
vm1 prometheus                         300 µs    refused   no name  unknown`},
		{"narrow", small, 50, `
vm1 alertmanager  ⊘  0 of 1
vm1 prometheus    ■✗⊘?  1 of 4
vm1 alertmanager → hooks.slack.com:443: dropped
vm1 prometheus → vm2:9100: refused
vm1 prometheus → db:9104: no name`},
		{"large", large, 80, `
vm1 prometheus  ■■■■■■■⊘■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■
                ■■■✗■■■■  58 of 60
vm1 prometheus → vm7:9100: dropped
vm1 prometheus → vm55:9100: refused`},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, _, _ := plain(Options{})
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), strings.Join(u.reachGrid(c.links, c.width), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
