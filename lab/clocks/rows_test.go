package clocks

import (
	"fmt"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
)

// row is one fault of a clock: how it is caused, what must be found, and that --fix cures it.
type row struct {
	fault  string
	on     func() *hosts.Host
	breaks func() string                 // sh, as root on the host
	then   func(*testing.T, *hosts.Host) // after that: what cannot be done from inside
	settle time.Duration                 // what a daemon is given before it is judged, if anything
	until  string                        // sh that succeeds when the fault has taken effect
	causes []string                      // all checks that name a cause; the first is for the table
	words  []string                      // what the finding of the first must say
	others map[string]string
	cured  string // sh that succeeds after --fix; "" is a fault that the doctor leaves to a person
	mends  string
	quick  bool // it is a part of every run, not only of the nightly one
}

func machine() *hosts.Host { return lab.vm }
func inside() *hosts.Host  { return lab.host }

// script is a breaks that needs nothing of the run.
func script(text string) func() string { return func() string { return text } }

// chronyConf writes a configuration that follows the lab's server closely, with or without some of its lines.
func chronyConf(server string, lines ...string) string {
	text := fmt.Sprintf("server %s iburst minpoll 0 maxpoll 1\ndriftfile /var/lib/chrony/chrony.drift\n", server)
	for _, l := range lines {
		text += l + "\n"
	}
	return "cat >/etc/chrony/chrony.conf <<'END'\n" + text + "END\n"
}

// calm is chrony as it should be, and a right clock: what every row of the machine begins with.
func calm() string {
	return `export DEBIAN_FRONTEND=noninteractive
systemctl is-enabled --quiet chrony || { apt-get update -q && apt-get install -y -q chrony; } >/dev/null 2>&1
` + chronyConf(lab.Gateway(), "makestep 1 -1", "rtcsync") + `systemctl unmask chrony 2>/dev/null
systemctl enable chrony 2>/dev/null
systemctl restart chrony
chronyc waitsync 60 0 0 1 >/dev/null
chronyc makestep >/dev/null
hwclock --utc --systohc`
}

// nobody is an address of the lab's network that no host has.
func nobody() string { return fmt.Sprintf("10.231.%d.250", lab.Subnet) }

// rows are all but the seed case. Each of the machine begins calm.
var rows = []row{
	{
		fault: "the time daemon is disabled", on: machine, breaks: script("systemctl disable --now chrony"),
		causes: []string{"clock/daemon"}, words: []string{"no time daemon runs"}, cured: "chronyc waitsync 30 0 0 1",
	},
	{
		fault: "chrony has a server that nobody hears", on: machine, settle: 95 * time.Second,
		breaks: func() string { return chronyConf(nobody(), "makestep 1 3", "rtcsync") + "systemctl restart chrony" },
		causes: []string{"clock/synchronised"}, words: []string{"None of its sources answers", "10.231."}, cured: "chronyc tracking | grep -q Normal",
	},
	{
		fault: "chrony may not step, and slews 40 s for hours", on: machine,
		breaks: func() string {
			return chronyConf(lab.Gateway(), "rtcsync") + "systemctl restart chrony\nchronyc waitsync 30 0 0 1\ndate -s '+40 sec'"
		},
		until:  "chronyc tracking | grep -E 'System time *: [1-9][0-9.]+ seconds fast'",
		causes: []string{"clock/slewing"}, words: []string{"its configuration has no makestep", "the clock is fast"},
		cured: "grep -qx 'makestep 1 -1' /etc/chrony/chrony.conf && chronyc waitsync 5 0.1 0 1",
	},
	{
		fault: "the machine was stopped for a minute by what it runs on", on: machine,
		breaks: func() string {
			return chronyConf(lab.Gateway(), "makestep 1 3", "rtcsync") + "systemctl restart chrony\nchronyc waitsync 30 0 0 1"
		},
		then: func(t *testing.T, h *hosts.Host) {
			t.Helper()
			must(t, h.Pause(t.Context(), time.Minute))
		},
		causes: []string{"clock/suspended"}, words: []string{"stopped by what it runs on", "makestep 1 3"}, cured: "grep -qx 'makestep 1 -1' /etc/chrony/chrony.conf && chronyc waitsync 5 0.1 0 1",
	},
	{
		fault: "chrony does not tell the kernel", on: machine,
		breaks: func() string {
			return chronyConf(lab.Gateway(), "makestep 1 -1") + "systemctl restart chrony\nchronyc waitsync 30 0 0 1"
		},
		causes: []string{"clock/rtcsync"}, words: []string{"node_timex_sync_status"}, cured: "chronyc waitsync 30 0 0 1 >/dev/null\n" + kernelTold,
	},
	{
		fault: "the hardware clock keeps local time", on: machine, breaks: script("timedatectl set-local-rtc 1"),
		causes: []string{"clock/rtc"}, words: []string{"local time"}, cured: "timedatectl show -p LocalRTC | grep -q no",
	},
	{
		fault: "the hardware clock is months off, and Prometheus does not wait", on: machine, breaks: script("systemctl disable chrony-wait 2>/dev/null\nhwclock --utc --set --date '2026-01-01 00:00:00'"),
		causes: []string{"clock/boot-order"}, words: []string{"chrony-wait.service enabled no"}, others: map[string]string{"clock/rtc": "hwclock --systohc"},
		cured: "systemctl is-enabled --quiet chrony-wait && [ $(cat /sys/class/rtc/rtc0/since_epoch) -gt $(($(date +%s) - 60)) ]",
	},
	{
		fault: "Korean local time is in the UTC clock", on: machine, breaks: script("chronyc offline\ndate -s '+32400 sec'"),
		quick: true, causes: []string{"clock/offset"}, words: []string{"local time of UTC+9 (KST, JST)", "set as if it were UTC"}, cured: "[ $(date +%s) -lt $(($(cat /sys/class/rtc/rtc0/since_epoch) + 60)) ]",
	},
	{
		fault: "the clock is stepped an hour back while it is measured", on: machine, breaks: script(steppingReader),
		quick: true, causes: []string{"clock/stepped", "clock/offset"}, words: []string{"-1h0m"}, mends: "rm /usr/local/bin/perl",
	},
	{
		fault: "two time daemons run at once", on: machine, until: "pidof ntpd && pidof chronyd", breaks: script(besideChrony + `sed -i /^Conflicts=/d /lib/systemd/system/chrony.service /lib/systemd/system/ntpsec.service
systemctl daemon-reload
systemctl start chrony ntpsec`),
		causes: []string{"clock/daemon"}, words: []string{"2 time daemons run at once", "the one to keep chrony"}, cured: "! pidof ntpd && pidof chronyd",
	},
	{
		fault: "ntpd gives up: the clock is 2000 s ahead of its servers", on: machine, until: "journalctl -b -u ntpsec | grep -iE 'panic|exceeds|large'",
		breaks: func() string {
			return besideChrony + fmt.Sprintf("systemctl disable --now chrony\nprintf 'server %s iburst\\ntos minsane 1\\n' >/etc/ntpsec/ntp.conf\nsed -i 's/-g//' /etc/default/ntpsec\ndate -s '+2000 sec'\nsystemctl enable ntpsec\nsystemctl restart ntpsec", lab.Gateway())
		},
		causes: []string{"clock/log", "clock/offset"}, words: []string{"no more than 1000 s"}, mends: "dpkg -P ntpsec >/dev/null 2>&1; systemctl unmask chrony; systemctl enable --now chrony",
		cured: "pidof ntpd && ! pidof chronyd",
	},
	{
		fault: "timesyncd hears nobody, and the clock is 8 h 49 m ahead", on: machine, settle: 95 * time.Second,
		breaks: func() string {
			return fmt.Sprintf("export DEBIAN_FRONTEND=noninteractive\n{ dpkg -P chrony && apt-get install -y -q systemd-timesyncd; } >/dev/null 2>&1\nmkdir -p /etc/systemd/timesyncd.conf.d\nprintf '[Time]\\nNTP=%s\\n' >/etc/systemd/timesyncd.conf.d/lab.conf\ndate -s '+31768 sec'\nsystemctl restart systemd-timesyncd", nobody())
		},
		causes: []string{"clock/offset", "clock/synchronised"}, words: []string{"3176"}, cured: "[ -e /run/systemd/timesync/synchronized ]",
	},
	{
		fault: "libfaketime shifts the time of all programs but those of Go", on: inside,
		breaks: script("{ apt-get update -q && apt-get install -y -q libfaketime; } >/dev/null 2>&1\necho +31768 >/etc/faketimerc\nls /usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1 >/etc/ld.so.preload\nsystemctl restart ssh"), // whose sandbox the library would break later
		quick:  true, causes: []string{"clock/shifted"}, words: []string{"3176", "/etc/ld.so.preload"}, others: map[string]string{"clock/offset": "3176"}, mends: "rm /etc/ld.so.preload; systemctl restart ssh",
	},
}

// kernelTold succeeds when the kernel's flag STA_UNSYNC (64) is clear in the status that adjtimex(2), 159 on this machine, gives.
const kernelTold = `perl -e '$t = "\0" x 208; syscall(159, $t) >= 0 or die; exit(unpack("i", substr($t, 40, 4)) & 64 ? 1 : 0)'`

// besideChrony installs ntpsec where chrony is, which apt does not.
const besideChrony = `export DEBIAN_FRONTEND=noninteractive
cd /root && { apt-get update -q && apt-get install -y -q python3 python3-ntp netbase && apt-get download -q ntpsec && dpkg -i --force-conflicts ntpsec_*.deb; } >/dev/null 2>&1
`

// steppingReader is a reader of the clock that sets it in the middle: a real step of a real clock at a moment that is known.
const steppingReader = `chronyc offline >/dev/null
cat >/usr/local/bin/perl <<'END'
#!/bin/sh
echo 'reader perl'
n=0
while IFS= read -r l; do
	[ -z "$l" ] || exit 0
	n=$((n+1))
	[ $n != 6 ] || date -s "@$(($(date +%s) - 3600))" >/dev/null
	date +%s.%N
done
END
chmod 755 /usr/local/bin/perl`
