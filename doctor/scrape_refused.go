package doctor

import "strconv"

func itoa(n int) string { return strconv.Itoa(n) }

func scrapeRefused() Check {
	return Check{
		ID: "scrape/refused", Title: "something listens where Prometheus connects",
		After: []string{downAfter, "install/not-running", "install/unit-failed", "install/restarts", "install/arch", "install/port-taken"}, Ask: askDown,
		Judge: perTrouble("scrape/refused", troubleRefused, judgeRefused),
		Fix:   fixRefused,
		Doc: Doc{
			Symptom:  "`dial tcp ADDRESS: connect: connection refused`",
			Cause:    "Nothing listens on that port: the exporter is stopped, or listens on another port.",
			Evidence: "The listening sockets of the target's own host, its units, and a connection of our own from the host of Prometheus. Where the host was not examined, a firewall that rejects cannot be excluded.",
			Fix:      "Start the unit, or correct the port of the target.",
			Risk:     "None.",
			Source:   "Go net package; tcp(7)",
		},
	}
}

func judgeRefused(d downTarget) Finding {
	found := Finding{Title: "nothing listens at " + d.address() + ", the target " + d.name()}
	c, ok := d.component()
	switch {
	case d.reached.OK:
		found.Level, found.Title = Warn, "the target "+d.name()+" was refused, but answers now"
		found.Cause, found.Fix = "It was started after the last scrape.", "wait one scrape interval"
	case !d.known:
		found.Cause = "The host refuses the connection. It was not examined: the exporter is stopped, on another port or bound to localhost, or a firewall rejects."
		found.Fix = "monctl doctor " + d.server.Host.Name + " " + d.hostname()
	case ok && !c.Running:
		found.Cause = c.Kind + " does not run on " + d.host.Name + "."
		found.Fix = "systemctl start " + c.Unit + "  (on " + d.host.Name + ")"
	case !d.host.Facts.ListenersRead:
		found.Cause, found.Fix = "Who listens on "+d.host.Name+" could not be read.", "monctl doctor as root"
	default:
		found.Cause, found.Fix = d.elsewhere()
	}
	return found
}

// elsewhere looks for an exporter of that host that no target names.
func (d downTarget) elsewhere() (cause, fix string) {
	for _, c := range d.host.Of("*_exporter") {
		if c.Running && len(c.Listen) > 0 && itoa(usualPort[c.Kind]) == d.port() {
			port := portOf(c.Listen[0])
			return c.Kind + " listens on port " + port + ", not on " + d.port() + ".", "name port " + port + " in the scrape job, or start it with --web.listen-address=:" + d.port()
		}
	}
	return "No program listens on that port of " + d.host.Name + ".", "install or start the exporter there, or take the target out of the job"
}

func fixRefused(f Fleet, found Finding) (Fix, bool) {
	for _, s := range servers(f) {
		downs, err := s.downs()
		if err != nil || s.Host.Name != found.Host || s.Name != found.Component {
			continue
		}
		for _, d := range downs {
			c, ok := d.component()
			u, isUnit := d.host.Unit(c.Unit)
			if d.kind != troubleRefused || d.Pool+" "+d.URL != found.Tag || !ok || c.Running || !isUnit || u.Get("LoadState") != "loaded" {
				continue
			}
			return Fix{
				Host: d.host.Name, Title: "start " + c.Unit,
				Steps: []Step{{Why: "it should run and does not", Run: "systemctl reset-failed " + quote(c.Unit) + "; systemctl start " + quote(c.Unit)}},
				Risk:  "none",
			}, true
		}
	}
	return Fix{}, false
}
