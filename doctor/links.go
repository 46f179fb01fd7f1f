package doctor

import (
	"cmp"
	"net"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Link is one thing of a stack that must talk to another, and whether a connection from its host gets there.
type Link struct {
	From      string   // host
	Component string   // that talks: Component.Name on it
	Role      LinkRole // what for
	To        string   // "host:port", as the component names it
	Host      string   // the examined host that To is on; "" when it is none of them
	Name      string   // what is there: the job, "alertmanager", "slack"; "" is not known
	Reached   Reached
	Unknown   string // why nobody can tell; "" when somebody can
}

// LinkRole is what a link is for.
type LinkRole string

// The roles.
const (
	LinkScrape LinkRole = "scrape" // Prometheus → exporters and other targets
	LinkAlerts LinkRole = "alerts" // Prometheus → Alertmanager
	LinkQuery  LinkRole = "query"  // Grafana → Prometheus, Loki
	LinkPush   LinkRole = "push"   // agents → Loki
	LinkNotify LinkRole = "notify" // Alertmanager → Slack, mail, web hooks
)

// LinkState is the outcome of a link in a word or two.
type LinkState string

// The states.
const (
	LinkOK      LinkState = "ok"
	LinkRefused LinkState = "refused"  // nothing listens, or a firewall rejects
	LinkDropped LinkState = "dropped"  // no answer: a firewall drops, or the host is gone
	LinkNoRoute LinkState = "no route" // unreachable, or a firewall rejects
	LinkNoName  LinkState = "no name"  // the name is not found
	LinkUnknown LinkState = "unknown"  // nobody can tell
)

// State tells how a link is.
func (l Link) State() LinkState {
	if l.Unknown != "" {
		return LinkUnknown
	}
	state, known := map[ReachKind]LinkState{
		ReachOK: LinkOK, ReachRefused: LinkRefused, ReachTimeout: LinkDropped, ReachUnroutable: LinkNoRoute, ReachNoName: LinkNoName,
	}[l.Reached.Kind]
	if !known {
		return LinkUnknown
	}
	return state
}

// Why explains a link that is not ok; "" for one that is.
func (l Link) Why() string {
	switch {
	case l.Unknown != "":
		return l.Unknown
	case l.State() == LinkOK:
		return ""
	case l.Reached.Kind == ReachForbidden:
		return "the SSH server forbids forwarding, so nothing could be tried from there"
	case l.Reached.Kind == "":
		return "it was not tried"
	}
	return l.Reached.Err
}

// Broken says that something certainly does not get through.
func (l Link) Broken() bool { return l.State() != LinkOK && l.State() != LinkUnknown }

// Links is the reachability matrix as a list: everything that must talk to something else, by what the components
// themselves say (their APIs and files), and where they say nothing, by the inventory. It is sorted by source and address.
func (f Fleet) Links() []Link {
	var all []Link
	for _, h := range f.Hosts {
		for _, l := range h.links() {
			l.Host = f.hostOf(h, l.To)
			all = append(all, h.outcome(l))
		}
	}
	for _, gone := range f.Lost {
		for _, l := range gone.Links {
			l.From, l.Host, l.Unknown = gone.Name, f.hostOf(Host{Name: gone.Name}, l.To), "the host could not be examined"
			all = append(all, l)
		}
	}
	slices.SortStableFunc(all, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Component, b.Component), cmp.Compare(a.Role, b.Role), cmp.Compare(a.To, b.To))
	})
	return slices.CompactFunc(all, func(a, b Link) bool {
		return a.From == b.From && a.Component == b.Component && a.Role == b.Role && a.To == b.To
	})
}

// hostOf finds the examined host that an address leads to from another one.
func (f Fleet) hostOf(from Host, address string) string {
	name, _, _ := net.SplitHostPort(address)
	if from.answersTo(name) {
		return from.Name
	}
	i := slices.IndexFunc(f.Hosts, func(h Host) bool { return h.isCalled(name) })
	if i < 0 {
		return ""
	}
	return f.Hosts[i].Name
}

// outcome puts in how the connection went.
func (h Host) outcome(l Link) Link {
	r, tried := h.Reached[l.To]
	l.Reached = r
	switch {
	case l.Unknown == hasOwnNetwork:
	case r.OK:
		l.Unknown = ""
	case l.Unknown == "" && !tried:
		l.Unknown = "there was no time left to try it"
	}
	return l
}

// These are why a connection from the host says nothing about a link.
const (
	hasOwnNetwork = "it has a network of its own (a container), in which names and addresses mean something else"
	scraped       = "Prometheus scrapes it, though a connection made with this login fails: it gets there another way"
	proxied       = "it sends through a proxy, so that a connection straight from its host says nothing"
)

// links are those of one host, not tried yet.
func (h Host) links() []Link {
	var list []Link
	for _, c := range h.Components {
		var own []Link
		switch c.Kind {
		case "prometheus":
			own = append(scrapeLinks(h, c), alertLinks(c)...)
		case "grafana":
			own = h.toldLinks(c, "datasource", LinkQuery)
		case "promtail", "alloy":
			own = h.toldLinks(c, "push", LinkPush)
		case "alertmanager":
			own = notifyLinks(h, c)
		}
		for _, l := range append(own, h.wanted(c, own)...) {
			l.From, l.Component = h.Name, c.Name
			if c.Process.Foreign {
				l.Unknown = hasOwnNetwork
			}
			list = append(list, l)
		}
	}
	return list
}

// wanted are the links of the inventory for which the component itself said nothing.
func (h Host) wanted(c Component, own []Link) []Link {
	return slices.DeleteFunc(slices.Clone(h.Links), func(l Link) bool {
		return l.Component != c.Kind || slices.ContainsFunc(own, func(o Link) bool { return o.Role == l.Role })
	})
}

// scrapeLinks are the targets that a Prometheus has, or the proxy through which a job is scraped.
func scrapeLinks(h Host, c Component) []Link {
	s := server{Component: c, Host: h}
	targets, err := s.targets()
	if err != nil {
		return nil
	}
	proxies := s.proxies()
	var list []Link
	for _, t := range targets.Active {
		l := Link{Role: LinkScrape, To: t.address(), Name: t.Labels["job"]}
		if proxy := proxies[t.Pool]; proxy != "" {
			l.To, l.Name = proxy, l.Name+" through a proxy"
		} else if t.Health == "up" {
			l.Unknown = scraped
		}
		list = append(list, l)
	}
	return list
}

// proxies gives the proxy of each job that has one, as host:port.
func (s server) proxies() map[string]string {
	var c struct {
		Jobs []struct {
			Name  string `yaml:"job_name"`
			Proxy string `yaml:"proxy_url"`
		} `yaml:"scrape_configs"`
	}
	proxies := map[string]string{}
	data, err := answer[struct{ YAML string }](s, askConfig)
	if err != nil || yaml.Unmarshal([]byte(data.YAML), &c) != nil {
		return proxies
	}
	for _, j := range c.Jobs {
		proxies[j.Name] = dialable(j.Proxy)
	}
	return proxies
}

func alertLinks(c Component) []Link {
	known, unknown := decode[alertmanagerList](c, askAlertmanagers)
	if unknown != nil {
		return nil
	}
	var list []Link
	for _, a := range known.Data.Active {
		if to := dialable(a.URL); to != "" {
			list = append(list, Link{Role: LinkAlerts, To: to, Name: "alertmanager"})
		}
	}
	return list
}

// notifyLinks are the services that Alertmanager's receivers name.
func notifyLinks(h Host, c Component) []Link {
	list := h.toldLinks(c, "notify", LinkNotify)
	for i, l := range list {
		if strings.HasSuffix(l.To, ".slack.com:443") {
			list[i].Name = "slack"
		}
		if slices.Contains(h.Probes[reachCheck].All("proxied"), pidOf(c)) {
			list[i].Unknown = proxied
		}
	}
	return list
}

// toldLinks are the addresses that the probe found in the files of a component.
func (h Host) toldLinks(c Component, key string, role LinkRole) []Link {
	var list []Link
	for _, v := range h.Probes[reachCheck].All(key) {
		pid, address, _ := strings.Cut(v, "|")
		if to := dialable(address); to != "" && pid == pidOf(c) {
			list = append(list, Link{Role: role, To: to})
		}
	}
	return list
}
