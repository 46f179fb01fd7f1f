package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet/facts"
)

// clocks makes a fleet of hosts a, b, … with these offsets to this machine's clock, in seconds, each known within 1 ms.
func clocks(truth *float64, offsets ...float64) Fleet {
	f := Fleet{Settings: Default(), Here: Here{Name: "here"}, Truth: clock.Truth{Source: "none of 4 NTP servers answers"}}
	if truth != nil {
		f.Truth = clock.Truth{Known: true, Offset: clock.Around(seconds(*truth), 20*time.Millisecond), Source: "4 of 4 NTP servers"}
	}
	for i, off := range offsets {
		f.Hosts = append(f.Hosts, Host{
			Name: string(rune('a' + i)), Root: true, Clock: reading(off, 0.001), Unread: map[string]string{},
			Probes: map[string]Answer{daemonProbe: {Values: []Value{{"may_set", "yes"}, {"process", "chronyd"}, {"timedatectl.NTPSynchronized", "yes"}}}},
			Facts:  facts.Facts{Clock: facts.Clock{Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}},
		})
	}
	return f
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func reading(off, bound float64) clock.Reading {
	return clock.Reading{Known: true, Offset: clock.Around(seconds(off), seconds(bound)), Samples: 16, Reader: "perl"}
}

func known(f float64) *float64 { return &f }

// with changes the first host of a fleet.
func with(f Fleet, change func(*Host)) Fleet {
	change(&f.Hosts[0])
	return f
}

// daemonSays gives a host a probe of its own.
func daemonSays(values ...string) func(*Host) {
	return func(h *Host) {
		a := Answer{}
		for _, v := range values {
			key, value, _ := strings.Cut(v, "=")
			a.Values = append(a.Values, Value{key, value})
		}
		h.Probes = map[string]Answer{daemonProbe: a}
	}
}

func promAt(off float64) func(*Host) {
	return func(h *Host) {
		h.Components = append(h.Components, Component{Kind: "prometheus", Name: "prometheus", Unit: "prometheus.service", Running: true, Clock: reading(off, 0.002)})
		h.Units = append(h.Units, Unit{Name: "prometheus.service", Properties: map[string]string{"UnitFileState": "disabled"}})
	}
}

func allOf(changes ...func(*Host)) func(*Host) {
	return func(h *Host) {
		for _, c := range changes {
			c(h)
		}
	}
}

// stopped is a virtual machine whose hardware clock went on for ten minutes while all else of it stood still.
func stopped(h *Host) {
	h.Facts.Virt = "QEMU"
	daemonSays("may_set=yes", "process=chronyd", "setting=makestep 1 3", "tracking="+fineChrony, "rtc=rtc0", "rtc_seconds=1767226200 1767225600", "suspended=0.000")(h)
}

// fineChrony is the answer of a chronyd that takes itself for right.
const fineChrony = "C0A80001,192.168.0.1,3,1767225600.0,0.000012,0.00001,0.00002,1.5,0.001,0.02,0.010,0.005,64.2,Normal"

// TestClockFamily judges fleets that are known to the last clock: which findings, of which level, where, and as causes.
func TestClockFamily(t *testing.T) {
	const chrony = fineChrony
	for name, c := range map[string]struct {
		fleet Fleet
		want  []string // "check host level" of causes, then "< " of consequences
		says  []string // in the text of all findings
	}{
		"healthy":                     {fleet: clocks(known(0), 0.001, -0.002, 0.003)},
		"healthy without NTP":         {fleet: clocks(nil, 0.001, -0.002, 0.003)},
		"a hair off":                  {fleet: clocks(known(0), 0, 0.2), want: []string{"clock/offset b note"}},
		"two seconds":                 {fleet: clocks(known(0), 0, 2), want: []string{"clock/offset b warn"}, says: []string{"2.00 s ahead"}},
		"the seed case":               {fleet: clocks(known(0), 0, 31768, 0), want: []string{"clock/offset b fail"}, says: []string{"31768.00 s ahead", "4 of 4 NTP servers"}},
		"by the median":               {fleet: clocks(nil, 0, -31768, 0), want: []string{"clock/offset b fail"}, says: []string{"behind", "the median of 4 clocks"}},
		"this machine, by NTP":        {fleet: clocks(known(-100), -100, -100), want: []string{"clock/here  fail"}, says: []string{"100.00 s ahead", "not those of the servers"}},
		"this machine, by the median": {fleet: clocks(nil, -100, -100, -100), want: []string{"clock/here  fail"}},
		"two clocks, nobody knows":    {fleet: clocks(nil, 50), want: []string{"clock/offset a warn"}, says: []string{"nobody says which is right"}},
		"no majority":                 {fleet: clocks(nil, 50, -50, 900), want: []string{"clock/offset a warn", "clock/offset b warn", "clock/offset c warn"}},
		"Korean time in UTC":          {fleet: clocks(known(0), 32400.2, 0), want: []string{"clock/offset a fail"}, says: []string{"UTC+9 (KST, JST)"}},
		"Indian time in UTC":          {fleet: clocks(known(0), 19799.62), want: []string{"clock/offset a fail"}, says: []string{"UTC+5:30 (IST)"}},
		"zone west":                   {fleet: clocks(known(0), -18000), want: []string{"clock/offset a fail"}, says: []string{"UTC-5"}},
		"too coarse":                  {fleet: with(clocks(known(0), 0.5), func(h *Host) { h.Clock = reading(0.5, 3) }), want: []string{"clock/offset a unknown"}, says: []string{"cannot tell"}},
		"coarse and far off":          {fleet: with(clocks(known(0), 500), func(h *Host) { h.Clock = reading(500, 3) }), want: []string{"clock/offset a fail"}},
		"not measured":                {fleet: with(clocks(known(0), 0, 0), func(h *Host) { h.Clock = clock.Reading{Err: `the host answers "?"`} }), want: []string{"clock/offset a unknown"}},
		"stepped":                     {fleet: with(clocks(known(0), 0, 0), func(h *Host) { h.Clock.Stepped, h.Clock.Step = true, -time.Hour }), want: []string{"clock/stepped a warn"}},
		"container":                   {fleet: with(clocks(known(0), 40), daemonSays("may_set=no")), want: []string{"clock/offset a fail"}, says: []string{"This is a container"}},

		"no daemon":   {fleet: with(clocks(known(0), 0), daemonSays("may_set=yes")), want: []string{"clock/daemon a warn"}, says: []string{"no time daemon runs"}},
		"two daemons": {fleet: with(clocks(known(0), 0), daemonSays("may_set=yes", "process=chronyd", "process=systemd-timesyn", "tracking="+chrony)), want: []string{"clock/daemon a warn"}, says: []string{"2 time daemons"}},
		"sources do not answer": {
			fleet: with(clocks(known(0), 0), daemonSays("may_set=yes", "process=chronyd", "tracking="+strings.Replace(chrony, "Normal", "Not synchronised", 1), "source=^,?,192.0.2.1,0,6,0,4294967295,0,0,0")),
			want:  []string{"clock/synchronised a warn"}, says: []string{"UDP port 123"},
		},
		"timesyncd hears nobody": {fleet: with(clocks(known(0), 0), daemonSays("may_set=yes", "process=systemd-timesyn", "timedatectl.NTPSynchronized=no", "timesync.NTPMessage={ PacketCount=0 }")), want: []string{"clock/synchronised a warn"}},
		"daemon says nothing":    {fleet: with(clocks(known(0), 0), daemonSays("may_set=yes", "process=chronyd")), want: []string{"clock/synchronised a unknown"}},
		"slewing for ever": {
			fleet: with(clocks(known(0), 0), daemonSays("may_set=yes", "process=chronyd", "setting=makestep 1 3", "tracking="+strings.Replace(chrony, "0.000012", "-1234.5", 1))),
			want:  []string{"clock/slewing a warn"}, says: []string{"1234.5 s", "the clock is fast", "makestep 1 3"},
		},
		"slewing what is off": {
			fleet: with(clocks(known(0), 1234), daemonSays("may_set=yes", "process=chronyd", "tracking="+strings.Replace(chrony, "0.000012", "-1234.5", 1))),
			want:  []string{"< clock/offset a fail", "clock/slewing a fail"},
		},
		"slewing to a wrong source": {
			fleet: with(clocks(known(0), 3600), daemonSays("may_set=yes", "process=chronyd", "tracking="+strings.Replace(chrony, "0.000012", "-5.5", 1))),
			want:  []string{"clock/offset a fail", "clock/slewing a warn"},
		},
		"kernel not told":   {fleet: with(clocks(known(0), 0), daemonSays("may_set=yes", "process=chronyd", "unsynchronised=yes", "timedatectl.NTPSynchronized=yes", "tracking="+chrony)), want: []string{"clock/rtcsync a warn"}},
		"distant source":    {fleet: with(clocks(known(0), 0), daemonSays("may_set=yes", "process=chronyd", "tracking="+strings.Replace(chrony, "0.005,64.2", "9.5,64.2", 1))), want: []string{"clock/root-distance a warn"}},
		"RTC in local time": {fleet: with(clocks(known(0), 0), func(h *Host) { h.Facts.Clock.RTCLocal = facts.Yes }), want: []string{"clock/rtc a warn"}},
		"RTC far off":       {fleet: with(clocks(known(0), 0), daemonSays("may_set=yes", "process=chronyd", "tracking="+chrony, "rtc_seconds=1767222000 1767225600")), want: []string{"clock/rtc a note"}},
		"suspended": {
			fleet: with(clocks(known(0), -600), daemonSays("may_set=yes", "process=chronyd", "tracking="+chrony, "suspended=600.5")),
			want:  []string{"< clock/offset a fail", "clock/suspended a fail"},
		},
		"stopped by its hypervisor": {
			fleet: with(clocks(known(0), -600), stopped),
			want:  []string{"< clock/offset a fail", "clock/suspended a fail", "< clock/rtc a note"}, says: []string{"stopped by what it runs on", "600.00 s behind", "makestep 1 3"},
		},
		"set back by somebody": {
			fleet: with(clocks(known(0), -600), allOf(stopped, func(h *Host) {
				at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
				h.Journal = []Entry{{At: at, Monotonic: time.Hour}, {At: at.Add(-590 * time.Second), Monotonic: time.Hour + 10*time.Second}}
			})),
			want: []string{"clock/offset a fail", "< clock/rtc a note", "< clock/history a note"},
		},
		"behind on bare metal": {fleet: with(clocks(known(0), -600), allOf(stopped, func(h *Host) { h.Facts.Virt = "" })), want: []string{"clock/offset a fail", "< clock/rtc a note"}},
		"VMware":               {fleet: with(clocks(known(0), 0), daemonSays("may_set=yes", "process=chronyd", "tracking="+chrony, "vmware=Enabled")), want: []string{"clock/vmware a warn"}},
		"ntpd gave up": {fleet: with(clocks(known(0), 0), allOf(daemonSays("may_set=yes", "process=ntpd", "ntp=leap_alarm, sync_unspec"), func(h *Host) {
			h.Journal = []Entry{{Unit: "ntp.service", Text: "time correction of 31768 seconds exceeds sanity limit (1000)"}}
			h.Units = []Unit{{Name: "ntp.service"}}
		})), want: []string{"clock/synchronised a warn", "clock/log a fail"}},
		"ntpd gave up, and chrony took over": {fleet: with(clocks(known(0), 0), func(h *Host) {
			h.Journal = []Entry{{Unit: "ntp.service", Text: "time correction of 31768 seconds exceeds sanity limit (1000)"}}
			h.Units = []Unit{{Name: "ntp.service"}}
		})},
		"ntpd gave up, and was removed": {fleet: with(clocks(known(0), 0), allOf(daemonSays("may_set=yes", "process=chronyd"), func(h *Host) {
			h.Journal = []Entry{{Unit: "ntp.service", Text: "time correction of 31768 seconds exceeds sanity limit (1000)"}}
			h.Units = []Unit{{Name: "ntp.service", Properties: map[string]string{"LoadState": "not-found"}}}
		})), want: []string{"clock/synchronised a unknown"}},
		"ntpd gave up, and was started again": {fleet: with(clocks(known(0), 0), allOf(daemonSays("may_set=yes", "ntp=leap_none, sync_ntp"), func(h *Host) {
			h.Journal = []Entry{{Unit: "ntpsec.service", Text: "CLOCK: Panic: offset too big: -1999.994", Monotonic: 100 * time.Second}}
			h.Units = append(h.Units, Unit{Name: "ntpsec.service", Properties: map[string]string{"ActiveState": "active", "ExecMainStartTimestampMonotonic": "200000000"}})
		}))},
		"ntpsec gave up and ended": {fleet: with(clocks(known(0), 2000), allOf(daemonSays("may_set=yes"), func(h *Host) {
			h.Journal = []Entry{{Unit: "ntpsec.service", Text: "CLOCK: Panic: offset too big: -1999.994"}}
			h.Units = []Unit{{Name: "ntpsec.service"}}
		})), want: []string{"clock/offset a fail", "< clock/daemon a warn", "clock/log a fail"}},

		"banner, server wrong":  {fleet: with(clocks(known(0), 31768), promAt(31768)), want: []string{"clock/offset a fail", "< clock/banner a warn"}, says: []string{"Detected 31768.000 seconds", "The server's clock is wrong"}},
		"banner, browser wrong": {fleet: with(clocks(known(-300), -300), promAt(-300)), want: []string{"clock/here  fail", "< clock/banner a warn"}, says: []string{"nothing is to be done there"}},
		"banner, both wrong":    {fleet: with(clocks(known(100), 300), promAt(300)), want: []string{"clock/here  fail", "clock/offset a fail", "< clock/banner a warn"}, says: []string{"Both clocks are wrong"}},
		"shifted process":       {fleet: with(clocks(known(0), 0), promAt(25)), want: []string{"clock/component a warn"}},
		"alerts arrive resolved": {fleet: func() Fleet {
			f := with(clocks(known(0), -300, 0), promAt(-300))
			f.Hosts[1].Components = []Component{{Kind: "alertmanager", Name: "alertmanager", Clock: reading(0, 0.6)}}
			return f
		}(), want: []string{"clock/offset a fail", "< clock/banner a warn", "< clock/alertmanager a fail"}},
		"zones": {fleet: with(clocks(known(0), 0, 0), func(h *Host) { h.Facts.Clock.Time = h.Facts.Clock.Time.In(time.FixedZone("KST", 9*3600)) }), want: []string{"clock/zone  note"}},
		"not ordered at boot": {fleet: with(clocks(known(0), 0), allOf(promAt(0), func(h *Host) {
			h.Units[0].Properties["UnitFileState"] = "enabled"
			h.Units = append(h.Units, Unit{Name: "chrony.service", Properties: map[string]string{"ActiveState": "active"}})
			h.Probes[daemonProbe] = Answer{Values: append(h.Probes[daemonProbe].Values, Value{"rtc", "rtc0"})}
		})), want: []string{"clock/boot-order a note"}},
		"NTP contradicts itself": {fleet: func() Fleet {
			f := clocks(nil, 0, 0)
			f.Truth = clock.Truth{Source: "2 NTP servers contradict each other", Servers: []clock.Server{{Name: "x", Offset: clock.Around(0, 1)}, {Name: "y", Offset: clock.Around(time.Hour, 1)}}}
			return f
		}(), want: []string{"clock/truth  unknown"}},
		"port 123 blocked": {fleet: func() Fleet {
			f := clocks(nil, 0, 0)
			f.Truth = clock.Truth{Source: "none", Servers: []clock.Server{{Name: "x", Err: "no answer"}}, HTTPS: reading(0, 1)}
			return f
		}(), want: []string{"clock/truth  note"}, says: []string{"UDP port 123 is blocked"}},
		"a falseticker": {fleet: func() Fleet {
			f := clocks(known(0), 0)
			f.Truth.Servers = []clock.Server{{Name: "liar.example", Falseticker: true}}
			return f
		}(), want: []string{"clock/truth  note"}, says: []string{"liar.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := Judge(c.fleet, clockChecks())
			var got []string
			text := ""
			for _, f := range r.Findings {
				line := f.Check + " " + f.Host + " " + f.Level.String()
				if f.MutedBy != "" {
					line = "< " + line
				}
				got = append(got, line)
				text += f.Title + f.Cause + f.Fix
				for _, e := range f.Evidence {
					text += e.Text
				}
			}
			if strings.Join(got, "\n") != strings.Join(c.want, "\n") {
				t.Errorf("got  %q\nwant %q\n%s", got, c.want, text)
			}
			for _, words := range c.says {
				if !strings.Contains(text, words) {
					t.Errorf("nothing says %q:\n%s", words, text)
				}
			}
		})
	}
}

// TestSteps finds the steps of a clock in the two time stamps of a journal.
func TestSteps(t *testing.T) {
	begin := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	entry := func(mono, ahead time.Duration) Entry {
		return Entry{At: begin.Add(mono + ahead), Monotonic: mono}
	}
	h := Host{Journal: []Entry{
		entry(time.Second, 0), entry(time.Hour, time.Second), // slewed
		entry(2*time.Hour, 9*time.Hour), entry(3*time.Hour, 9*time.Hour), entry(3*time.Hour+time.Second, 0),
	}}
	got := h.steps()
	if len(got) != 2 || got[0].By.Round(time.Minute) != 9*time.Hour || got[1].By != -9*time.Hour {
		t.Errorf("got %+v", got)
	}
}

// TestOffsetFix stops Prometheus before the clock is stepped, and leaves it stopped after a step backward.
func TestOffsetFix(t *testing.T) {
	for name, c := range map[string]struct {
		fleet       Fleet
		none        bool
		stops, then bool
		starts      bool
	}{
		"backward under Prometheus": {fleet: with(clocks(known(0), 31768), promAt(31768)), stops: true, then: true},
		"forward under Prometheus":  {fleet: with(clocks(known(0), -600), promAt(-600)), stops: true, starts: true},
		"no Prometheus":             {fleet: clocks(known(0), 31768)},
		"nobody knows the time":     {fleet: clocks(nil, 31768, 0, 0), none: true},
		"container":                 {fleet: with(clocks(known(0), 31768), daemonSays("may_set=no")), none: true},
	} {
		t.Run(name, func(t *testing.T) {
			fix, ok := fixOffset(c.fleet, Finding{Host: "a", Level: Fail})
			if ok == c.none {
				t.Fatalf("got %v, %+v", ok, fix)
			}
			text := commands(fix.Steps)
			stop, step, start := strings.Index(text, "systemctl stop prometheus"), strings.Index(text, "chronyc makestep"), strings.Index(text, "systemctl start prometheus")
			if c.stops != (stop >= 0) || c.stops && stop > step || c.starts != (start >= 0) || c.starts && start < step || c.then != strings.Contains(fix.Then, "monctl data") {
				t.Errorf("then %q, steps:\n%s", fix.Then, text)
			}
		})
	}
}
