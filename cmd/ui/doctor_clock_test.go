package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/clock"
)

func TestDrawBar(t *testing.T) {
	s := time.Second
	for name, c := range map[string]struct {
		off  clock.Interval
		want string
	}{
		"zero":          {clock.Around(0, 0), "          ●          "},
		"ahead":         {clock.Around(10*s, 0), "          │━━━━━━━━━●"},
		"behind":        {clock.Around(-5*s, 0), "     ●━━━━│          "},
		"error bars":    {clock.Around(5*s, 2*s), "          │━━├━●─┤   "},
		"around zero":   {clock.Around(0, 3*s), "       ├──●──┤       "},
		"to the border": {clock.Around(9*s, 3*s), "          │━━━━━├━━●┤"},
	} {
		if got := drawBar(c.off, 10*s, 20); got != c.want {
			t.Errorf("%s: got\n%q want\n%q", name, got, c.want)
		}
	}
}

func TestClockChart(t *testing.T) {
	f := doctor.Fleet{Hosts: []doctor.Host{
		{Name: "vm1", Clock: clock.Reading{Known: true, Offset: clock.Around(31768*time.Second, 400*time.Microsecond)}},
		{Name: "database", Clock: clock.Reading{Err: "gone"}},
	}}
	got := strings.Join(clockChart(f, 80, true), "\n")
	want := strings.Join([]string{
		"this machine                   ●                 0 s",
		"vm1                            │━━━━━━━━━━━━━━━● +31768.000 s ± 400 µs",
		"database                                         unknown",
	}, "\n")
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if diff := cmp.Diff(squeeze(want), squeeze(got)); diff != "" {
		t.Errorf("-want +got:\n%s\n%s", diff, got)
	}
	for _, line := range clockChart(f, 80, true) {
		if n := len([]rune(line)); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if lines := clockChart(doctor.Fleet{Hosts: []doctor.Host{{Name: "vm1"}}}, 80, true); lines != nil {
		t.Errorf("clocks that nobody asked for: %q", lines)
	}
	numbers := []string{"this machine  0 s", "vm1           +31768.000 s ± 400 µs", "database      unknown"}
	if diff := cmp.Diff(numbers, clockChart(f, 30, true)); diff != "" {
		t.Errorf("on 30 columns: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(numbers, clockChart(f, 80, false)); diff != "" {
		t.Errorf("without bars: -want +got:\n%s", diff)
	}
}

func TestSigned(t *testing.T) {
	for want, off := range map[string]clock.Interval{
		"0 s":                  {},
		"-12 µs ± 76 µs":       clock.Around(-12*time.Microsecond, 76*time.Microsecond),
		"+0 µs ± 1 µs":         clock.Around(0, time.Microsecond),
		"+240 ms ± 2.5 ms":     clock.Around(240*time.Millisecond, 2500*time.Microsecond),
		"-32400.000 s ± 1.5 s": clock.Around(-9*time.Hour, 1500*time.Millisecond),
		"+2000.000 s ± 693 ms": clock.Around(2000*time.Second, 693*time.Millisecond),
	} {
		if got := signed(off); got != want {
			t.Errorf("%v: got %q, want %q", off, got, want)
		}
	}
}
