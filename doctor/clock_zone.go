package doctor

import (
	"fmt"
	"strings"
)

// clockZone explains time zones that differ: nothing is wrong with the clocks.
func clockZone() Check {
	return Check{
		ID: "clock/zone", Title: "hosts show times in one zone", Judge: judgeZone, After: []string{"clock/offset"},
		Doc: Doc{
			Symptom:  "Logs in UTC, Grafana in local time, cron in another: it looks like a clock that is wrong by hours.",
			Cause:    "The time zones differ. Clocks count UTC, and Prometheus stores UTC: it is only how times are shown.",
			Evidence: "The UTC offset that date shows on each host.",
			Fix:      "None to clocks. Set the zone for display: timedatectl set-timezone, Grafana's preferences.",
			Risk:     "None.",
			Source:   "node_exporter collector/time.go",
		},
	}
}

func judgeZone(f Fleet) []Finding {
	zones := map[string][]string{}
	for _, h := range f.Hosts {
		if !h.Facts.Clock.Time.IsZero() {
			zone := h.Facts.Clock.Time.Format("-0700")
			zones[zone] = append(zones[zone], h.Name)
		}
	}
	if len(zones) < 2 {
		return nil
	}
	found := Finding{
		Level: Note, Title: fmt.Sprintf("hosts are in %d time zones; that is display only", len(zones)),
		Cause: "Times in logs of different hosts look hours apart although the clocks agree.", Fix: "timedatectl set-timezone UTC   # if one zone is wanted; no clock changes",
	}
	for _, z := range sortedKeys(zones) {
		found.Evidence = append(found.Evidence, Says("UTC"+z, strings.Join(zones[z], ", ")))
	}
	return []Finding{found}
}
