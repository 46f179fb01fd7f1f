package ui

import (
	"fmt"
	"io"
	"strings"

	"github.com/monctl/monctl/installer"
)

// plain prints the few lines of a log: each kind of work of a host once.
func (p *Progress) plain(e installer.Event) {
	doing := e.Doing
	switch {
	case p.u.JSON, e.Finished, doing == "connect", doing == "look":
		return
	case doing == "send":
		doing = "change"
	case doing == "prove" && p.steps(e.Host) == 0:
		return
	case len(p.hosts) > manyHosts && (doing == "prove" || doing == "send"):
		p.tenths(e)
		return
	case doing == "prove", doing == "roll back", strings.HasPrefix(doing, "download"):
	default:
		return
	}
	line := doing
	if e.Host != "" {
		line = e.Host + ": " + doing
	}
	if !p.said[line] {
		p.said[line] = true
		_, _ = io.WriteString(p.u.err, line+"\n")
	}
}

// steps is how much a host has to change.
func (p *Progress) steps(host string) int {
	if s := p.hosts[host]; s != nil {
		return s.steps
	}
	return 0
}

// manyHosts is from how many hosts on a log counts them instead of naming each.
const manyHosts = 16

// tenths prints a line whenever another tenth of the hosts is changed.
func (p *Progress) tenths(e installer.Event) {
	if e.Doing != "prove" || p.said[e.Host] {
		return
	}
	before := p.changed * 10 / len(p.hosts)
	p.said[e.Host] = true
	p.changed++
	if p.changed*10/len(p.hosts) > before {
		_, _ = fmt.Fprintf(p.u.err, "%d of %s changed\n", p.changed, count(len(p.hosts), "host"))
	}
}

// verbs say what a step on a host does, by the first word of its key.
var verbs = map[string]string{
	"user": "add user", "dir": "folder", "file": "write", "release": "unpack", "link": "link", "check": "check", "service": "start",
	"gone": "remove", "purge": "delete", "stopped": "stop", "no": "remove",
}

func describe(e installer.Event) string {
	if e.Finished {
		return ""
	}
	doing := e.Doing
	if doing == "prove" {
		return "proving that everything is ready and scraped"
	}
	if verb, rest, ok := strings.Cut(doing, " "); ok && verbs[verb] != "" {
		doing = verbs[verb] + " " + rest
	}
	if e.Total > 0 {
		doing += fmt.Sprintf("  %s of %s", Bytes(e.Done), Bytes(e.Total))
	}
	if e.Host == "" {
		return doing
	}
	return e.Host + "  " + doing
}
