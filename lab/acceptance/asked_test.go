package acceptance

import (
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// asked asks the Prometheus of a host as a person does, through the SSH connection to it: it listens on its own machine's loopback for that.
func asked(t *testing.T, c *controller, h *hosts.Host) {
	t.Helper()
	where := h.Name + "/prometheus"
	c.run(t, "query", "count(up)", where).want(t, done, "VALUE", "{}")
	c.run(t, "query", "up", where, "--range", "5m").want(t, done, "LAST", "MIN", "MAX", `job="prometheus"`)
	c.run(t, "query", "up", where, "--json").want(t, done, `"type":"sample","metric":{"__name__":"up"`, `"type":"summary"`)
	c.run(t, "query", "up", where, "--range", "5m", "--json").want(t, done, `"type":"series"`, `"metric":{"__name__":"up"`, `"values":[[`)
	c.run(t, "query", "nothing_of_this_name", where).want(t, done, "no series")
	c.run(t, "query", "sum by (job (up)", where).want(t, usage, "1:13: parse error: unexpected", "sum by (job (up)\n              ^")
	c.run(t, "query", "up", "h9/prometheus").want(t, usage, "there is no host h9", "Those that can be asked: "+where)
	c.run(t, "query", "up", h.Name+"/loki").want(t, usage, h.Name+" does not run loki", where)
	c.run(t, "query", "up", h.Name+"/alertmanager").want(t, usage, "alertmanager of "+h.Name+" is no Prometheus", where)
}

// notAnswering asks one that is not there any more.
func notAnswering(t *testing.T, c *controller, h *hosts.Host) {
	t.Helper()
	c.run(t, "query", "up", h.Name+"/prometheus").want(t, failed, h.Name+"/prometheus: ", "Does it run? monctl status; monctl doctor "+h.Name)
}
