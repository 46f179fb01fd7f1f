package doctor

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fleettest"
	"github.com/monctl/monctl/fleet/ssh"
)

const hundred = 100

// hundredHosts are real sshd, each on an address of its own, with a /proc of its own for each login, so that what else runs on this
// machine is not looked at a hundred times.
func hundredHosts(t testing.TB) (*fleettest.OpenSSH, Options) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes some seconds of two processors")
	}
	s := fleettest.StartOpenSSH(t, `LogLevel ERROR
ForceCommand exec unshare --pid --fork --kill-child --mount-proc sh -c "$SSH_ORIGINAL_COMMAND"`)
	o := Options{Checks: Checks(), Settings: Default(), Here: "here", Patience: 2 * time.Minute}
	o.Settings.NTP = []string{}
	for i := range hundred {
		h := s.HostAt(t, fmt.Sprintf("127.0.1.%d", i+1))
		h.Name = fmt.Sprintf("h%03d", i)
		o.Hosts = append(o.Hosts, Target{Host: h})
	}
	return s, o
}

// lookAtAll looks, judges, and wants the clock of each host. It says how long all took, and the widest bound of a clock.
func lookAtAll(t testing.TB, o Options) (f Fleet, took, widest time.Duration) {
	t.Helper()
	began := time.Now()
	f = Look(t.Context(), o)
	looked := time.Since(began)
	r := Judge(f, o.Checks)
	took = time.Since(began)
	samples := 0
	for _, h := range f.Hosts {
		if !h.Clock.Known {
			t.Errorf("%s: clock: %s", h.Name, h.Clock.Err)
		}
		if b := h.Clock.Offset.Bound(); b > widest {
			widest, samples = b, h.Clock.Samples
		}
	}
	t.Logf("%d hosts, %d checks: %v (looked %v), memory %s, widest clock bound %v of %d samples, %d findings",
		len(o.Hosts), len(o.Checks), took.Round(time.Millisecond), looked.Round(time.Millisecond), peak(), widest, samples, len(r.Findings))
	for _, l := range f.Lost {
		t.Log(l.Why)
	}
	if len(f.Hosts) != hundred {
		t.Fatalf("%d hosts examined, %d lost", len(f.Hosts), len(f.Lost))
	}
	return f, took, widest
}

// TestHundredHosts examines a hundred hosts with every check there is, and one host that accepts connections and never says a word.
// That one costs its timeout once, and must not hold up the others.
func TestHundredHosts(t *testing.T) {
	s, o := hundredHosts(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	dead := s.Host()
	dead.Name, dead.Port = "dead", silent.Addr().(*net.TCPAddr).Port
	o.Hosts = append(o.Hosts, Target{Host: dead})
	auth := ssh.NewAuth(nil)
	var live sync.WaitGroup
	var waited atomic.Int64 // for the dead one
	live.Add(hundred)
	o.Report = func(host, _ string, done bool, _ error) {
		if done && host != "dead" {
			live.Done()
		}
	}
	o.Dial = func(ctx context.Context, h fleet.Host) (fleet.Conn, error) {
		within := time.Minute // a busy machine may be slow
		if h.Name == "dead" { // its timeout ends when all others are done: were one of them to wait for it, the test would hang
			waited.Add(1)
			within = 5 * time.Minute
			until, end := context.WithCancel(ctx)
			go func() { live.Wait(); end() }()
			ctx = until
		}
		return ssh.Dial(ctx, h, ssh.Options{Auth: auth, KnownHosts: []string{s.KnownHosts()}, ConfigFiles: []string{}, ConnectTimeout: within})
	}
	f, _, _ := lookAtAll(t, o)
	if len(f.Lost) != 1 || f.Lost[0].Name != "dead" {
		t.Errorf("%d hosts lost", len(f.Lost))
	}
	if n := waited.Load(); n != 1 {
		t.Errorf("the dead host was waited for %d times", n)
	}
}

// BenchmarkHundredFarHosts examines a hundred hosts 50 ms away, which wait for the network all at once: see TestTurns.
func BenchmarkHundredFarHosts(b *testing.B) {
	s, o := hundredHosts(b)
	const roundTrip = 50 * time.Millisecond
	for i := range o.Hosts {
		o.Hosts[i].Host = s.Far(b, o.Hosts[i].Host, roundTrip)
	}
	auth := ssh.NewAuth(nil)
	o.Dial = func(ctx context.Context, h fleet.Host) (fleet.Conn, error) {
		return ssh.Dial(ctx, h, ssh.Options{Auth: auth, KnownHosts: []string{s.KnownHosts()}, ConfigFiles: []string{}, ConnectTimeout: time.Minute})
	}
	for b.Loop() {
		if _, _, widest := lookAtAll(b, o); widest < roundTrip/2*9/10 {
			b.Errorf("a bound of %v: the hosts are not that far", widest)
		}
	}
}

// peak is the largest resident size of this process so far.
func peak() string {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "?"
}
