package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
)

// long lets the monitor hand its samples over and back, and tries every reason why a release cannot be had.
var long = os.Getenv("MONCTL_LAB_LONG") != ""

// TestWithoutInternet: in a place without any release, an install ends with a working monitor, on hosts of both machines.
func TestWithoutInternet(t *testing.T) {
	t.Parallel()
	all := take(t, "h3", "a1")
	h := all[0]
	c := newController(t, "hosts:\n"+entry(h, "prometheus, node_exporter")+entry(all[1], "node_exporter"))
	if long {
		step(t, "reasons", func(t *testing.T) { withoutRelease(t, c, all) })
	}
	c.flags["mirror"], c.flags["catalog"], c.flags["cache-dir"] = lab.url+"/nothing", lab.catalog, t.TempDir()
	before := statesOf(t, all)
	c.run(t, "install", "--yes").want(t, failed, "404", "--fallback auto")
	sameAll(t, all, before)

	person := c.beginOn(t, "install") // fallback: ask is what an inventory says that says nothing
	person.waitFor(t, "Take the bundled monitor in the place of prometheus and node_exporter on h3, a1?")
	person.answer(t, "y")
	person.waitFor(t, "Change these hosts?")
	person.answer(t, "y")
	person.end(t).want(t, done, "installed and proven", "2 hosts", "3 of 3 targets up")
	want := map[string]float64{"node_exporter h3": 1, "node_exporter a1": 1, "monitor h3": 1}
	eventually(t, "every target up", func() bool { // a scrape every second is too much for an emulated host that is busy
		got := map[string]float64{}
		for _, s := range query(t, h, "up") {
			got[s.Metric["job"]+" "+s.Metric["instance"]] = s.Value
		}
		return maps.Equal(got, want)
	})
	if names := query(t, h, `last_over_time(node_uname_info{nodename="a1",machine="aarch64"}[5m])`); len(names) != 1 {
		t.Errorf("the metrics of a1 are not there: %v", names)
	}
	c.run(t, "install", "--yes").want(t, done, "nothing to change", "3 of 3 targets up") // whatever the policy is
	c.run(t, "status").want(t, done, "monitor", "3/3 up", "all is well")
	if !long {
		return
	}
	step(t, "doctor", func(t *testing.T) { itsDoctorSays(t, h, all[1]) })
	step(t, "back and forth", func(t *testing.T) { backAndForth(t, c, h) })
	c.inventory(t, "hosts:\n"+entry(h, "monitor")+entry(all[1], "node_exporter"))
	c.run(t, "plan").want(t, changes, "monitor.json") // it is there in its own right now
	c.inventory(t, "hosts:\n"+entry(all[1], "node_exporter")+"  h3: {address: "+h.Address+"}\n")
	c.run(t, "install", "--yes").want(t, done, "off: monctl-monitor.service", "/var/lib/monctl/monitor")
	if left := on(t, h, "ls /etc/monctl /opt/monctl; systemctl is-active monctl-monitor || true"); left != "/etc/monctl:\n\n/opt/monctl:\ninactive" {
		t.Errorf("left: %q", left)
	}
}

// withoutRelease plans for every reason why a release cannot be had. Nothing is installed.
func withoutRelease(t *testing.T, c *controller, all []*hosts.Host) {
	before := statesOf(t, all)
	planned := func(never int, reason string, more ...string) {
		t.Helper()
		for _, policy := range []string{"ask", "auto"} {
			c.run(t, "plan", "--fallback", policy).want(t, changes, append(more, "cannot be had", reason, "The bundled monitor is planned in its place")...)
		}
		c.run(t, "plan", "--fallback", "never").want(t, never, reason, "--fallback auto")
	}
	c.flags["mirror"], c.flags["cache-dir"] = "http://127.0.0.1:1", t.TempDir()
	planned(failed, "connection refused", "monctl-monitor.service")
	c.run(t, "install", "--yes", "--fallback", "never").want(t, failed, "connection refused", "--fallback auto")

	c.flags["mirror"] = lab.url + "/nothing"
	planned(failed, "404", "monctl-monitor.service")

	r := releaseOf(t, "prometheus", "3.13.5", "amd64")
	c.replaced(t, r, archiveOf(t, releaseOf(t, "prometheus", "2.42.0", "amd64")), false)
	planned(some, "checksum mismatch", "release /opt/monctl/node_exporter/1.12.1")

	c.flags["mirror"] = lab.url
	c.flags["catalog"] = changedCatalog(t, "node_exporter", func(rows []string) []string {
		return slices.DeleteFunc(rows, func(row string) bool { return strings.Contains(row, "\tarm64\t") })
	})
	planned(some, "attested by 2 independent sources for arm64", "release /opt/monctl/prometheus/3.13.5")

	// A monctl for the other machine that is none.
	c.flags["monctl-binary"] = "linux/arm64=" + lab.monctl
	c.run(t, "plan").want(t, some, "is not a program for linux/arm64, but for amd64", "nor can the bundled monitor take its place")
	delete(c.flags, "monctl-binary")
	sameAll(t, all, before)
}

// itsDoctorSays has the hardened monitor of one host say why what it scrapes on another is down.
func itsDoctorSays(t *testing.T, h, other *hosts.Host) {
	on(t, other, "systemctl stop monctl-monitor")
	defer on(t, other, "systemctl start monctl-monitor")
	eventually(t, "a verdict", func() bool {
		var answer struct {
			Failed   string
			Verdicts []struct {
				Check   string
				Targets []struct{ URL string }
			}
		}
		if err := json.Unmarshal(get(t, request(t, "http://"+h.Address+":9090/api/monctl/doctor")), &answer); err != nil || answer.Failed != "" {
			t.Fatal(err, answer.Failed)
		}
		return len(answer.Verdicts) == 1 && answer.Verdicts[0].Check == "scrape/refused" && strings.Contains(answer.Verdicts[0].Targets[0].URL, other.Address)
	})
}

// backAndForth moves the samples between the monitor and two releases of Prometheus, and counts them.
func backAndForth(t *testing.T, c *controller, h *hosts.Host) {
	c.flags["mirror"], c.flags["catalog"] = lab.url, lab.catalog
	unreadable(t, c, h)
	for _, step := range []struct{ from, to, version string }{
		{"monitor", "prometheus@2.42.0", "2.42.0"}, {"prometheus", "monitor", ""}, {"monitor", "prometheus@3.13.5", "3.13.5"}, {"prometheus", "monitor", ""},
	} {
		eventually(t, "samples", func() bool { return number(t, h, `count_over_time(up{job="node_exporter",instance="h3"}[1m])`) >= 3 })
		at := time.Now().Add(-time.Second)
		before := dump(t, h, at)
		began := time.Now()
		c.run(t, "upgrade", h.Name+"/"+step.from, "--to", step.to, "--yes").want(t, done, "installed and proven")
		wantDump(t, h, at, before)
		t.Logf("%s to %s: %d series, %d samples, all there; %.1f s", step.from, step.to, len(before), count(before), time.Since(began).Seconds())
		if step.version != "" && prometheusVersion(t, h) != step.version {
			t.Errorf("%s runs, not %s", prometheusVersion(t, h), step.version)
		}
		c.run(t, "install", "--yes").want(t, done, "nothing to change")

		c.run(t, "rollback", h.Name, "--yes").want(t, done)
		wantDump(t, h, at, before)
		if unit := on(t, h, "systemctl is-active monctl-"+step.from); unit != "active" {
			t.Errorf("after the rollback, %s is %s", step.from, unit)
		}
		c.run(t, "upgrade", h.Name+"/"+step.from, "--to", step.to, "--yes").want(t, done)
		wantDump(t, h, at, before)
	}
}

// unreadable puts a block of a newer version among the samples: the monitor runs on, and all that was prepared is taken back.
func unreadable(t *testing.T, c *controller, h *hosts.Host) {
	const block = "/var/lib/monctl/monitor/01HZZZZZZZZZZZZZZZZZZZZZZZ"
	before := stateOf(t, h)
	on(t, h, "mkdir "+block+` && echo '{"ulid": "01HZZZZZZZZZZZZZZZZZZZZZZZ", "minTime": 0, "maxTime": 1, "version": 9}' >`+block+"/meta.json && chown -R --reference=/var/lib/monctl/monitor "+block)
	for _, version := range []string{"2.42.0", "3.13.5"} {
		c.run(t, "upgrade", h.Name+"/monitor", "--to", "prometheus@"+version, "--yes").
			want(t, failed, "samples of monitor: error: what is there is not for this version: "+filepath.Base(block)+": meta.json: version 9", "The host was put back as it was")
		same(t, h, before) // the unit's invocation, too
	}
	on(t, h, "rm -r "+block)
}

// dump is every sample of the hour before a moment, as the server stores it: series to its samples.
func dump(t *testing.T, h *hosts.Host, at time.Time) map[string]string {
	t.Helper()
	address := fmt.Sprintf("http://%s:9090/api/v1/query?query=%s&time=%d", h.Address, url.QueryEscape(`{__name__=~".+"}[1h]`), at.Unix())
	var answer struct {
		Data struct {
			Result []struct {
				Metric map[string]string
				Values []json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(get(t, request(t, address)), &answer); err != nil {
		t.Fatal(err)
	}
	series := map[string]string{}
	for _, r := range answer.Data.Result {
		name := ""
		for _, label := range slices.Sorted(maps.Keys(r.Metric)) {
			name += label + "=" + r.Metric[label] + " "
		}
		for _, v := range r.Values {
			series[name] += string(v) + "\n"
		}
	}
	return series
}

func count(series map[string]string) (n int) {
	for _, values := range series {
		n += strings.Count(values, "\n")
	}
	return n
}

// wantDump compares what a server has of a time with what there was.
func wantDump(t *testing.T, h *hosts.Host, at time.Time, before map[string]string) {
	t.Helper()
	after := dump(t, h, at)
	if len(before) < 100 || count(after) != count(before) {
		t.Errorf("%d samples of %d series before, %d of %d after", count(before), len(before), count(after), len(after))
	}
	for name, values := range before {
		if after[name] != values {
			t.Errorf("%s: %d samples before, %d after", name, strings.Count(values, "\n"), strings.Count(after[name], "\n"))
			return
		}
	}
}
