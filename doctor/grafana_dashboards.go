package doctor

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

func grafanaDashboards() Check {
	return Check{
		ID: grafanaCheck, Title: "provisioned dashboards refer to datasources that are there", On: grafanaKinds, Root: true,
		Probe: grafanaProbe, Limit: 10,
		Judge: perComponent(grafanaCheck, grafanaKinds, judgeDashboards),
		Doc: Doc{
			Symptom:  "`Datasource ${DS_PROMETHEUS} was not found`, `Data source not found`: every panel is empty.",
			Cause:    "A dashboard from the internet holds `${DS_…}`, which only the import page fills in, not provisioning; or the uid in it is another Grafana's.",
			Evidence: "The datasource references of the dashboard files in the provisioned folders, against the uids and names in the provisioning files. A datasource that was made on the page is not known here: an unknown uid is a note.",
			Fix:      "Replace `${DS_X}` by the uid of the datasource, drop `__inputs`; give the provisioned datasource the uid that the dashboards have.",
			Risk:     "low",
			Source:   "grafana#10786, #11018, #41763",
		},
	}
}

var (
	referenceUID  = regexp.MustCompile(`"uid":"([^"]*)"`)
	referenceName = regexp.MustCompile(`^"datasource":"([^"]*)"`)
	variableName  = regexp.MustCompile(`^"name":"(DS_[^"]*)"`)
)

// builtIn are references that every Grafana has.
var builtIn = map[string]bool{"": true, "grafana": true, "-- Grafana --": true, "--Grafana--": true, "--Mixed--": true, "--Dashboard--": true, "__expr__": true, "default": true, "-100": true}

func judgeDashboards(h Host, c Component) []Finding {
	a := h.grafanaAnswer(c)
	known, variables := map[string]bool{}, map[string]bool{}
	for _, d := range h.datasources(c) {
		known[strings.ReplaceAll(d.name, " ", "")], known[d.uid] = true, true
	}
	for _, v := range a.All("found") {
		file, found, _ := strings.Cut(v, "|")
		if m := variableName.FindStringSubmatch(found); m != nil {
			variables[file+"|"+m[1]] = true
		}
	}
	holes, strangers := map[string]string{}, map[string]string{}
	for _, v := range a.All("found") {
		file, found, _ := strings.Cut(v, "|")
		ref := ""
		if m := referenceUID.FindStringSubmatch(found); m != nil {
			ref = m[1]
		} else if m := referenceName.FindStringSubmatch(found); m != nil {
			ref = m[1]
		}
		switch name, hole := strings.CutPrefix(strings.TrimSuffix(ref, "}"), "${DS_"); {
		case hole && !variables[file+"|DS_"+name]:
			holes[file] = ref
		case strings.HasPrefix(ref, "$"), builtIn[ref], known[ref]:
		default:
			strangers[file] = ref
		}
	}
	var all []Finding
	if len(holes) > 0 {
		first := sortedKeys(holes)[0]
		f := one(Warn, fmt.Sprintf("%d dashboards hold a placeholder for the datasource: %s in %s", len(holes), holes[first], path.Base(first)), "provisioning does not fill in what the import page would ask for",
			"replace "+holes[first]+" by the uid of the datasource in "+first, Says("file", first), Says("reference", holes[first]))
		f[0].Tag = "placeholder"
		all = append(all, f...)
	}
	if len(strangers) > 0 && len(known) > 0 {
		first := sortedKeys(strangers)[0]
		f := one(Note, fmt.Sprintf("%d dashboards refer to a datasource that is not provisioned: %s in %s", len(strangers), strangers[first], path.Base(first)), "the uid is another Grafana's, unless somebody made that datasource on the page",
			"give the datasource in the provisioning file uid: "+strangers[first]+", or change the dashboard", Says("file", first), Says("reference", strangers[first]))
		f[0].Tag = "stranger"
		all = append(all, f...)
	}
	for _, dir := range a.All("nodir") {
		f := one(Warn, "a folder of provisioned dashboards is missing: "+dir, "the provisioning file names a path that is not there", "create it, or correct path:", Says("path", dir))
		f[0].Tag = "folder " + dir
		all = append(all, f...)
	}
	return all
}
