package doctor

import "regexp"

var amConfigError = regexp.MustCompile(`(?i)Loading configuration file failed|config change subscribers failed|undefined receiver|no routes? provided|undefined time interval|unmarshal errors|field \S+ not found in type`)

func alertmanagerConfig() Check {
	const id = "alertmanager/config"
	return Check{
		ID: id, Title: "Alertmanager runs with the configuration that is on the disk", On: []string{"alertmanager"}, Needs: []Shared{Metrics, Journal}, After: []string{"install/config-readable"},
		Judge: perHost(id, judgeAMConfig),
		Doc: Doc{
			Symptom:  "`Loading configuration file failed`, `undefined receiver \"x\" used in route`, `no route provided in config`; a changed route has no effect.",
			Cause:    "The file has a mistake. At start Alertmanager ends; after a reload it goes on with the old configuration and says so only in its log and metrics.",
			Evidence: "alertmanager_config_last_reload_successful is 0, or the message in the journal of a unit that does not run.",
			Fix:      "`amtool check-config FILE`, correct it, then reload.",
			Risk:     "low",
			Source:   "alertmanager config/config.go; alertmanager-mixin AlertmanagerFailedReload",
		},
	}
}

func judgeAMConfig(h Host) []Finding {
	var all []Finding
	for _, c := range h.Of("alertmanager") {
		f := Finding{
			Component: c.Name, Level: Fail, Cause: "the file has a mistake", Fix: "amtool check-config " + orElse(c.Flags["config.file"], "FILE") + ", then reload",
		}
		s := h.heard(c.Unit, settled, amConfigError)
		ok, known := c.Metrics.Sum("alertmanager_config_last_reload_successful")
		switch {
		case c.Running && !known:
			f = Finding{Component: c.Name, Level: Unknown, Title: "cannot tell: its metrics could not be read"}
		case c.Running && ok == 0:
			f.Title = c.Name + " refused its configuration and runs with an older one"
			f.Evidence = []Evidence{Number("alertmanager_config_last_reload_successful", ok, "1")}
		case !c.Running && s.times > 0:
			f.Title, f.Since = c.Name+" does not start with its configuration", s.first.At
		default:
			continue
		}
		if s.times > 0 && f.Level == Fail {
			f.Evidence = append(f.Evidence, s.evidence(c.Unit)...)
		}
		all = append(all, f)
	}
	return all
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
