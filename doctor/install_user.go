package doctor

import "strings"

func installUser() Check {
	const id = "install/user"
	return Check{
		ID:    id,
		Title: "the users of the units exist",
		Reads: []string{unitsCheck},
		Judge: perHost(id, func(h Host) []Finding {
			var all []Finding
			for _, v := range h.Probes[unitsCheck].All("user") {
				if w := strings.Split(v, "|"); len(w) == 3 && w[2] == "missing" {
					all = append(all, Finding{
						Component: h.componentOf(w[0]), Level: Fail, Title: "the user " + w[1] + " of " + w[0] + " does not exist", Cause: "the unit came without its user",
						Fix: "useradd --system --no-create-home --shell /usr/sbin/nologin " + w[1], Evidence: []Evidence{Says("id "+w[1], "no such user")},
					})
				}
			}
			return all
		}),
		Doc: Doc{
			Symptom:  "`Failed at step USER spawning …: No such process`, `status=217/USER`.",
			Cause:    "User= of the unit names a user that is not on the host.",
			Evidence: "`id USER` fails for the User= that systemd has loaded.",
			Fix:      "`useradd --system --no-create-home --shell /usr/sbin/nologin USER`, and give it its data directory.",
			Risk:     "low",
			Source:   "systemd.exec(5) exit code 217",
		},
	}
}
