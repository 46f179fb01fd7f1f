package ui

import (
	"bytes"
	"strings"
	"testing"

	"github.com/monctl/monctl/doctor"
)

// TestUnknownsAreFolded says once what many checks cannot tell for one and the same reason.
func TestUnknownsAreFolded(t *testing.T) {
	var checks []doctor.Check
	var r doctor.Report
	for _, id := range []string{"clock/a", "clock/b", "clock/c"} {
		checks = append(checks, doctor.Check{ID: id, Title: id})
		for _, host := range []string{"slow", "other"} {
			r.Results = append(r.Results, doctor.Result{Check: id, Host: host, Level: doctor.Unknown})
			r.Findings = append(r.Findings, doctor.Finding{Check: id, Host: host, Level: doctor.Unknown, Title: "cannot tell: " + host + " took too long"})
		}
	}
	for verbose, want := range map[bool]int{false: 1, true: 3} {
		var out bytes.Buffer
		New(Streams{Out: &out, Err: &out}, Options{Verbose: verbose}).Doctor(doctor.Fleet{}, r, checks)
		for _, host := range []string{"slow", "other"} {
			if n := strings.Count(out.String(), host+" took too long"); n != want {
				t.Errorf("verbose %v: said %d times of %s, want %d:\n%s", verbose, n, host, want, out.String())
			}
		}
		if !verbose && !strings.Contains(out.String(), "3 checks (-v lists them)") {
			t.Errorf("got\n%s", out.String())
		}
	}
}
