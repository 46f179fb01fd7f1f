package compliance

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestRemoteWriteReceiver(t *testing.T) {
	monctl, reference := programs(t)
	dir := suite(t, "remotewrite/receiver")
	config := "remote_write:\n"
	for _, p := range []program{monctl, reference} {
		config += fmt.Sprintf("- {name: %s, url: http://%s/api/v1/write}\n", p.name, start(t, p))
	}
	file := filepath.Join(dir, "both.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	found := outcomes(t, dir, "", []string{"PROMETHEUS_RW2_COMPLIANCE_CONFIG_FILE=" + file}, monctl.name, reference.name)
	same(t, "remote write, receiver", found[monctl.name], found[reference.name])
}

func TestRemoteWriteSender(t *testing.T) {
	monctl, reference := programs(t)
	found := map[string]results{}
	for _, p := range []program{monctl, reference} {
		dir := suite(t, "remotewrite/sender")
		standIn(t, dir, p)
		found[p.name] = outcomes(t, dir, "", nil, "prometheus")["prometheus"]
		for range retries {
			if pattern := failed(found[p.name]); pattern != "" {
				for test, outcome := range outcomes(t, dir, pattern, nil, "prometheus")["prometheus"] {
					if outcome == "pass" { // once is enough
						found[p.name][test] = outcome
					}
				}
			}
		}
	}
	same(t, "remote write, sender", found[monctl.name], found[reference.name])
}

// retries of what fails: the suite gives a server 5 s to start, scrape and send, which a busy machine may not have.
const retries = 2

// failed is a pattern of the tests, at their top, of which something failed; "" when nothing did.
func failed(r results) string {
	var names []string
	for test, outcome := range r {
		top, _, _ := strings.Cut(test, "/")
		if outcome == "fail" && !slices.Contains(names, top) {
			names = append(names, top)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "^(" + strings.Join(names, "|") + ")$"
}

// standIn puts a script where the suite keeps the release that it would download: it starts the program with the configuration that
// the suite gives, on a folder and a port of its own.
func standIn(t *testing.T, dir string, p program) {
	t.Helper()
	args := p.args("127.0.0.1:0", `"$config"`, `"$PWD/data"`)
	script := "#!/bin/sh\nfor word; do case $word in --config.file=*) config=${word#--config.file=} ;; esac; done\nexec " + strings.Join(args, " ") + "\n"
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("prometheus-3.8.0.%s-%s", runtime.GOOS, runtime.GOARCH)
	if err := os.WriteFile(filepath.Join(dir, "bin", name), []byte(script), 0o755); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
}
