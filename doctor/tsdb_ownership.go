package doctor

import (
	"fmt"
	"path"
	"strings"
)

// tsdbOwnership finds files in the data folder that Prometheus may not write.
func tsdbOwnership() Check {
	return Check{
		ID: "tsdb/ownership", Title: "Prometheus owns its data",
		On: []string{"prometheus"}, Reads: []string{dataProbe}, Uses: []Shared{Journal},
		Judge: perDatabase("tsdb/ownership", judgeOwnership),
		Fix:   fixOwnership,
		Doc: Doc{
			Symptom:  "`Error opening query log file … queries.active: permission denied` and `panic: Unable to create mmap-ed active query log`; or `lock DB directory: open …/lock: permission denied`.",
			Cause:    "Prometheus ran once as root, a backup was restored by root, or the user id of a container differs.",
			Evidence: "The owners of the folder and of what is in it, two levels deep, against the user of the process or unit.",
			Fix:      "chown of that folder to the user of the unit, following no symbolic link.",
			Risk:     "Low: only owners change.",
			Source:   "prometheus promql/query_logger.go; prometheus#5976, #9704",
		},
	}
}

func judgeOwnership(s server) ([]Finding, error) {
	d, err := s.data()
	if err != nil {
		return nil, err
	}
	if d.Missing || d.UID == 0 {
		return nil, nil
	}
	if d.UID < 0 {
		return []Finding{{Level: Unknown, Title: "cannot tell who owns the data: the user of the unit is not known"}}, nil
	}
	lines, _ := s.said("permission denied")
	if len(d.Foreign) == 0 || s.Running && len(d.Foreign) == 1 && d.Foreign[0] == "." {
		return nil, nil
	}
	level := Warn
	if !s.Running || d.Owner != d.UID {
		level = Fail
	}
	return []Finding{{
		Level: level, Title: "files in the data folder belong to another user",
		Evidence: append([]Evidence{Says("for example", path.Join(d.Path, d.Foreign[0])), Number("user of prometheus", float64(d.UID), "1"), Number("owner of the folder", float64(d.Owner), "1")}, last(lines)...),
		Cause:    "Something else wrote there: a Prometheus started as root, or a restored backup.",
		Fix:      fmt.Sprintf("chown -RhP %d -- %s", d.UID, quote(d.Path)),
	}}, nil
}

// fixOwnership changes owners only in a folder that shows by its own look to be a TSDB's, and only through a path of the host itself.
func fixOwnership(f Fleet, found Finding) (Fix, bool) {
	for _, s := range servers(f) {
		d, err := s.data()
		isData := d.WAL.Count > 0 || len(d.Blocks) > 0
		if s.Host.Name != found.Host || s.Name != found.Component || err != nil || s.Unit == "" || !isData || d.Inside || d.UID <= 0 || !strings.HasPrefix(d.Path, "/") {
			continue
		}
		steps := []Step{{Why: "its files belong to the user it runs as", Run: fmt.Sprintf("chown -RhP %d -- %s", d.UID, quote(d.Path))}}
		if !s.Running {
			steps = append(steps, Step{Why: "it could not start before", Run: "systemctl reset-failed " + quote(s.Unit) + "; systemctl start " + quote(s.Unit)})
		}
		return Fix{Host: found.Host, Title: "give Prometheus its data folder back", Steps: steps, Risk: "only owners change"}, true
	}
	return Fix{}, false
}
