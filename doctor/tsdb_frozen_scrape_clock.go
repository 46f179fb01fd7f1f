package doctor

import (
	"fmt"
	"time"
)

// tsdbFrozenScrapeClock finds a Prometheus that stamps every scrape with the same future time.
func tsdbFrozenScrapeClock() Check {
	return Check{
		ID: "tsdb/frozen-scrape-clock", Title: "scrapes are stamped with the time of the scrape",
		After: []string{"tsdb/answers", "clock/offset", "clock/stepped"},
		On:    []string{"prometheus"}, Reads: []string{dataProbe},
		Ask:   asks(askTargets, askTSDB),
		Judge: perServer("tsdb/frozen-scrape-clock", judgeFrozen),
		Fix:   fixFrozen,
		Doc: Doc{
			Symptom:  "After a backward step of the clock: targets DOWN with `out of bounds`, or `Error on ingesting samples with different value but same timestamp` for every target.",
			Cause:    "The scrape loop keeps the aligned time of the last scrape when the clock goes back: every scrape keeps one future stamp until the time has caught up. A reload does not help.",
			Evidence: "lastScrape of /api/v1/targets lies after the time of that very answer.",
			Fix:      "Restart Prometheus, unless samples or blocks in the future were stored too: then monctl data repair.",
			Risk:     "A gap of one scrape. With future blocks in the folder a restart loses what is only in the WAL, so it is not done then.",
			Source:   "prometheus scrape/scrape.go run(); reproduced with 2.42; not documented upstream",
		},
	}
}

// frozen gives the targets whose last scrape is in the future, and by how much at most.
func (s server) frozen() (frozen []target, ahead time.Duration, err error) {
	list, err := s.targets()
	if err != nil {
		return nil, 0, err
	}
	its, _, err := s.clock(askTargets)
	if err != nil {
		return nil, 0, err
	}
	for _, t := range list.Active {
		if by := t.LastScrape.Sub(its); by > 5*time.Second {
			frozen, ahead = append(frozen, t), max(ahead, by)
		}
	}
	return frozen, ahead, nil
}

func judgeFrozen(s server) ([]Finding, error) {
	frozen, ahead, err := s.frozen()
	if err != nil || len(frozen) == 0 {
		return nil, err
	}
	what := "refused as duplicates"
	if ahead > scrapeAhead {
		what = "refused as out of bounds"
	}
	return []Finding{{
		Level: Fail, Title: fmt.Sprintf("%s stamped %s in the future", count(len(frozen), "target is", "targets are"), span(ahead)),
		Evidence: []Evidence{
			Says("last scrape of "+frozen[0].name(), stamp(frozen[0].LastScrape)), Measured("ahead of prometheus' clock", ahead.Seconds(), 1, "s"),
			Says("error", orUnknown(frozen[0].LastError)),
		},
		Cause: "The clock stepped back under the running process. Until it has caught up, every sample is " + what + ".",
		Fix:   s.restartOrRepair(),
	}}, nil
}

// mayRestart says that a restart loses nothing: no block and no sample is in the future.
func (s server) mayRestart() bool {
	future, across, err := s.ahead()
	n, ok, headErr := s.newest()
	return err == nil && headErr == nil && len(future)+len(across) == 0 && (!ok || n.Ahead <= scrapeAhead)
}

func (s server) restartOrRepair() string {
	if s.mayRestart() {
		return s.restart()
	}
	return s.repair()
}

func fixFrozen(f Fleet, found Finding) (Fix, bool) {
	for _, s := range servers(f) {
		if s.Host.Name == found.Host && s.Name == found.Component && s.Unit != "" && found.Level == Fail && s.mayRestart() {
			return Fix{
				Host: found.Host, Title: "restart Prometheus so that it reads the clock again",
				Steps: []Step{{Why: "a reload keeps the frozen time", Run: "systemctl restart " + quote(s.Unit)}},
				Risk:  "one scrape of every target is missed",
			}, true
		}
	}
	return Fix{}, false
}
