package doctor

import (
	"regexp"
	"time"
)

func grafanaLogin() Check {
	const id = "grafana/login"
	return Check{
		ID: id, Title: "nobody is locked out of Grafana", On: grafanaKinds, Needs: []Shared{Journal},
		Judge: hearing(id, grafanaKinds, 10*time.Minute, regexp.MustCompile(`too many consecutive incorrect login attempts`), Finding{
			Level: Note, Title: "Grafana locked a user out for 5 minutes", Cause: "too many wrong passwords one after another: a script with an old password, a person, or somebody who guesses", Fix: "wait 5 minutes; look where the attempts come from in the journal",
		}),
		Doc: Doc{
			Symptom:  "`Invalid username or password` although the password is right; `too many consecutive incorrect login attempts for user`.",
			Cause:    "Five wrong passwords within five minutes lock a user.",
			Evidence: "The message in Grafana's journal in the last ten minutes.",
			Fix:      "Wait; find the script that uses an old password.",
			Risk:     "none",
			Source:   "grafana pkg/services/loginattempt",
		},
	}
}
