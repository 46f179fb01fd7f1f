package acceptance

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/lab/hosts"
)

// freeHosts hands each host to one test at a time.
type freeHosts struct {
	mu    sync.Mutex
	freed *sync.Cond
	taken map[string]bool
	bare  map[string]state // of every host before the first test
}

func bareHosts(ctx context.Context, l *hosts.Lab) (*freeHosts, error) {
	f := &freeHosts{taken: map[string]bool{}, bare: map[string]state{}}
	f.freed = sync.NewCond(&f.mu)
	for _, h := range l.Hosts {
		s, err := read(ctx, h)
		if err != nil {
			return nil, err
		}
		f.bare[h.Name] = s
	}
	return f, nil
}

// take waits until the test has hosts with these names for itself. They are
// bare, and are made bare again after the test.
func take(t *testing.T, names ...string) []*hosts.Host {
	t.Helper()
	needLab(t)
	lab.free.take(func() []string {
		for _, name := range names {
			if lab.free.taken[name] {
				return nil
			}
		}
		return names
	})
	return given(t, names)
}

// takeAny is take for one amd64 host, whichever is free first.
func takeAny(t *testing.T) *hosts.Host {
	t.Helper()
	needLab(t)
	names := lab.free.take(func() []string {
		for _, name := range []string{"h3", "h2", "h1"} {
			if !lab.free.taken[name] {
				return []string{name}
			}
		}
		return nil
	})
	return given(t, names)[0]
}

// take asks again whenever a host is given back, until choose names some.
func (f *freeHosts) take(choose func() []string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		if names := choose(); names != nil {
			for _, name := range names {
				f.taken[name] = true
			}
			return names
		}
		f.freed.Wait()
	}
}

func given(t *testing.T, names []string) []*hosts.Host {
	t.Helper()
	t.Cleanup(func() {
		for _, name := range names {
			bare(t, host(t, name))
		}
		lab.free.mu.Lock()
		defer lab.free.mu.Unlock()
		for _, name := range names {
			delete(lab.free.taken, name)
		}
		lab.free.freed.Broadcast()
	})
	var list []*hosts.Host
	for _, name := range names {
		list = append(list, host(t, name))
	}
	return list
}

func host(t *testing.T, name string) *hosts.Host {
	t.Helper()
	h, err := lab.Host(name)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// wipe takes everything of monctl off a host, without monctl. It first waits for
// the lock: a change that outlives its controller holds it until it is done.
const wipe = `
[ ! -e /run/monctl/lock ] || flock -w 120 /run/monctl/lock true || { echo the lock is stuck; exit 1; }
command -v systemctl >/dev/null && [ -d /run/systemd/system ] || exit 0
for unit in /etc/systemd/system/monctl-*.service; do
	[ -e "$unit" ] && systemctl disable --now --quiet "${unit##*/}" && rm -f "$unit"
done
rm -rf /etc/monctl /opt/monctl /var/lib/monctl /run/monctl
for user in $(sed -n 's/^\(monctl-[^:]*\):.*/\1/p' /etc/passwd); do userdel "$user"; done
systemctl daemon-reload
systemctl reset-failed
`

// bare wipes a host and wants it to be what it was before the first test.
func bare(t *testing.T, h *hosts.Host) {
	t.Helper()
	on(t, h, wipe)
	if diff := cmp.Diff(lab.free.bare[h.Name], stateOf(t, h)); diff != "" {
		t.Errorf("%s is not bare after the test (-before +after):\n%s", h.Name, diff)
	}
}

// on runs a script on a host, past its network, and returns what it printed.
func on(t *testing.T, h *hosts.Host, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	out, err := h.Exec(ctx, script)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
