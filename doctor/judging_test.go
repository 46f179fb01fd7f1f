package doctor

import (
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/facts"
	"github.com/monctl/monctl/fleet/local"
)

// ours are the families that this file's tests walk through.
func ours() []Check {
	return slices.Concat(installChecks(), alertmanagerChecks(), grafanaChecks(), lokiChecks(), mysqldChecks(), securityChecks())
}

// unitStart is when the units of a well host were started, since boot.
const (
	unitStart = 10 * time.Minute
	minute    = time.Minute
)

// well is a host on which nothing is wrong, with one running component of each of some kinds.
func well(kinds ...string) Host {
	h := Host{
		Name: "vm1", Address: "192.168.1.10", ScrapeAddress: "192.168.1.10", Root: true, Unread: map[string]string{}, Probes: map[string]Answer{},
		Reached: map[string]Reached{}, Pages: map[string]Reply{}, Notes: map[string]map[string]string{},
		Facts: facts.Facts{
			Machine: "x86_64", Bits: 64, Arch: "amd64", SELinux: "disabled", ListenersRead: true,
			Addresses: []netip.Addr{netip.MustParseAddr("192.168.1.10")},
			Memory:    facts.Memory{Total: 4 << 30, Available: 2 << 30},
			Clock:     facts.Clock{Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Uptime: 30 * time.Minute},
		},
		Mounts: []facts.Disk{{Path: "/", Mount: "/", Type: "ext4", Total: 40 << 30, Avail: 20 << 30, Inodes: 1 << 20, InodesFree: 1 << 19}},
	}
	for i, kind := range kinds {
		h.add(kind, 1000+i)
	}
	return h
}

// add puts a running component of a kind on the host.
func (h *Host) add(kind string, pid int) *Component {
	unit := kind + ".service"
	port := usual[kind]
	c := Component{
		Kind: kind, Name: kind, Running: true, Unit: unit, Flags: map[string]string{}, Replies: map[string]Reply{}, Metrics: Samples{},
		Process: Process{PID: pid, Comm: shortComm(kind), Exe: "/usr/bin/" + kind, Args: []string{"/usr/bin/" + kind}, UID: 900, Unit: unit, Dir: "/", Files: 65536},
		Listen:  []netip.AddrPort{netip.AddrPortFrom(netip.IPv6Unspecified(), port)}, Base: "http://127.0.0.1:" + portText(port),
	}
	h.Components = append(h.Components, c)
	h.Units = append(h.Units, Unit{Name: unit, Properties: map[string]string{
		"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "UnitFileState": "enabled", "NRestarts": "0", "Result": "success",
		"ExecMainStatus": "0", "NeedDaemonReload": "no", "User": kind, "FragmentPath": "/etc/systemd/system/" + unit,
		"ExecMainStartTimestampMonotonic": "600000000", "ActiveEnterTimestampMonotonic": "600000000",
	}})
	return &h.Components[len(h.Components)-1]
}

// of gives the component of a kind, to change it.
func (h *Host) of(kind string) *Component {
	i := slices.IndexFunc(h.Components, func(c Component) bool { return c.Kind == kind })
	return &h.Components[i]
}

// set changes a property of a unit.
func (h *Host) set(unit, property, value string) {
	i := slices.IndexFunc(h.Units, func(u Unit) bool { return u.Name == unit })
	h.Units[i].Properties[property] = value
}

// down makes a unit one that failed.
func (h *Host) down(kind string) {
	c := h.of(kind)
	c.Running, c.Process, c.Listen, c.Base = false, Process{}, nil, ""
	h.set(kind+".service", "ActiveState", "failed")
	h.set(kind+".service", "Result", "exit-code")
	h.set(kind+".service", "ExecMainStatus", "1")
}

// says puts a line into the journal, a minute after the units started.
func (h *Host) says(unit, text string) {
	h.Journal = append(h.Journal, Entry{Unit: unit, Text: text, Priority: 6, Monotonic: unitStart + time.Minute, At: h.Facts.Clock.Time.Add(-19 * time.Minute)})
}

// probed is what a probe printed.
func probed(lines string) Answer { return Answer{Values: values(lines)} }

var usual = map[string]uint16{
	"prometheus": 9090, "alertmanager": 9093, "grafana": 3000, "loki": 3100, "promtail": 9080, "alloy": 12345, "node_exporter": 9100, "mysqld_exporter": 9104,
}

func portText(p uint16) string { return netip.AddrPortFrom(netip.IPv4Unspecified(), p).String()[8:] }

func shortComm(kind string) string { return kind[:min(15, len(kind))] }

// wrong is a host that is well but for one thing, and what a check must say of it.
type wrong struct {
	name  string
	kinds string // of components, by spaces
	do    func(h *Host)
	check Check
	level Level
	says  string // part of title or cause; "" wants no finding
}

func tryWrongs(t *testing.T, list []wrong) {
	t.Helper()
	for _, w := range list {
		t.Run(w.name, func(t *testing.T) {
			h := well(strings.Fields(w.kinds)...)
			if before := w.check.Judge(Fleet{Hosts: []Host{h}, Settings: Default()}); w.says != "" && len(before) != 0 && before[0].Level > Note && before[0].Level != Unknown {
				t.Fatalf("found on a well host: %+v", before)
			}
			w.do(&h)
			found := w.check.Judge(Fleet{Hosts: []Host{h}, Settings: Default()})
			if w.says == "" {
				if len(found) != 0 {
					t.Fatalf("found %+v, want nothing", found)
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("%d findings, want 1: %+v", len(found), found)
			}
			f := found[0]
			if f.Level != w.level || !strings.Contains(f.Title+"\n"+f.Cause, w.says) {
				t.Errorf("%v %q (%q), want %v with %q", f.Level, f.Title, f.Cause, w.level, w.says)
			}
			if f.Check != w.check.ID || f.Host != "vm1" || f.Title == "" || f.Level != Unknown && (f.Cause == "" || len(f.Evidence) == 0) {
				t.Errorf("not whole: %+v", f)
			}
		})
	}
}

func TestPagesAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range ours() {
		d := c.Doc
		if c.Title == "" || c.Judge == nil || seen[c.ID] || strings.ToLower(c.ID) != c.ID {
			t.Errorf("%s: title, judge or name is not right", c.ID)
		}
		seen[c.ID] = true
		for what, text := range map[string]string{"symptom": d.Symptom, "cause": d.Cause, "evidence": d.Evidence, "fix": d.Fix, "risk": d.Risk, "source": d.Source} {
			if len(text) < 3 {
				t.Errorf("%s: no %s", c.ID, what)
			}
		}
		for _, bad := range []string{"rm -rf", "setenforce 0", "tsdb repair"} {
			if strings.Contains(d.Fix, bad) {
				t.Errorf("%s: the fix says %q", c.ID, bad)
			}
		}
		if sh, err := exec.Command("sh", "-n", "-c", c.Probe).CombinedOutput(); err != nil {
			t.Errorf("%s: the probe is no sh: %s", c.ID, sh)
		}
	}
}

func TestNamesOfOtherChecksExist(t *testing.T) {
	all := Checks()
	for _, c := range ours() {
		for _, other := range slices.Concat(c.After, c.Reads) {
			if !slices.ContainsFunc(all, func(o Check) bool { return o.ID == other }) {
				t.Errorf("%s names %s, and there is no such check", c.ID, other)
			}
		}
	}
}

// run runs the probe of a check on this machine.
func run(t *testing.T, c Check) Answer {
	t.Helper()
	conn, err := local.Open(t.Context(), fleet.SudoNever, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r, err := conn.Run(t.Context(), fleet.Cmd{Script: "export LC_ALL=C\n" + c.Probe})
	if err != nil || r.Exit != 0 {
		t.Fatalf("probe of %s: exit %d, %v: %s", c.ID, r.Exit, err, r.Stderr)
	}
	return Answer{Values: values(r.Stdout)}
}
