package doctor

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
)

func scrapeDuplicateTargets() Check {
	return Check{
		ID: "scrape/duplicate-targets", Title: "each target is scraped once, under labels of its own",
		After: []string{downAfter},
		Ask:   asks(askTargets),
		Judge: perServer("scrape/duplicate-targets", judgeDuplicateTargets),
		Doc: Doc{
			Symptom:  "Sums are twice what they should be; `Error on ingesting samples with different value but same timestamp`; `Error on ingesting out-of-order samples`.",
			Cause:    "The same address stands in two jobs, once by name and once by address, or two targets have the same labels.",
			Evidence: "All active targets: equal addresses (names are resolved to examined hosts), and equal label sets.",
			Fix:      "Take one of them out, or give each its own job or instance.",
			Risk:     "The history of the labels that go ends.",
			Source:   "promlabs.com, Understanding duplicate samples and out-of-order timestamp errors; robustperception.io",
		},
	}
}

func judgeDuplicateTargets(s server) ([]Finding, error) {
	list, err := s.targets()
	if err != nil {
		return nil, err
	}
	byLabels, byPlace := map[string][]target{}, map[string][]target{}
	for _, t := range list.Active {
		labels := fmt.Sprint(t.Labels) // fmt writes maps in the order of their keys
		byLabels[labels] = append(byLabels[labels], t)
		place := s.place(t)
		byPlace[place] = append(byPlace[place], t)
	}
	var found []Finding
	twice := map[string]bool{}
	for _, labels := range slices.Sorted(maps.Keys(byLabels)) {
		if same := byLabels[labels]; len(same) > 1 {
			twice[s.place(same[0])] = true
			found = append(found, Finding{
				Level: Fail, Tag: "labels " + same[0].name(), Title: fmt.Sprintf("%d targets have the same labels: %s", len(same), same[0].name()),
				Evidence: []Evidence{Says("the first", same[0].Pool+": "+same[0].URL), Says("the second", same[1].Pool+": "+same[1].URL)},
				Cause:    "Their samples go into the same series and are refused in turn as duplicates or out of order.", Fix: "give each a job or instance of its own",
			})
		}
	}
	for _, place := range slices.Sorted(maps.Keys(byPlace)) {
		if same := byPlace[place]; len(same) > 1 && !twice[place] {
			found = append(found, Finding{
				Level: Warn, Tag: "address " + place, Title: fmt.Sprintf("%s is scraped %d times: as %s and %s", place, len(same), same[0].name(), same[1].name()),
				Evidence: []Evidence{Says("the first", same[0].Pool+": "+same[0].URL), Says("the second", same[1].Pool+": "+same[1].URL)},
				Cause:    "It stands in two jobs, or twice in one: everything is stored and counted twice.", Fix: "take one of them out",
			})
		}
	}
	return found, nil
}

// place is what a target fetches, with its host by the name of the fleet.
func (s server) place(t target) string {
	u, err := url.Parse(t.URL)
	if err != nil {
		return t.URL
	}
	host := t.hostname()
	if h, ok := s.host(t); ok {
		host = h.Name
	}
	return host + ":" + t.port() + u.RequestURI()
}
