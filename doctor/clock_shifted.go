package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/monctl/monctl/doctor/clock"
)

// clockShifted finds a host whose programs are shown another time than its kernel keeps.
func clockShifted() Check {
	const id = "clock/shifted"
	return Check{
		ID: id, Title: "programs see the kernel's clock", Reads: []string{daemonProbe}, Judge: perHost(id, judgeShifted),
		Doc: Doc{
			Symptom:  "date, sshd and logs show another time than Prometheus and node_exporter on the same host; setting the clock does not help.",
			Cause:    "A preloaded library (libfaketime) shifts the time of every dynamically linked program. Programs of Go ask the kernel and see the right time.",
			Evidence: "/etc/ld.so.preload, and the time that date shows against the kernel's: btime of /proc/stat plus /proc/uptime, true to two seconds.",
			Fix:      "Take the library out of /etc/ld.so.preload and start the services again. The clock itself is not touched.",
			Risk:     "Low: somebody may have shifted it for a test.",
			Source:   "libfaketime README, “Using faketime with ld.so.preload”; proc(5), /proc/stat btime",
		},
	}
}

func judgeShifted(h Host) []Finding {
	p := h.Probes[daemonProbe]
	w := strings.Fields(p.Get("kernel"))
	preload := p.All("preload")
	if len(w) != 2 || len(preload) == 0 {
		return nil
	}
	kernel, err := strconv.ParseInt(w[0], 10, 64)
	shown, err2 := strconv.ParseInt(w[1], 10, 64)
	off := clock.Around(time.Duration(shown-kernel)*time.Second, 2*time.Second)
	if err != nil || err2 != nil || off.Inside(3*time.Second) {
		return nil
	}
	library := preload[0]
	if i := slices.IndexFunc(preload, func(line string) bool { return strings.Contains(line, "faketime") }); i >= 0 {
		library = preload[i]
	}
	return one(Fail, fmt.Sprintf("programs are shown a time that is %s the kernel's", apartFrom(off)),
		"A preloaded library shifts it for every dynamically linked program; the clock itself is not where it comes from.",
		"take "+library+" out of /etc/ld.so.preload and restart what runs; do not set the clock",
		Says("/etc/ld.so.preload", strings.Join(preload, " ")), offsetEvidence("time shown minus the kernel's", off))
}
