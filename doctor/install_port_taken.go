package doctor

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/monctl/monctl/fleet/facts"
)

func installPortTaken() Check {
	const id = "install/port-taken"
	return Check{
		ID:    id,
		Title: "no other program has the component's port",
		Needs: []Shared{Journal},
		Judge: perHost(id, judgePortTaken),
		Doc: Doc{
			Symptom:  "`listen tcp :9090: bind: address already in use`, `Unable to start web listener`, `failed to open listener on address 0.0.0.0:3000`.",
			Cause:    "Another program has the port: a second copy, or Cockpit, which uses 9090 on RHEL and its relatives.",
			Evidence: "The message in the journal of a unit that does not run, and which process listens on that port now.",
			Fix:      "Stop the other program, or give the component another `--web.listen-address`.",
			Risk:     "stopping the other program takes away what it did",
			Source:   "prometheus cmd/prometheus/main.go, grafana#24212; Cockpit listens on 9090 by default (cockpit-ws(8))",
		},
	}
}

var bindError = regexp.MustCompile(`(?:listen tcp[46]?|listen on|listener on address|address) ?(\S*?):(\d{1,5})\b.*address already in use|address already in use`)

func judgePortTaken(h Host) []Finding {
	var all []Finding
	for _, c := range h.Components {
		s := h.heard(c.Unit, settled, bindError)
		if c.Running && len(c.Listen) > 0 || s.times == 0 || h.stopped(c) {
			continue
		}
		f := Finding{
			Component: c.Name, Level: Fail, Title: "the port of " + c.Name + " is taken", Cause: "another program listens on it", Since: s.first.At,
			Fix: "ss -ltnp shows who; stop it, or change the listen address of " + c.Name, Evidence: s.evidence(c.Unit),
		}
		if m := bindError.FindStringSubmatch(s.last.Text); m[2] != "" {
			port, _ := strconv.Atoi(m[2])
			f.Title = fmt.Sprintf("port %d of %s is taken", port, c.Name)
			if l, ok := h.listener(uint16(port)); ok {
				f.Cause = fmt.Sprintf("%s (pid %d) listens on %s", l.who(), l.PID, l.Address)
				f.Evidence = append(f.Evidence, Says("listener", f.Cause))
			}
		}
		all = append(all, f)
	}
	return all
}

// taker is a listener with a name for it.
type taker struct{ facts.Listener }

func (l taker) who() string {
	switch {
	case l.Unit != "":
		return l.Unit
	case l.Process == "systemd" && l.Address.Port() == 9090:
		return "systemd, for a socket unit such as cockpit.socket"
	case l.Process != "":
		return l.Process
	}
	return "a process that this login cannot see"
}

func (h Host) listener(port uint16) (taker, bool) {
	i := slices.IndexFunc(h.Facts.Listeners, func(l facts.Listener) bool {
		return strings.HasPrefix(l.Network, "tcp") && l.Address.Port() == port
	})
	if i < 0 {
		return taker{}, false
	}
	return taker{h.Facts.Listeners[i]}, true
}

// wide says that an address takes connections from other hosts.
func wide(a netip.AddrPort) bool { return a.IsValid() && !a.Addr().Unmap().IsLoopback() }
