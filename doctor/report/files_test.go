package report

import (
	"bytes"
	"encoding/xml"
	"testing"

	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/report/junit"
)

func TestJUnit(t *testing.T) {
	f, r, checks := seed()
	r.Findings = append(r.Findings, doctor.Finding{Check: "install/disk", Host: "vm1", Level: doctor.Note, Title: "a note"})
	r.Results[4].Level = doctor.Note
	var out bytes.Buffer
	if err := JUnit(&out, f, r, checks); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/seed.xml", out.Bytes())
	var back junit.Suites
	if err := xml.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	tests, failures, errors, skipped := 0, 0, 0, 0
	for _, s := range back.Suites {
		tests, failures, errors, skipped = tests+s.Tests, failures+s.Failures, errors+s.Errors, skipped+s.Skipped
	}
	if tests != len(r.Results)+len(f.Lost) || failures != 2 || errors != 2 || skipped != 1 {
		t.Errorf("%d tests, %d failures, %d errors, %d skipped", tests, failures, errors, skipped)
	}
}
