package doctor

import (
	"fmt"
	"regexp"
	"time"
)

const askSilences = "/api/v2/silences"

// silence is one of /api/v2/silences.
type silence struct {
	ID       string
	EndsAt   time.Time `json:"endsAt"`
	Status   struct{ State string }
	Matchers []struct {
		Name, Value      string
		IsRegex, IsEqual bool
	}
}

// longSilence is how far ahead the end of a silence that mutes everything may lie without a word.
const longSilence = 7 * 24 * time.Hour

func alertmanagerSilences() Check {
	const id = "alertmanager/silences"
	return Check{
		ID: id, Title: "no silence mutes everything for long", On: []string{"alertmanager"}, After: []string{"alertmanager/ready"},
		Ask:   askAll([]string{"alertmanager"}, askSilences),
		Judge: perComponent(id, []string{"alertmanager"}, judgeSilences),
		Doc: Doc{
			Symptom:  "Alerts are on the page as silenced and nobody hears of anything any more.",
			Cause:    "A silence whose matchers match every alert, made for a maintenance and never ended.",
			Evidence: "Active silences whose matchers are all of the kind `=~\".*\"` or `=~\".+\"`, ending more than 7 days ahead. It may be meant: a note.",
			Fix:      "`amtool silence expire ID`",
			Risk:     "what it muted is notified at once",
			Source:   "Alertmanager API v2",
		},
	}
}

var anything = regexp.MustCompile(`^\^?\(?\.[*+]\)?\$?$`)

func judgeSilences(h Host, c Component) []Finding {
	list, unknown := decode[[]silence](c, askSilences)
	if unknown != nil {
		return unknown
	}
	now := h.Facts.Clock.Time
	var all []Finding
	for _, s := range list {
		every := s.Status.State == "active" && len(s.Matchers) > 0 && !now.IsZero() && s.EndsAt.Sub(now) > longSilence
		for _, m := range s.Matchers {
			every = every && m.IsRegex && m.IsEqual && anything.MatchString(m.Value)
		}
		if every {
			found := one(Note, "a silence mutes every alert until "+s.EndsAt.UTC().Format(time.DateOnly), "its matchers match everything", "amtool silence expire "+s.ID, Says("silence", s.ID), Number("ends in", s.EndsAt.Sub(now).Round(time.Hour).Seconds(), "s"))
			found[0].Tag = s.ID
			all = append(all, found...)
		}
	}
	if len(all) > 5 {
		return one(Note, fmt.Sprintf("%d silences mute every alert for more than a week", len(all)), "their matchers match everything", "amtool silence query", Number("silences", float64(len(all)), "1"))
	}
	return all
}
