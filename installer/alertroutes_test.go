package installer

import (
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/resource"
)

// TestRoutesAreJudgedHere: what an operator's own template makes is read before a host is asked.
func TestRoutesAreJudgedHere(t *testing.T) {
	file := func(text string) []resource.Resource {
		return []resource.Resource{resource.File{Path: "/etc/monctl/alertmanager/alertmanager.yml", Content: []byte(text)}}
	}
	const receivers = "\nreceivers: [{name: team, slack_configs: [{channel: x}]}]\n"
	lost := file("route: {receiver: team, routes: [{receiver: team}, {matchers: [a=b]}]}" + receivers)
	if err := misrouted("mon", lost); err != nil {
		t.Errorf("it may be meant: %v", err)
	}
	run := &Run{Hosts: []*Host{{Name: "mon", Resources: lost}}}
	if notes := run.RouteNotes(); len(notes) != 1 || !strings.Contains(notes[0], `alertmanager on mon: route.routes[1] ({a="b"})`) {
		t.Errorf("%q", notes)
	}
	err := misrouted("mon", file("route: {receiver: tema}"+receivers))
	if err == nil || fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), `mon: alertmanager.yml: route: there is no receiver "tema"`) {
		t.Errorf("%v", err)
	}
}
