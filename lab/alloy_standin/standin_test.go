package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func loaded(t *testing.T, text string) (*config, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.alloy")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return load(file)
}

// TestStandInIsStrict: what Alloy would refuse is refused.
func TestStandInIsStrict(t *testing.T) {
	for text, want := range map[string]string{
		`loki.write "x" { endpoint { url = } }`:                       "expected",
		`loki.write "x" { endpont { url = "u" } }`:                    "endpont",
		`loki.write "x" { endpoint { urll = "u" } }`:                  "urll",
		`loki.process "p" { forward_to = [loki.write.y.receiver] }`:   "y",
		`loki.source.file "f" { targets = [], forward_to = [ "z" ] }`: "expected",
		"loki.source.kafka \"k\" {\n}":                                "no component loki.source.kafka",
	} {
		if _, err := loaded(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestStandInReadsWhatMonctlWrites takes a line of the journal and one of a file the way of the golden configuration.
func TestStandInReadsWhatMonctlWrites(t *testing.T) {
	c, err := load("../../templates/alloy/testdata/golden/edge1/config.alloy")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	sent := make(chan entry, 1)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	pass := func(name string, e entry) entry {
		in := make(chan entry, 1)
		in <- e
		all.Go(func() { c.processes[name].run(ctx, in, func(_ context.Context, e entry) { sent <- e }) })
		select {
		case e := <-sent:
			return e
		case <-ctx.Done():
			t.Fatal("nothing is sent")
			return entry{}
		}
	}
	j := c.journals[0]
	e, ok := j.read([]byte(`{"MESSAGE":"hello","PRIORITY":"3","_SYSTEMD_UNIT":"session-12.scope","__REALTIME_TIMESTAMP":"1795639956000001"}`), c.relabels[j.Rules])
	if !ok {
		t.Fatal("the journal's line is dropped")
	}
	if e = pass("loki.process.journal", e); e.line != "hello" || e.labels["unit"] != "session.scope" || e.labels["level"] != "ERROR" || e.labels["job"] != "journal" || e.labels["instance"] != "edge1" || e.at.UnixMicro() != 1795639956000001 {
		t.Errorf("%+v", e)
	}
	e = pass("loki.process.app_corea", entry{labels: map[string]string{}, line: "2026-11-25T10:02:03.5+09:00 WARN x"})
	if e.labels["level"] != "WARN" || !e.at.Equal(time.Date(2026, 11, 25, 1, 2, 3, 5e8, time.UTC)) {
		t.Errorf("%+v", e)
	}
}
