package clocks

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/lab/extras"
	"github.com/monctl/monctl/lab/hosts"
)

// hide takes readers of the clock away from a host, or brings all back. Its root logs in with sh, as bash may be hidden.
const hide = `hide() { for p in "$@"; do [ ! -e /usr/bin/$p ] || mv /usr/bin/$p /usr/bin/$p.hidden; done; }
for p in /usr/bin/*.hidden; do [ ! -e $p ] || mv $p ${p%.hidden}; done
rm -f /usr/local/bin/date
usermod -s /bin/sh root
`

// TestReaders measures a host over SSH with each reader that it may have. The hosts share this machine's clock: zero must lie within the bound.
func TestReaders(t *testing.T) {
	if lab == nil {
		t.Skip("needs root, for a host")
	}
	cache, err := hosts.Cache("")
	must(t, err)
	busybox, err := extras.Busybox(context.WithoutCancel(t.Context()), cache)
	must(t, err)
	program, err := os.ReadFile(busybox)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(lab.host.Root(), "usr/local/bin/busybox"), program, 0o755))
	on(t, lab.host, "export DEBIAN_FRONTEND=noninteractive; { apt-get update -q && apt-get install -y -q perl python3-minimal; } >/dev/null 2>&1")
	t.Cleanup(func() { on(t, lab.host, hide) })
	for _, c := range []struct{ name, hides, reader string }{
		{"perl", ":", "perl"},
		{"bash", "hide perl", "bash"},
		{"python", "hide perl bash", "python"},
		{"GNU date", "hide perl bash python3", "date"},
		{"BusyBox date", "hide perl bash python3; ln -s busybox /usr/local/bin/date", "date"},
	} {
		t.Run(c.name, func(t *testing.T) {
			on(t, lab.host, hide+c.hides)
			r := measure(t)
			t.Logf("%+.6f s ± %.6f s", r.Offset, r.Bound)
			if !r.Known || r.Reader != c.reader || r.Offset > r.Bound || r.Offset < -r.Bound || r.Bound > 0.3 {
				t.Errorf("got %+v", r)
			}
		})
	}
}

// TestBrokenDate has a host with no reader but a date that is broken: the clock is unknown, with the reason, and nothing hangs.
func TestBrokenDate(t *testing.T) {
	if lab == nil {
		t.Skip("needs root, for a host")
	}
	t.Cleanup(func() { on(t, lab.host, hide) })
	for _, c := range []struct{ name, date, says string }{
		{"garbage", `echo "date: cannot tell"`, "instead of the time"},
		{"nothing", "exit 1", "instead of the time"},
		{"the year 9999", "echo 99999999999999", "instead of the time"},
		{"hangs", "exec sleep 30", "no answer within 5s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			on(t, lab.host, hide+"hide perl bash python3\ncat >/usr/local/bin/date <<'END'\n#!/bin/sh\n"+c.date+"\nEND\nchmod 755 /usr/local/bin/date")
			r := measure(t)
			if r.Known || !strings.Contains(r.Error, c.says) {
				t.Errorf("got %+v, want an error with %q", r, c.says)
			}
		})
	}
}

// measure is what the doctor says of the host's clock against this machine's. An unknown clock is a finding.
func measure(t *testing.T) reading {
	t.Helper()
	l := examineOnce(t, "root@h1", "--only=clock/offset", "--ntp=")
	r := l.clock(t, "h1")
	if f := l.findings; !r.Known && (len(f) != 1 || f[0].Level != "unknown" || l.code != 3) {
		t.Errorf("exit %d and findings\n%s", l.code, l)
	}
	return r
}
