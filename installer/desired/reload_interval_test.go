package desired

import (
	"strings"
	"testing"
)

// TestHiddenFlagOnlyWhereItIsKnown: a release that does not know a flag does not start.
func TestHiddenFlagOnlyWhereItIsKnown(t *testing.T) {
	const flag = "--scrape.discovery-reload-interval="
	for version, want := range map[string]bool{
		"2.42.0": false, "3.11.9": false, "3.12.0": true, "3.13.5": true, "3.16.2": true, "3.17.0": false, "4.0.0": false,
	} {
		s := good(t, "hosts: {m: {address: 10.0.0.1, components: [prometheus]}}\n")
		i := the(t, s, "prometheus", "m")
		i.Release.Version = version
		unit, err := i.unitFile(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(unit.Content), flag); got != want {
			t.Errorf("%s: the flag is given: %v, want %v", version, got, want)
		}
	}
}
