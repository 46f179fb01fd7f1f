package facts

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/monctl/monctl/fleet/fault"
)

// Parse reads what Script printed. Output that is not such a thing, or that is cut short, is an error; anything inside
// that cannot be read is unknown.
func Parse(out string) (Facts, error) {
	body, err := between(out)
	if err != nil {
		return Facts{}, err
	}
	p := parser{
		sections: sections(body),
		f:        Facts{UID: -1, Tools: map[string]string{}},
	}
	p.words(p.sections[""])
	p.files = splitFiles(p.sections["files"])
	p.system()
	p.network()
	p.mounts()
	p.listeners()
	p.units()
	p.f.Arch, p.f.ArchReason = archOf(p.f.Machine, p.f.Bits)
	return p.f, nil
}

type parser struct {
	sections map[string]string
	files    map[string]string // content by path, of those that could be read
	f        Facts
}

// between cuts the script's own output out of what a login shell may have said around it.
func between(out string) (string, error) {
	_, body, found := strings.Cut("\n"+out, "\n"+beginMark+"\n")
	if !found {
		return "", fault.With(fmt.Errorf("facts: host answered %s instead of its facts", firstBytes(out)),
			"Log in by hand and look whether the login shell runs commands: ssh HOST 'echo ok' must print ok.")
	}
	end := strings.LastIndex("\n"+body, "\n"+endMark)
	if end < 0 {
		return "", fmt.Errorf("facts: answer of the host is cut short after %d bytes", len(out))
	}
	return body[:end], nil
}

func firstBytes(out string) string {
	const shown = 80
	if len(out) > shown {
		return strconv.Quote(out[:shown]) + "…"
	}
	if out == "" {
		return "nothing"
	}
	return strconv.Quote(out)
}

// sections parts the output at lines "@@name"; what comes before the first is "".
func sections(body string) map[string]string {
	out := map[string]string{}
	name, begin, at := "", 0, 0
	for line := range strings.Lines(body) {
		if next, ok := strings.CutPrefix(line, "@@"); ok && name != "files" {
			out[name] = body[begin:at]
			name, begin = strings.TrimSpace(next), at+len(line)
		}
		at += len(line)
	}
	out[name] = body[min(begin, len(body)):]
	return out
}

// splitFiles reads the output of `head -v`, which puts "==> path <==" before each file and an empty line between.
func splitFiles(section string) map[string]string {
	out := map[string]string{}
	name, begin, at := "", 0, 0
	for line := range strings.Lines(section) {
		path, opens := strings.CutPrefix(strings.TrimRight(line, "\n"), "==> ")
		if path, ok := strings.CutSuffix(path, " <=="); opens && ok {
			if name != "" {
				out[name] = strings.TrimSuffix(section[begin:at], "\n")
			}
			name, begin = path, at+len(line)
		}
		at += len(line)
	}
	if name != "" {
		out[name] = section[begin:]
	}
	return out
}

// words reads the lines that begin with their name.
func (p *parser) words(section string) {
	f := &p.f
	for line := range strings.Lines(section) {
		name, rest, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		words := strings.Fields(rest)
		switch name {
		case "clock":
			f.Clock.Time, f.Clock.Zone = parseClock(words)
		case "uname":
			if len(words) == 3 {
				f.Hostname, f.Kernel, f.Machine = words[0], words[1], words[2]
			}
		case "bits":
			f.Bits, _ = strconv.Atoi(rest)
		case "ssh":
			if len(words) > 0 {
				f.SSHClient = words[0]
			}
		case "container":
			f.Virt = rest
		case "synced":
			f.Clock.Synced = Yes
		case "systemd":
			f.Systemd.PID1 = triOfWord(rest)
		case "systemd-lib":
			_, version, _ := strings.Cut(rest, "libsystemd-shared-") // "252.so", "252-46.el9_5.2.so"
			f.Systemd.Version = leadingInt(version)
		case "active":
			p.active(rest)
		case "tool":
			if i := strings.LastIndexByte(rest, '/'); i >= 0 {
				f.Tools[rest[i+1:]] = rest
			}
		case "disk":
			p.disk(rest)
		case "internet":
			f.Internet = triOfWord(rest)
		}
	}
}

// active sorts a running unit into time daemons and firewalls.
func (p *parser) active(unit string) {
	switch unit {
	case "nftables", "firewalld", "iptables", "netfilter-persistent":
		p.f.Firewall = append(p.f.Firewall, unit)
	case "ufw": // its unit is up even when the firewall is off; ufw.conf tells
	default:
		p.f.Clock.Daemons = append(p.f.Clock.Daemons, unit)
	}
}

// lastSecond is in the year 9998, so that a host's time can be written as JSON in any zone.
const lastSecond = 253_370_000_000

// parseClock reads `date '+%s.%N %z %Z'`. A date without %N leaves the fraction out.
func parseClock(words []string) (time.Time, string) {
	if len(words) == 0 {
		return time.Time{}, ""
	}
	whole, fraction, _ := strings.Cut(words[0], ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds < 0 || seconds > lastSecond {
		return time.Time{}, ""
	}
	var nanos int64
	if len(fraction) == 9 {
		nanos, _ = strconv.ParseInt(fraction, 10, 64)
	}
	zone, location := "", time.UTC
	if len(words) == 3 {
		zone = words[2]
		if t, err := time.Parse("-0700", words[1]); err == nil {
			_, offset := t.Zone()
			location = time.FixedZone(zone, offset)
		}
	}
	return time.Unix(seconds, max(nanos, 0)).In(location), zone
}

func triOfWord(word string) Tri {
	switch word {
	case "yes":
		return Yes
	case "no":
		return No
	}
	return Unknown
}
