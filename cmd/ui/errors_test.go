package ui

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/fleet/fault"
)

// plain is a UI that writes to buffers.
func plain(o Options) (u *UI, out, story *bytes.Buffer) {
	out, story = &bytes.Buffer{}, &bytes.Buffer{}
	return New(Streams{In: strings.NewReader(""), Out: out, Err: story}, o), out, story
}

func TestErrorsAreGroupedByCause(t *testing.T) {
	refused := func(host, address string) HostError {
		err := fault.With(fmt.Errorf("%s: connect to %s:22: port refused the connection", host, address), "Check sshd on port %d.", 22)
		return HostError{Host: host, Address: address, Err: err}
	}
	u, _, story := plain(Options{})
	u.Errors([]HostError{
		refused("a", "10.0.0.1"), refused("vm2", "10.0.0.2"),
		{Host: "vm3", Address: "10.0.0.3", Err: errors.New("vm3: disk full"), Journal: "2026-11-22T13:48:36+0000 vm3 systemd[1]: it broke"},
		refused("vm4", "10.0.0.4"),
	})
	want := `error: a: connect to 10.0.0.1:22: port refused the connection
  the same on vm2, vm4
  → Check sshd on port 22.
error: vm3: disk full
  │ 13:48:36 systemd: it broke
`
	if diff := cmp.Diff(want, story.String()); diff != "" {
		t.Error(diff)
	}
}

func TestJoinedErrorsKeepTheirRemedies(t *testing.T) {
	own := fault.With(errors.New("first"), "Do this.")
	u, _, story := plain(Options{})
	u.Error(fault.Misuse(errors.Join(own, errors.New("second\nwith an excerpt")), "Do that."))
	want := "error: first\n  → Do this.\nerror: second\n  with an excerpt\n  → Do that.\n"
	if diff := cmp.Diff(want, story.String()); diff != "" {
		t.Error(diff)
	}
}

func TestLastWords(t *testing.T) {
	var journal []string
	for i := range 30 {
		journal = append(journal, fmt.Sprintf("2026-11-22T13:48:%02d+0000 h1 systemd[1]: Stopped it.", i))
		journal = append(journal, fmt.Sprintf("2026-11-22T13:48:%02d+0000 h1 prom[%d]: failed", i, 100+i))
	}
	journal = append(journal, "-- no more --")
	got := lastWords(strings.Join(journal, "\n"), false)
	if want := "13:48:29 systemd: Stopped it.\n13:48:29 prom: failed\n-- no more --"; got != want {
		t.Errorf("got:\n%s", got)
	}
	if all := lastWords(strings.Join(journal, "\n"), true); strings.Count(all, "\n") != 60 {
		t.Errorf("with -v lines are missing: %d", strings.Count(all, "\n"))
	}
}

func TestNames(t *testing.T) {
	var hosts []string
	for i := range 20 {
		hosts = append(hosts, fmt.Sprintf("h%d", i))
	}
	if got, want := Names(hosts), "h0, h1, h2, h3, h4, h5 and 14 more"; got != want {
		t.Errorf("got %q", got)
	}
	if got := Names(hosts[:8]); strings.Contains(got, "more") {
		t.Errorf("got %q", got)
	}
}
