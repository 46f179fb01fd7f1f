package doctor

import "time"

// stalenessLimit is the longest safe scrape interval: a sample counts for five minutes (lookback-delta), and one
// scrape may be missed.
const stalenessLimit = 2 * time.Minute

func scrapeInterval() Check {
	return Check{
		ID: "scrape/interval", Title: "scrapes come often enough",
		After: []string{downAfter},
		Ask:   asks(askConfig, askFlags),
		Judge: perServer("scrape/interval", judgeInterval),
		Doc: Doc{
			Symptom:  "Graphs with gaps or dots; rate() is empty.",
			Cause:    "scrape_interval is longer than two minutes: after one missed scrape the sample is older than the five minutes that Prometheus looks back.",
			Evidence: "scrape_interval of every job against 2 minutes, or two fifths of --query.lookback-delta where that is set.",
			Fix:      "Scrape every 2 minutes or more often.",
			Risk:     "More samples.",
			Source:   "prometheus docs/querying/basics.md (staleness); robustperception.io, Keep it simple scrape_interval",
		},
	}
}

func judgeInterval(s server) ([]Finding, error) {
	c, err := s.config()
	if err != nil {
		return nil, err
	}
	limit := stalenessLimit
	if flags, err := s.flags(); err == nil && duration(flags["query.lookback-delta"]) > 0 {
		limit = duration(flags["query.lookback-delta"]) * 2 / 5
	}
	var found []Finding
	for _, j := range c.Jobs {
		if d := duration(j.Interval); d > limit {
			found = append(found, Finding{
				Level: Warn, Tag: j.Name, Title: "job " + j.Name + " is scraped only every " + j.Interval,
				Evidence: []Evidence{Number("scrape_interval", d.Seconds(), "s"), Number("safe", limit.Seconds(), "s")},
				Cause:    "After one missed scrape its graphs have a gap.", Fix: "set scrape_interval: 1m for job " + j.Name,
			})
		}
	}
	return found, nil
}
