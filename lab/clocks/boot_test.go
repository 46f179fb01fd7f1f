package clocks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// install puts a Prometheus that scrapes every second, and an exporter, on the virtual machine.
func install(t *testing.T) {
	t.Helper()
	text := fmt.Sprintf("components: {prometheus: {version: 2.42.0, scrape_interval: 1s}}\nhosts:\n  v1: {address: %s, user: root, components: [prometheus, node_exporter]}\n", lab.vm.Address)
	must(t, os.WriteFile(filepath.Join(lab.dir, stack), []byte(text), 0o600))
	if o := lab.run(t.Context(), "install", "-f", stack, "--yes"); o.code != 0 {
		t.Fatalf("install: exit %d\n%s%s", o.code, o.stdout, o.stderr)
	}
}

// newest is the time of the newest sample that the machine's Prometheus holds.
func newest(t *testing.T) time.Time {
	t.Helper()
	answer := struct {
		Data struct{ HeadStats struct{ MaxTime int64 } }
	}{}
	response, err := http.Get("http://" + lab.vm.Address + ":9090/api/v1/status/tsdb")
	if err != nil {
		return time.Time{}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK { // it reads its log
		return time.Time{}
	}
	must(t, json.NewDecoder(response.Body).Decode(&answer))
	return time.UnixMilli(answer.Data.HeadStats.MaxTime)
}

// stored says that samples of now are stored.
func stored(t *testing.T) bool { return time.Since(newest(t)).Abs() < 10*time.Second }

const dataChecks = "--only=clock,tsdb,install/not-running"

// TestTheSeedCase, in the first file by name, runs before all that touches the machine: it must be as it booted.
//
// It replays what monctl was begun for, in a machine that boots 31768 s in the future.
//
// A real Prometheus stores samples there. The banner is attributed; an operator who only sets the clock back under the running
// Prometheus gets both gates named, before and after a restart; and --fix does it in the right order, leaves Prometheus stopped, and hands over
// to monctl data.
func TestTheSeedCase(t *testing.T) {
	if lab == nil {
		t.Skip("needs root, for a virtual machine")
	}
	install(t)

	t.Run("the banner is attributed", func(t *testing.T) {
		l := examine(t, "v1", dataChecks)
		c := l.clock(t, "v1")
		t.Logf("%.6f s ± %.6f s, read with %s", c.Offset, c.Bound, c.Reader)
		if d := c.Offset - ahead.Seconds(); d < -60 || d > 0 || c.Bound > 0.1 { // it booted some seconds after its clock was named
			t.Errorf("offset %g s ± %g s, want about %v", c.Offset, c.Bound, ahead)
		}
		if got := l.causes(); !slices.Equal(got, []string{"clock/daemon", "clock/offset"}) {
			t.Errorf("causes %q in\n%s", got, l)
		}
		banner := l.of(t, "clock/banner")
		if banner.Tag != "server" || !banner.says("The server's clock is wrong: it is 317") || banner.MutedBy != "clock/offset v1" {
			t.Errorf("the banner is not attributed: %+v", banner)
		}
		if head := l.of(t, "tsdb/head-in-future"); head.Tag != "clock-ahead" || head.MutedBy != "clock/offset v1" {
			t.Errorf("samples of the future: %+v", head)
		}
	})

	t.Run("the clock is set back under Prometheus: gate 1", func(t *testing.T) {
		on(t, lab.vm, fmt.Sprintf("date -s @%d", time.Now().Add(2*time.Second).Unix()))
		eventually(t, "scrapes are refused", 3*time.Minute, func() bool { return refused(t, "prometheus_target_scrapes_sample_out_of_bounds_total") })
		l := examine(t, "v1", dataChecks)
		gate := l.of(t, "tsdb/out-of-bounds")
		if gate.Tag != "gate-1" || !gate.says("frozen") || !gate.says("monctl data repair v1/prometheus") {
			t.Errorf("got %+v", gate)
		}
		if frozen := l.of(t, "tsdb/frozen-scrape-clock"); !frozen.says("out of bounds") {
			t.Errorf("got %+v", frozen)
		}
		if !slices.Contains(l.causes(), "tsdb/head-in-future") {
			t.Errorf("a clock that is a second off must not explain samples hours ahead:\n%s", l)
		}
	})

	t.Run("after a restart: gate 2", func(t *testing.T) {
		on(t, lab.vm, "systemctl restart monctl-prometheus")
		eventually(t, "samples are refused", 3*time.Minute, func() bool { return refused(t, "prometheus_tsdb_out_of_bound_samples_total") })
		l := examine(t, "v1", dataChecks)
		gate := l.of(t, "tsdb/out-of-bounds")
		if gate.Tag != "gate-2" || !gate.says("monctl data repair v1/prometheus") || gate.MutedBy != "tsdb/head-in-future v1" {
			t.Errorf("got %+v", gate)
		}
		if head := l.of(t, "tsdb/head-in-future"); head.Fix != "monctl data repair v1/prometheus" || !head.says("8h4") {
			t.Errorf("got %+v", head)
		}
	})

	t.Run("the clock is cured and the data handed over", cureTheSeed)
	t.Run("the data are repaired", repairTheSeed)
}

// refused says that a counter of the machine's Prometheus, with or without labels, is above zero.
func refused(t *testing.T, counter string) bool {
	out := on(t, lab.vm, `exec 3<>/dev/tcp/127.0.0.1/9090 && printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3 && grep '^`+counter+`[ {]' <&3 || :`)
	value := out[strings.LastIndex(out, " ")+1:]
	return value != "" && value != "0"
}

// cureTheSeed puts the clock wrong again, so that samples are stored, and lets the doctor set it right.
func cureTheSeed(t *testing.T) {
	on(t, lab.vm, fmt.Sprintf("date -s @%d", time.Now().Add(ahead).Unix()))
	eventually(t, "samples of the future are stored", 3*time.Minute, func() bool { return time.Until(newest(t)) > ahead-time.Minute })
	cured := examine(t, "v1", dataChecks, "--fix", "--yes")
	if len(cured.fixes) != 1 {
		t.Fatalf("%d fixes, want one:\n%s%s", len(cured.fixes), cured.stdout, cured.stderr)
	}
	fix := cured.fixes[0]
	if !strings.HasPrefix(fix.Then, "monctl data inspect v1/prometheus") {
		t.Errorf("it hands over with %q", fix.Then)
	}
	if c := cured.clock(t, "v1"); c.Offset < -0.5 || c.Offset > 0.5 {
		t.Errorf("after the fix the clock is %g s ± %g s off", c.Offset, c.Bound)
	}
	// The journal has the order in which it really happened, by a clock that no step touches.
	order := on(t, lab.vm, `journalctl -b -o short-monotonic -u monctl-prometheus -u chrony | grep -E 'Stopped monctl-prometheus|Stopped .*Prometheus|System clock was stepped by -?[0-9]{5}' | tail -n 2`)
	stopped, stepped := strings.Index(order, "Stopped"), strings.Index(order, "stepped by")
	if stopped < 0 || stepped < stopped {
		t.Errorf("Prometheus was not stopped before the step:\n%s", order)
	}
	if state := on(t, lab.vm, "systemctl is-active monctl-prometheus || :"); state != "inactive" {
		t.Errorf("Prometheus is %s, want it stopped until its data were looked at", state)
	}
	left := cured.of(t, "tsdb/stopped-ahead")
	if left.Fix != "monctl data repair v1/prometheus" || left.MutedBy != "" {
		t.Errorf("got %+v", left)
	}
	if down := cured.of(t, "install/not-running"); down.MutedBy != "tsdb/stopped-ahead v1" {
		t.Errorf("starting it again is offered as a cure: %+v", down)
	}
	if again := examine(t, "v1", "--only=tsdb,install/not-running", "--fix", "--yes"); len(again.fixes) != 0 {
		t.Errorf("a second --fix does %+v", again.fixes)
	}
}

// repairTheSeed runs the command that the finding names, and wants samples of now to be stored.
func repairTheSeed(t *testing.T) {
	if o := lab.run(t.Context(), "data", "repair", "--help"); o.code != 0 || !strings.Contains(o.stdout, "data repair") {
		t.Skip("this monctl has no command data")
	}
	if o := lab.run(t.Context(), "data", "repair", "v1/prometheus", "-f", stack, "--yes=v1/prometheus"); o.code != 0 {
		t.Fatalf("data repair: exit %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	eventually(t, "samples of now are stored", 3*time.Minute, func() bool { return stored(t) })
	if got := examine(t, "v1", dataChecks).causes(); len(got) != 0 {
		t.Errorf("causes %q are left", got)
	}
}
