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
	got := strings.Join(clockChart(f, 80), "\n")
	want := strings.Join([]string{
		"this machine                   ●                 +0.000 s ± 0 µs",
		"vm1                            │━━━━━━━━━━━━━━━● +31768.000 s ± 400 µs",
		"database                                         unknown",
	}, "\n")
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if diff := cmp.Diff(squeeze(want), squeeze(got)); diff != "" {
		t.Errorf("-want +got:\n%s\n%s", diff, got)
	}
	for _, line := range clockChart(f, 80) {
		if n := len([]rune(line)); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if lines := clockChart(f, 30); lines != nil {
		t.Errorf("drawn on 30 columns: %q", lines)
	}
}
