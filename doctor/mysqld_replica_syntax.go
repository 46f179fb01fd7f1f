package doctor

import "strings"

func mysqldReplicaSyntax() Check {
	const id = "mysqld/replica-syntax"
	return Check{
		ID: id, Title: "the exporter knows this MySQL's replication statements", On: mysqldKinds, Needs: []Shared{Metrics},
		Judge: perMetered(id, mysqldKinds, func(_ Host, c Component) []Finding {
			server := ""
			for series := range c.Metrics {
				if labels, ok := strings.CutPrefix(series, "mysql_version_info{"); ok && !strings.Contains(series, "MariaDB") {
					server = labelOf(labels, "version")
				}
			}
			exporter := c.versionOf()
			if server == "" || olderThan(server, 8, 4) || exporter == "" || !olderThan(exporter, 0, 16) {
				return nil
			}
			return one(Warn, "replica metrics of MySQL "+server+" are missing", "SHOW SLAVE STATUS is gone from 8.4, and exporter "+exporter+" asks nothing else", "upgrade the exporter to 0.16 or later", Says("MySQL", server), Says("mysqld_exporter", exporter))
		}),
		Doc: Doc{
			Symptom:  "No mysql_slave_status_… series after the upgrade to MySQL 8.4; `Error 1064 … near 'SLAVE STATUS'`.",
			Cause:    "MySQL 8.4 removed SHOW SLAVE STATUS; the exporter learned SHOW REPLICA STATUS in 0.16.0.",
			Evidence: "mysql_version_info and mysqld_exporter_build_info of the page.",
			Fix:      "Upgrade the exporter.",
			Risk:     "low",
			Source:   "mysqld_exporter CHANGELOG 0.16.0 #837",
		},
	}
}
