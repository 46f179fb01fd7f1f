package doctor

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/doctor/clock/clocktest"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/ssh"
)

// asking makes the options of a look at a real SSH host of the test, by stand-ins for NTP servers that say this.
func asking(t *testing.T, says ...clocktest.Says) (Options, []*clocktest.StandIn) {
	t.Helper()
	host := fleettest.Start(t, fleettest.Options{})
	checks, err := Choose(Checks(), []string{"clock/truth", "clock/here", "clock/offset"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Checks: checks, Settings: Default(), Here: "here", Patience: 10 * time.Second, Hosts: []Target{{Host: host.Host()}}}
	o.Hosts[0].Name = "a"
	o.Dial = func(ctx context.Context, h fleet.Host) (fleet.Conn, error) {
		return ssh.Dial(ctx, h, ssh.Options{KnownHosts: []string{host.KnownHosts()}, ConfigFiles: []string{}, ConnectTimeout: 2 * time.Second})
	}
	var servers []*clocktest.StandIn
	for _, s := range says {
		servers = append(servers, clocktest.Start(t, s))
		o.Settings.NTP = append(o.Settings.NTP, servers[len(servers)-1].Address())
	}
	return o, servers
}

// TestTruth asks stand-ins over real UDP and judges a real host by what they say.
func TestTruth(t *testing.T) {
	right, liar := clocktest.Says{}, clocktest.Says{Ahead: 90 * time.Second}
	for name, c := range map[string]struct {
		says []clocktest.Says
		want string // "check level" of all findings
		text string
	}{
		"all agree":                     {[]clocktest.Says{right, right, right}, "", ""},
		"a falseticker is named":        {[]clocktest.Says{right, liar, right}, "clock/truth note", "contradicts the others"},
		"this machine and host behind":  {[]clocktest.Says{liar, liar, liar}, "clock/here fail, clock/offset fail", "s behind"},
		"they contradict each other":    {[]clocktest.Says{right, liar}, "clock/truth unknown", "contradict each other"},
		"a bound beyond the threshold":  {[]clocktest.Says{{Dispersion: 5 * time.Second}}, "clock/offset unknown", "the threshold is 1s"},
		"kiss of death, and one answer": {[]clocktest.Says{{Kiss: "DENY"}, right}, "", ""},
		"all named ones are silent":     {[]clocktest.Says{{Silent: true}, {Silent: true}}, "clock/truth warn", "none of the NTP servers named"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, _ := asking(t, c.says...)
			f := Look(t.Context(), o)
			var got []string
			text := ""
			for _, found := range Judge(f, o.Checks).Findings {
				got = append(got, found.Check+" "+found.Level.String())
				text += found.Title + "\n"
			}
			if strings.Join(got, ", ") != c.want || !strings.Contains(text, c.text) {
				t.Errorf("got %q, want %q saying %q:\n%s%+v", got, c.want, c.text, text, f.Truth)
			}
			ahead := c.says[0].Ahead // of the servers that are believed
			if o := f.Truth.Offset; f.Truth.Known && (o.Low > ahead || o.High < ahead) {
				t.Errorf("%v is not within %v and %v", ahead, o.Low, o.High)
			}
		})
	}
}

// TestTruthIsAskedPolitely looks three times: servers are asked once within a minute, and after a kiss of death never.
func TestTruthIsAskedPolitely(t *testing.T) {
	o, servers := asking(t, clocktest.Says{}, clocktest.Says{Kiss: "RATE"}, clocktest.Says{})
	first := Look(t.Context(), o)
	o.Before = &first
	second := Look(t.Context(), o)
	if !second.Truth.Known || second.Truth.Offset.Bound() < first.Truth.Offset.Bound() {
		t.Errorf("what is remembered gets no better with time: first %+v, then %+v", first.Truth, second.Truth)
	}
	second.asked = second.asked.Add(-2 * pollAtLeast)
	o.Before = &second
	third := Look(t.Context(), o)
	third.asked = third.asked.Add(-2 * pollAtLeast)
	o.Before = &third
	fourth := Look(t.Context(), o)
	for i, want := range []int{3, 1, 3} {
		if n := servers[i].Asked(); n != want {
			t.Errorf("server %d was asked %d times, want %d", i, n, want)
		}
	}
	if !fourth.Truth.Known || len(fourth.Truth.Servers) != 3 || !strings.Contains(fourth.Truth.Servers[2].Err, "kiss of death") {
		t.Errorf("got %+v", fourth.Truth)
	}
}

// TestBlockedOrOffline tells a UDP port that is blocked from no network at all, and both from servers of the hosts' own daemons that answer.
func TestBlockedOrOffline(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(web.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	own := clocktest.Start(t, clocktest.Says{})
	silent := clocktest.Start(t, clocktest.Says{Silent: true})
	for name, c := range map[string]struct {
		page  string
		hosts []string // servers of the hosts' daemons
		want  string   // tag of the finding of clock/truth
		truth string
	}{
		"blocked":                 {web.URL, nil, "blocked", "none of 1 NTP servers answers"},
		"offline":                 {gone.URL, nil, "offline", "none of 1 NTP servers answers"},
		"the hosts' own answers":  {gone.URL, []string{own.Address()}, "", "1 of 1 NTP servers that the hosts' own time daemons ask"},
		"the hosts' own are mute": {web.URL, []string{silent.Address()}, "blocked", "none of 1 NTP servers answers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &look{Options: Options{Checks: clockChecks(), HTTPS: []string{c.page}}, watch: clock.NewWatch()}
			f := Fleet{Settings: Default(), Hosts: []Host{{Name: "a", Probes: map[string]Answer{daemonProbe: {}}}}}
			for _, s := range c.hosts {
				f.Hosts[0].Probes[daemonProbe] = Answer{Values: []Value{{"server", s}}}
			}
			f.Truth, f.asked = l.truth(t.Context(), []string{silent.Address()})
			l.secondTruth(t.Context(), &f)
			if f.Truth.Source != c.truth {
				t.Errorf("truth by %q, want %q", f.Truth.Source, c.truth)
			}
			tag := ""
			for _, found := range judgeTruth(f) {
				tag += found.Tag
			}
			if tag != c.want {
				t.Errorf("got %q, want %q: %+v", tag, c.want, f.Truth)
			}
		})
	}
}
