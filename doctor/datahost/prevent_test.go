package datahost

import (
	"strings"
	"testing"

	"github.com/monctl/monctl/doctor"
)

// TestOrdering: a unit that starts before the clock is right is offered the doctor's fix, and only that unit; one that waits is not.
func TestOrdering(t *testing.T) {
	fleetOf := func(after string) doctor.Fleet {
		f := hostOf(server(10, "prometheus.service", 9090, "--storage.tsdb.path=/one"), server(11, "prometheus2.service", 9091, "--storage.tsdb.path=/two"))
		h := &f.Hosts[0]
		for n := range h.Units {
			h.Units[n].Properties["UnitFileState"], h.Units[n].Properties["After"] = "enabled", after
		}
		wait := map[string]string{"UnitFileState": map[bool]string{true: "enabled", false: "disabled"}[after != ""]}
		h.Units = append(h.Units, doctor.Unit{Name: "chrony.service", Properties: map[string]string{"ActiveState": "active"}}, doctor.Unit{Name: "chrony-wait.service", Properties: wait})
		h.Probes["clock/daemon"] = doctor.Answer{Values: []doctor.Value{{Key: "rtc", Value: "rtc0"}}}
		return f
	}
	f := fleetOf("")
	target, err := Find(f, Name{Host: "web1", Component: "prometheus", Port: 9091})
	if err != nil {
		t.Fatal(err)
	}
	fixes := ordering(f, target)
	if len(fixes) != 1 || !strings.Contains(fixes[0].Title, "prometheus2.service wait for the right time at boot") || !strings.Contains(fixes[0].Steps[0].Run, "After=time-sync.target") {
		t.Errorf("fixes %+v", fixes)
	}
	if fixes := ordering(fleetOf("network.target time-sync.target"), target); len(fixes) != 0 {
		t.Errorf("it waits already, and: %+v", fixes)
	}
}
