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
