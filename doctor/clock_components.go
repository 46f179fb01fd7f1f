package doctor

import (
	"fmt"
	"strings"
	"time"

	"github.com/monctl/monctl/doctor/clock"
)

// bannerFrom is where Prometheus' page begins to complain (web/ui PanelList.tsx, QueryPage.tsx).
const bannerFrom = 30 * time.Second

// clockBanner says whose clock the banner of Prometheus' page is about.
func clockBanner() Check {
	return Check{
		ID: "clock/banner", Title: "Prometheus' page shows no time difference", On: []string{"prometheus"}, Needs: []Shared{Clocks},
		After: []string{"clock/offset", "clock/here"}, Judge: judgeBanner,
		Doc: Doc{
			Symptom:  "`Detected N seconds time difference between your browser and the server. Prometheus relies on accurate time and time drift might cause unexpected query results.` (2); `Server time is out of sync` (3).",
			Cause:    "The page compares the browser's clock with the server's and cannot tell which is wrong.",
			Evidence: "Prometheus' own time(), this machine's clock, and NTP: three clocks, of which one is named. The browser is taken to run on this machine.",
			Fix:      "Correct the clock that is wrong, and only that. The data are not touched for the banner alone.",
			Risk:     "Low.",
			Source:   "prometheus#3059, #3276, #14607, #15394",
		},
	}
}

func judgeBanner(f Fleet) []Finding {
	ref := f.reference()
	var found []Finding
	for _, h := range f.Hosts {
		for _, c := range h.Of("prometheus") {
			if !c.Clock.Known || !c.Clock.Offset.Outside(bannerFrom) {
				continue
			}
			off := c.Clock.Offset
			guilty, cause := attribute(f, ref, c.Clock)
			found = append(found, Finding{
				Host: h.Name, Component: c.Name, Level: Warn, Tag: guilty,
				Title:    fmt.Sprintf("the page shows “Detected %s seconds time difference between your browser and the server”", strings.TrimSuffix(spell(off.Value().Abs(), off.Bound()), " s")),
				Evidence: []Evidence{offsetEvidence("Prometheus' clock minus this machine's", off), Says("true time by", ref.Source)},
				Cause:    cause,
				Fix:      "See the clock that is wrong.",
			})
		}
	}
	return found
}

// attribute names the clock that is wrong: "server", "browser", "both", or "" when nobody can tell.
func attribute(f Fleet, ref reference, server clock.Reading) (guilty, cause string) {
	if !ref.Known {
		return "", "One of the two clocks is wrong. Nobody says which: " + ref.Source + "."
	}
	here, there := clock.Interval{}.Minus(ref.Offset), server.Offset.Minus(ref.Offset)
	hereWrong, thereWrong := here.Outside(f.Settings.OffsetWarn), there.Outside(f.Settings.OffsetWarn)
	switch {
	case thereWrong && !hereWrong:
		return "server", "The server's clock is wrong: it is " + ahead(there) + ". This machine's is right."
	case hereWrong && !thereWrong:
		return "browser", "This machine's clock is wrong: it is " + ahead(here) + ". The server's is right; nothing is to be done there."
	case hereWrong && thereWrong:
		return "both", "Both clocks are wrong: the server's is " + ahead(there) + ", this machine's " + ahead(here) + "."
	}
	return "", "The measurement is too coarse to say which of the two clocks is wrong."
}

// clockComponent finds a process that sees another time than its host.
func clockComponent() Check {
	return Check{
		ID: "clock/component", Title: "components see the clock of their host", Needs: []Shared{Clocks},
		On: []string{"prometheus", "grafana", "alertmanager", "loki"}, After: []string{"clock/shifted"}, Judge: judgeComponentClock,
		Doc: Doc{
			Symptom:  "The host's clock is right, and a component's own answers show another time.",
			Cause:    "The process was started with a shifted clock (libfaketime), or something else answers on its port: a proxy to another machine.",
			Evidence: "time() of Prometheus to the millisecond, or the Date header to the second, against the host's clock.",
			Fix:      "Start it without the shift; look what listens on the port.",
			Risk:     "Low.",
			Source:   "libfaketime(1)",
		},
	}
}

func judgeComponentClock(f Fleet) []Finding {
	var found []Finding
	for _, h := range f.Hosts {
		for _, c := range h.Of("prometheus", "grafana", "alertmanager", "loki") {
			off, known := differs(c.Clock, h.Clock)
			if !known || !off.Outside(f.Settings.OffsetWarn) {
				continue
			}
			found = append(found, Finding{
				Host: h.Name, Component: c.Name, Level: Warn, Title: c.Kind + "'s own clock is " + apartFrom(off) + " its host's",
				Evidence: []Evidence{offsetEvidence("its clock minus the host's", off), Says("read with", c.Clock.Reader)},
				Cause:    "The process runs with a shifted clock, or something else than this process answers on its port.",
				Fix:      "Look at its environment (LD_PRELOAD, FAKETIME) and at what listens on " + strings.TrimPrefix(c.Base, "http://"),
			})
		}
	}
	return found
}

// alertLife is how long an alert lives at the Alertmanager after Prometheus sent it: 4 × max(interval, resend delay of 1
// m), rules/alerting.go.
const alertLife = 4 * time.Minute

// clockAlerts finds a Prometheus so far behind its Alertmanager that alerts arrive already resolved.
func clockAlerts() Check {
	return Check{
		ID: "clock/alertmanager", Title: "Alertmanager and Prometheus agree on the time", On: []string{"alertmanager", "prometheus"}, Needs: []Shared{Clocks},
		After: []string{"clock/offset"}, Judge: judgeAlertClock,
		Doc: Doc{
			Symptom:  "An alert fires in Prometheus and is never notified; or it is resolved at once and fires again.",
			Cause:    "Prometheus sends EndsAt = its time + 4 min. When its clock is behind Alertmanager's by more, alerts arrive already resolved.",
			Evidence: "The clocks of both, by their own answers, against this machine's.",
			Fix:      "Correct the clock that is wrong.",
			Risk:     "Low.",
			Source:   "prometheus rules/alerting.go (ValidUntil); alertmanager api/v2/api.go (EndsAt.After(now))",
		},
	}
}

func judgeAlertClock(f Fleet) []Finding {
	var found []Finding
	for _, p := range f.Hosts {
		for _, prom := range p.Of("prometheus") {
			for _, a := range f.Hosts {
				for _, am := range a.Of("alertmanager") {
					off, known := differs(prom.Clock, am.Clock)
					if !known || off.High > -alertLife {
						continue
					}
					found = append(found, Finding{
						Host: p.Name, Component: prom.Name, Level: Fail, Tag: a.Name + " " + am.Name, Concerns: []string{a.Name},
						Title:    fmt.Sprintf("alerts arrive at %s already resolved: Prometheus' clock is %s its", a.Name, apartFrom(off)),
						Evidence: []Evidence{offsetEvidence("Prometheus' clock minus Alertmanager's", off), Number("alerts live for", alertLife.Seconds(), "s")},
						Cause:    "Prometheus gives alerts four minutes by its own clock.", Fix: "Correct the clock that is wrong.",
					})
				}
			}
		}
	}
	return found
}

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
