package doctor

import (
	"strings"

	"github.com/monctl/monctl/doctor/clock"
)

// clockTruth says what keeps true time from being known.
func clockTruth() Check {
	return Check{
		ID: "clock/truth", Title: "NTP servers answer and agree", Needs: []Shared{Clocks}, Judge: judgeTruth,
		Doc: Doc{
			Symptom:  "The report says that clocks are judged by their median.",
			Cause:    "UDP port 123 is blocked on the way out, or NTP servers contradict each other.",
			Evidence: "One query to each of three to five servers, validated, kiss of death honoured, intervals intersected. A web server's Date header only tells a blocked port from no network.",
			Fix:      "Open UDP port 123, or name a server of your own with --ntp.",
			Risk:     "None.",
			Source:   "RFC 5905; beevik/ntp Validate; systemd#13912",
		},
	}
}

func judgeTruth(f Fleet) []Finding {
	var found []Finding
	silent := 0
	for _, s := range f.Truth.Servers {
		switch {
		case s.Falseticker:
			found = append(found, Finding{
				Level: Note, Tag: s.Name, Title: "the NTP server " + s.Name + " contradicts the others",
				Evidence: []Evidence{offsetEvidence("true time minus this machine's clock, by it", s.Offset), offsetEvidence("by the others", f.Truth.Offset)},
				Cause:    "It is a falseticker: its answer was not counted.", Fix: "Take it out of the time daemons' configuration.",
			})
		case s.Err != "":
			silent++
		}
	}
	switch {
	case f.Truth.Known || len(f.Truth.Servers) == 0:
	case silent == len(f.Truth.Servers) && f.Truth.HTTPS.Known:
		found = append(found, Finding{
			Level: Note, Tag: "blocked", Title: "UDP port 123 is blocked from this machine: no NTP server answers, a web server does",
			Evidence: append(serverErrors(f.Truth), offsetEvidence("its Date header minus this machine's clock", f.Truth.HTTPS.Offset)),
			Cause:    "A firewall between this machine and the NTP servers. Clocks are judged by their median.", Fix: "Open outgoing UDP port 123, or name a server that can be reached: --ntp SERVER",
		})
	case silent == len(f.Truth.Servers) && f.Settings.NTP != nil:
		found = append(found, Finding{
			Level: Warn, Tag: "silent", Title: "none of the NTP servers named for this run answers: " + strings.Join(f.Settings.NTP, ", "),
			Evidence: serverErrors(f.Truth), Cause: "They are wrong, down, or UDP port 123 is blocked.", Fix: "Check the names, or leave --ntp away.",
		})
	case silent == len(f.Truth.Servers):
		found = append(found, Finding{
			Level: Note, Tag: "offline", Title: "no NTP server answers this machine, and no web server either: it has no way to the internet",
			Evidence: append(serverErrors(f.Truth), Says("web server", f.Truth.HTTPS.Err)),
			Cause:    "Clocks are judged by their median.", Fix: "name an NTP server inside the network: --ntp SERVER",
		})
	default:
		found = append(found, Finding{Level: Unknown, Tag: "contradict", Title: "cannot tell the true time: " + f.Truth.Source, Evidence: serverErrors(f.Truth)})
	}
	return found
}

func serverErrors(t clock.Truth) []Evidence {
	var list []Evidence
	for _, s := range t.Servers {
		if s.Err != "" {
			list = append(list, Says(s.Name, s.Err))
			continue
		}
		list = append(list, offsetEvidence(s.Name, s.Offset))
	}
	return list
}
