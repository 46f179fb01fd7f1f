package acceptance

import (
	"strings"
	"testing"
)

// TestGrafana: its password is made on the host, stays with the data it was made for, and follows the inventory. With
// MONCTL_LAB_GRAFANA this runs against a real Grafana, otherwise against the lab's stand-in.
func TestGrafana(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	const settings = "components: {prometheus: {version: 2.42.0, scrape_interval: 2s}"
	c := newController(t, only(h, "prometheus, grafana")+settings+"}\n")
	password := func() string {
		return strings.TrimSpace(c.run(t, "secrets", "show", "grafana", "--value").want(t, done).stdout)
	}
	o := c.run(t, "install", "--yes").want(t, done, "datasource answers")
	first := password()
	if len(first) < 20 || strings.Contains(o.String(), first) {
		t.Fatalf("the password is %q, and install said:\n%s", first, o)
	}

	c.run(t, "uninstall", "grafana", "--yes").want(t, done, "/var/lib/monctl/grafana")
	c.run(t, "install", "--yes").want(t, done, "datasource answers")
	if again := password(); again != first {
		t.Errorf("the data was made with %q, now the password is %q", first, again)
	}

	c.run(t, "uninstall", "grafana", "--yes", "--purge-data="+h.Name+"/grafana").want(t, done)
	c.env = append(c.env, "GRAFANA_PASSWORD=a $ecret, 'quoted' \"twice\"")
	c.write(t, "monctl.yaml", only(h, "prometheus, grafana")+settings+", grafana: {admin_password: {env: GRAFANA_PASSWORD}}}\n")
	for _, command := range []string{"plan", "install"} {
		args := []string{command}
		if command == "install" {
			args = append(args, "--yes", "-v")
		}
		o := c.run(t, args...)
		if strings.Contains(o.String(), "$ecret") {
			t.Errorf("%s shows the password:\n%s", command, o)
		}
	}
	if given := password(); given != "a $ecret, 'quoted' \"twice\"" {
		t.Errorf("the password is %q", given)
	}
	c.run(t, "install", "--yes").want(t, done, "nothing to change")
}
