package doctor

import (
	"fmt"
	"regexp"
	"strings"
)

var grantError = regexp.MustCompile(`Access denied; you need|Error 1227|Error 1142|command denied to user`)

func mysqldGrants() Check {
	const id = "mysqld/grants"
	return Check{
		ID: id, Title: "the exporter's account may read what its collectors need", On: mysqldKinds, Needs: []Shared{Metrics, Journal}, After: []string{"mysqld/up"},
		Judge: perMetered(id, mysqldKinds, judgeGrants),
		Doc: Doc{
			Symptom:  "`Access denied; you need (at least one of) the PROCESS privilege(s) for this operation`; some panels are empty.",
			Cause:    "The account lacks PROCESS, REPLICATION CLIENT or SELECT.",
			Evidence: "mysql_exporter_collector_success is 0 for some collectors while mysql_up is 1, or the message in the journal.",
			Fix:      "`GRANT PROCESS, REPLICATION CLIENT, SELECT ON *.* TO 'exporter'@'localhost'`, with MAX_USER_CONNECTIONS 3.",
			Risk:     "SELECT on *.* lets the account read all data; performance_schema and information_schema alone give most metrics",
			Source:   "mysqld_exporter README, Required Grants",
		},
	}
}

func judgeGrants(h Host, c Component) []Finding {
	if up, ok := c.Metrics.Sum("mysql_up"); !ok || up == 0 {
		return nil
	}
	var failed []string
	for series, v := range c.Metrics {
		if labels, ok := strings.CutPrefix(series, "mysql_exporter_collector_success{"); ok && v == 0 {
			failed = append(failed, strings.TrimPrefix(labelOf(labels, "collector"), "collect."))
		}
	}
	s := h.heard(c.Unit, settled, grantError)
	if len(failed) == 0 && s.times == 0 {
		return nil
	}
	names := map[string]bool{}
	for _, f := range failed {
		names[f] = true
	}
	list := strings.Join(sortedKeys(names), ", ")
	found := one(Warn, fmt.Sprintf("%d collectors of the exporter fail: %s", len(names), shortened(list, 120)), "see its journal", c.log("error from scraper\\|Error scraping"), Says("collectors", list))
	if len(failed) == 0 { // exporters before 0.15 have no such metric
		found = one(Warn, "the exporter is denied some of what it asks", "", "")
	}
	if s.times > 0 {
		found[0].Tag, found[0].Cause = "grants", "its account lacks a privilege"
		found[0].Fix = "GRANT PROCESS, REPLICATION CLIENT, SELECT ON *.* TO the exporter's account"
		found[0].Evidence = append(found[0].Evidence, s.evidence(c.Unit)...)
	}
	return found
}
