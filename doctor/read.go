package doctor

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/monctl/monctl/fleet/facts"
)

// parts splits the text of a section at its lines "@@name".
func parts(text string) map[string]string {
	out := map[string]string{}
	name := ""
	var b strings.Builder
	for line := range strings.Lines(text + "\n") {
		if next, ok := strings.CutPrefix(strings.TrimSpace(line), "@@"); ok {
			out[name] = b.String()
			name = next
			b.Reset()
			continue
		}
		b.WriteString(line)
	}
	out[name] = b.String()
	return out
}

// readLook fills in what look.sh found.
func (h *Host) readLook(text string) {
	p := parts(text)
	h.Processes = readProcesses(p["processes"], p["links"])
	h.Mounts = readMounts(p["mounts"])
	var exit string
	h.Units, exit = readUnits(p["units"])
	if exit != "0" && exit != "none" {
		h.Unread["units"] = "systemctl did not answer (exit " + exit + ")"
	}
}

// readProcesses reads the files that `head -v` printed, one after another, under "==> NAME <==".
func readProcesses(text, links string) []Process {
	of := map[int]*Process{}
	var order []int
	at := func(path string) (*Process, string) {
		rest, _ := strings.CutPrefix(path, "/proc/")
		digits, file, _ := strings.Cut(rest, "/")
		pid, err := strconv.Atoi(digits)
		if err != nil || pid <= 0 {
			return nil, ""
		}
		if of[pid] == nil {
			of[pid] = &Process{PID: pid, UID: -1}
			order = append(order, pid)
		}
		return of[pid], file
	}
	for block := range strings.SplitSeq("\n"+text, "\n==> ") {
		name, body, ok := strings.Cut(block, " <==\n")
		if p, file := at(name); ok && p != nil {
			p.read(file, body)
		}
	}
	network := "" // of the host's shell
	for line := range strings.Lines(links) {
		name, target, ok := strings.Cut(strings.TrimSpace(line), " -> ")
		name, target = strings.Trim(name, `'`), strings.Trim(target, `'`)
		if ok && name == "/proc/self/ns/net" {
			network = target
		}
		p, file := at(name)
		if !ok || p == nil {
			continue
		}
		switch file {
		case "exe":
			p.Exe = target
		case "cwd":
			p.Dir = target
		case "ns/net":
			p.Foreign = network != "" && target != network
		}
	}
	list := make([]Process, 0, len(order))
	for _, pid := range order {
		list = append(list, *of[pid])
	}
	slices.SortFunc(list, func(a, b Process) int { return a.PID - b.PID })
	return list
}

// read takes one file of /proc/PID (proc(5)).
func (p *Process) read(file, body string) {
	switch file {
	case "comm":
		p.Comm = strings.TrimSpace(body)
	case "cmdline":
		p.Args = redacted(strings.Split(strings.TrimRight(body, "\x1f\n"), "\x1f"))
	case "cgroup":
		p.Unit = unitOf(body)
	case "status":
		if _, rest, ok := strings.Cut(body, "\nUid:"); ok {
			if w := strings.Fields(rest); len(w) > 1 {
				p.UID, _ = strconv.Atoi(w[1])
			}
		}
	case "limits":
		if _, rest, ok := strings.Cut(body, "Max open files"); ok {
			if w := strings.Fields(rest); len(w) > 0 {
				p.Files, _ = strconv.Atoi(w[0])
			}
		}
	}
}

func unitOf(cgroup string) string {
	for line := range strings.Lines(cgroup) {
		for element := range strings.SplitSeq(strings.TrimSpace(line), "/") {
			if strings.HasSuffix(element, ".service") && !strings.HasPrefix(element, "user@") {
				return element
			}
		}
	}
	return ""
}

// secretFlag finds flags whose value is a secret, and secretURL a password in an address.
var (
	secretFlag = regexp.MustCompile(`(?i)^(-{1,2}[\w.-]*(?:password|passwd|secret|token|api[-_]?key|credential)[\w.-]*)=.*$`)
	secretURL  = regexp.MustCompile(`([\w.-]+:)([^:@/\s]+)(@)`)
)

// redacted takes secrets out of a command line: it is written to recorded fleets and shown as evidence.
func redacted(args []string) []string {
	out := make([]string, len(args))
	hide := false
	for i, a := range args {
		switch {
		case hide && !strings.HasPrefix(a, "-"):
			out[i] = "***"
		default:
			out[i] = secretURL.ReplaceAllString(secretFlag.ReplaceAllString(a, "$1=***"), "$1***$3")
		}
		hide = strings.HasPrefix(a, "-") && !strings.Contains(a, "=") && secretFlag.MatchString(a+"=")
		if strings.Contains(strings.ToLower(a), "file") { // the path of a secret is none
			hide = false
			if secretFlag.MatchString(a) {
				out[i] = a
			}
		}
	}
	return out
}

// readMounts joins the "mount" lines of /proc/self/mounts with the "disk" lines of `stat -f`.
func readMounts(text string) []facts.Disk {
	var list []facts.Disk
	for line := range strings.Lines(text) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		w := strings.Split(rest, "|")
		switch {
		case kind == "mount" && len(w) == 4:
			options := strings.Split(w[3], ",")
			d := facts.Disk{Path: w[0], Mount: w[0], Device: w[1], Type: w[2]}
			d.ReadOnly, d.NoExec = slices.Contains(options, "ro"), slices.Contains(options, "noexec")
			d.NoSUID = slices.Contains(options, "nosuid")
			list = slices.DeleteFunc(list, func(o facts.Disk) bool { return o.Path == d.Path }) // the last mount hides others
			list = append(list, d)
		case kind == "disk" && len(w) == 7:
			if i := slices.IndexFunc(list, func(d facts.Disk) bool { return d.Path == w[0] }); i >= 0 {
				var n [5]uint64
				for j := range n {
					n[j], _ = strconv.ParseUint(w[j+2], 10, 64)
				}
				d := &list[i]
				d.Total, d.Avail, d.Inodes, d.InodesFree = n[0]*n[1], n[0]*n[2], n[3], n[4]
			}
		}
	}
	return list
}

// readUnits reads `systemctl show`: Name=value lines, an empty line between units.
func readUnits(text string) (units []Unit, exit string) {
	for block := range strings.SplitSeq(text, "\n\n") {
		u := Unit{Properties: map[string]string{}}
		for line := range strings.Lines(block) {
			key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), "=")
			if key == "exit" {
				exit = value
				continue
			}
			if key == "ExecStart" {
				value = strings.Join(redacted(strings.Fields(value)), " ")
			}
			u.Properties[key] = value
		}
		if u.Name = u.Properties["Id"]; u.Name != "" && u.Properties["LoadState"] != "not-found" {
			delete(u.Properties, "Id")
			units = append(units, u)
		}
	}
	return units, exit
}

// readJournal reads `journalctl -o json`: one object per line, every value a string, or an array of numbers where it is
// not text. A line that is not one is left out.
func readJournal(text string) []Entry {
	var list []Entry
	for line := range strings.Lines(text) {
		var j struct {
			Message   any    `json:"MESSAGE"`
			Unit      string `json:"_SYSTEMD_UNIT"`
			Of        string `json:"UNIT"` // the unit that systemd itself speaks about
			Priority  string `json:"PRIORITY"`
			Realtime  string `json:"__REALTIME_TIMESTAMP"`
			Monotonic string `json:"__MONOTONIC_TIMESTAMP"`
		}
		if json.Unmarshal([]byte(line), &j) != nil {
			continue
		}
		message, ok := j.Message.(string)
		if !ok {
			continue
		}
		e := Entry{Unit: j.Unit, Text: message}
		if j.Of != "" {
			e.Unit = j.Of
		}
		if us, err := strconv.ParseInt(j.Realtime, 10, 64); err == nil {
			e.At = time.UnixMicro(us).UTC()
		}
		if us, err := strconv.ParseInt(j.Monotonic, 10, 64); err == nil {
			e.Monotonic = time.Duration(us) * time.Microsecond
		}
		e.Priority, _ = strconv.Atoi(j.Priority)
		list = append(list, e)
	}
	return list
}
