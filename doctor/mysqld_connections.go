package doctor

import "fmt"

func mysqldConnections() Check {
	const id = "mysqld/connections"
	return Check{
		ID: id, Title: "MySQL has connections left", On: mysqldKinds, Needs: []Shared{Metrics}, After: []string{"mysqld/up"},
		Judge: perMetered(id, mysqldKinds, func(_ Host, c Component) []Finding {
			used, ok := c.Metrics.Sum("mysql_global_status_threads_connected")
			limit, both := c.Metrics.Sum("mysql_global_variables_max_connections")
			if !ok || !both || limit == 0 || used < 0.9*limit {
				return nil
			}
			return one(Warn, fmt.Sprintf("MySQL has %.0f of %.0f connections in use", used, limit), "at the limit it refuses everybody, the exporter first", "SHOW PROCESSLIST shows who holds them; a pool is too large or leaks",
				Number("threads_connected", used, "1"), Number("max_connections", limit, "1"))
		}),
		Doc: Doc{
			Symptom:  "`Error 1040: Too many connections`, gaps in MySQL graphs at peak times.",
			Cause:    "Clients hold nearly as many connections as max_connections allows.",
			Evidence: "mysql_global_status_threads_connected against mysql_global_variables_max_connections, from 90 %.",
			Fix:      "Find the pool that leaks; raise max_connections only with the memory for it.",
			Risk:     "each connection takes memory of MySQL",
			Source:   "MySQL error 1040",
		},
	}
}
