package inventory

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Any input is either an inventory or a list of mistakes that all have a place in the file.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	for _, seed := range []string{
		"", "hosts:\n  a: {user: [x]}\n", "a: &a [*a]\n", "hosts: &h {a: }\n<<: *h\n", "- - - ? !!x &a *b\n", "hosts: {a: |\n  b\n", "%YAML 1.2\n---\nhosts: {a: }\n",
		"? [a]\n: b\n", "hosts: {a: \"\\u0000\"}\n", "é: \"\\\n\n  x\"\n", "<<: {hosts: {<<: [a, {b: c}]}}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		done := time.AfterFunc(2*time.Second, func() { panic(fmt.Sprintf("hangs: %q", src)) })
		inv, err := Parse("monctl.yaml", src)
		done.Stop()
		if err == nil {
			checkInventory(t, inv)
			return
		}
		lines := strings.Count(string(normal(src)), "\n") + 1
		var joined interface{ Unwrap() []error }
		if !errors.As(err, &joined) {
			t.Fatalf("%v is not a list of errors", err)
		}
		for _, e := range joined.Unwrap() {
			var at *Error
			if !errors.As(e, &at) {
				continue // "and 3 more"
			}
			if at.Pos.Line < 1 || at.Pos.Line > lines || at.Pos.Column < 1 {
				t.Errorf("%v: no place in a file of %d lines", at, lines)
			}
			if strings.ContainsAny(at.Error(), "\x1b\x07\r") {
				t.Errorf("%q has control characters", at)
			}
		}
	})
}

// checkInventory holds what everything after Parse relies on.
func checkInventory(t *testing.T, inv *Inventory) {
	if len(inv.Hosts) == 0 {
		t.Error("no hosts")
	}
	for _, h := range inv.Hosts {
		if !nameRE.MatchString(h.Name) || checkAddress(h.Address) != nil || h.Port < 0 || h.Port > 65535 {
			t.Errorf("host %+v", h)
		}
	}
	for _, a := range inv.Assignments() {
		if !nameRE.MatchString(a.Component) {
			t.Errorf("component %q", a.Component)
		}
	}
}
