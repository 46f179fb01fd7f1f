package clocks

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestServeAcrossSteps steps the real clock of the machine under a running monctl serve, both ways. Upstream's scrape loops keep the time of
// before a step back until the clock has caught up, as the Prometheus of TestTheSeedCase shows ("frozen"); the monitor begins them anew.
// The true time comes from the lab's chronyd, and is asked for again after each step.
func TestServeAcrossSteps(t *testing.T) {
	if lab == nil {
		t.Skip("needs root, for a virtual machine")
	}
	if os.Getenv("MONCTL_LAB_LONG") == "" {
		t.Skip("takes minutes: set MONCTL_LAB_LONG")
	}
	const away = 2 * time.Hour
	m := startServe(t)
	eventually(t, "samples of now are stored", time.Minute, m.fresh)
	m.known(0)
	m.step(away)
	eventually(t, "the step forward is seen", time.Minute, func() bool { return m.steps("forward") == 1 })
	m.known(away)
	eventually(t, "samples go on after the step forward", time.Minute, m.fresh)

	m.step(0)
	eventually(t, "the step back is seen", time.Minute, func() bool { return m.steps("backward") == 1 })
	began := time.Now()
	eventually(t, "samples of now are stored although newer ones are", time.Minute, m.fresh)
	t.Logf("samples of now %s after the step back was seen", time.Since(began).Round(100*time.Millisecond))
	m.known(0)
	time.Sleep(10 * time.Second)
	if n := m.number(`count_over_time(up[8s])`); n < 6 {
		t.Errorf("%v samples in the last 8 s at a scrape a second", n)
	}
}

// monitor is monctl serve on the virtual machine.
type monitor struct {
	t   *testing.T
	url string
}

func startServe(t *testing.T) monitor {
	t.Helper()
	m := monitor{t, "http://" + lab.vm.Address + ":9191"}
	m.step(0)
	address, err := lab.serve(http.FileServer(http.Dir(filepath.Dir(lab.monctl))))
	must(t, err)
	on(t, lab.vm, `systemctl stop chrony systemd-timesyncd ntpsec 2>/dev/null || :
rm -rf /root/serve && mkdir -p /root/serve && cd /root/serve
/usr/lib/apt/apt-helper download-file `+address+"/"+filepath.Base(lab.monctl)+` monctl >/dev/null && chmod 755 monctl
cat >p.yml <<'END'
global: {scrape_interval: 1s}
scrape_configs: [{job_name: self, static_configs: [{targets: ["127.0.0.1:9191"]}]}]
END
systemd-run --quiet --collect --unit=serve-steps --working-directory=/root/serve ./monctl serve --config p.yml --data data --listen 0.0.0.0:9191 --ntp `+lab.Gateway())
	t.Cleanup(func() { on(t, lab.vm, "systemctl stop serve-steps; rm -rf /root/serve"); m.step(0) })
	return m
}

// step sets the machine's clock to the true time and so much more.
func (m monitor) step(ahead time.Duration) {
	m.t.Helper()
	on(m.t, lab.vm, fmt.Sprintf("date -s @%.3f", float64(time.Now().Add(ahead).UnixMilli())/1e3))
}

func (m monitor) get(path string) []byte {
	resp, err := http.Get(m.url + path)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body) // what is cut short is no JSON
	return text
}

// clock is the machine's, and what the monitor knows of it.
func (m monitor) clock() (now float64, offset time.Duration, known bool) {
	var answer struct {
		ServerTime float64
		NTP        *struct{ Offset float64 }
	}
	if json.Unmarshal(m.get("/api/monctl/clock"), &answer) != nil || answer.NTP == nil {
		return answer.ServerTime, 0, false
	}
	return answer.ServerTime, time.Duration(answer.NTP.Offset * float64(time.Second)), true
}

// known waits until the monitor knows how far the machine's clock is ahead. What sets it takes a moment to reach an emulated machine.
func (m monitor) known(ahead time.Duration) {
	m.t.Helper()
	var offset time.Duration
	eventually(m.t, fmt.Sprintf("the clock is known to be %s ahead", ahead), 3*time.Minute, func() bool {
		_, got, known := m.clock()
		offset = got
		return known && (got+ahead).Abs() < time.Minute
	})
	m.t.Logf("set %s ahead: true time minus the clock is %s by NTP", ahead, offset)
}

// number is the value of a query at the machine's time; -1 when there is none.
func (m monitor) number(query string) float64 {
	now, _, _ := m.clock()
	var answer struct {
		Data struct {
			Result []struct{ Value [2]json.RawMessage }
		}
	}
	if json.Unmarshal(m.get(fmt.Sprintf("/api/v1/query?query=%s&time=%.3f", url.QueryEscape(query), now)), &answer) != nil || len(answer.Data.Result) != 1 {
		return -1
	}
	var n float64
	if _, err := fmt.Sscanf(strings.Trim(string(answer.Data.Result[0].Value[1]), `"`), "%g", &n); err != nil {
		return -1
	}
	return n
}

// fresh says that the newest sample up to the machine's time is no older than three scrapes.
func (m monitor) fresh() bool {
	age := m.number("time() - timestamp(up)")
	return age >= 0 && age < 3
}

func (m monitor) steps(direction string) int {
	for line := range strings.Lines(string(m.get("/metrics"))) {
		var n int
		if _, err := fmt.Sscanf(line, `monctl_clock_steps_total{direction="`+direction+`"} %d`, &n); err == nil {
			return n
		}
	}
	return -1
}
