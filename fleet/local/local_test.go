package local_test

import (
	"os"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/local"
)

func TestRun(t *testing.T) {
	c, err := local.Open(t.Context(), fleet.SudoNever, local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cmd := fleet.Cmd{Script: "cat; umask; pwd; echo oops >&2; exit 3", Stdin: strings.NewReader("payload\n"), Size: 8}
	got, err := c.Run(t.Context(), cmd)
	want := fleet.Result{Stdout: "payload\n0022\n/\n", Stderr: "oops\n", Exit: 3}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if _, err := os.Stat("/"); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkRun(b *testing.B) {
	c, err := local.Open(b.Context(), fleet.SudoNever, local.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	for b.Loop() {
		if _, err := c.Run(b.Context(), fleet.Cmd{Script: "echo hi"}); err != nil {
			b.Fatal(err)
		}
	}
}

// zeros is an endless payload.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func BenchmarkPayload(b *testing.B) {
	c, err := local.Open(b.Context(), fleet.SudoNever, local.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	const size = 100 << 20
	b.SetBytes(size)
	for b.Loop() {
		if _, err := c.Run(b.Context(), fleet.Cmd{Script: "cat >/dev/null", Stdin: zeros{}, Size: size}); err != nil {
			b.Fatal(err)
		}
	}
}
