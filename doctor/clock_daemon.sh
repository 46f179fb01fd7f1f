# What keeps the clock right, and whether it does. chronyc asks over a socket of its own; nothing is changed.
while read -r key value rest; do
	case $key in CapEff:) # bit 25 is CAP_SYS_TIME: without it the clock is set by somebody else (capabilities(7))
		case $value in *[2367abefABEF]??????) echo may_set=yes ;; *) echo may_set=no ;; esac ;;
	esac
done </proc/self/status
for f in $(grep -l -s -x -E 'chronyd|ntpd|openntpd|systemd-timesyn' /proc/[0-9]*/comm); do
	read -r comm <"$f" && echo "process=$comm"
done
# A library that shows programs another time, and the kernel's own time beside that of date: seconds since boot plus the time of boot.
if [ -s /etc/ld.so.preload ]; then
	while read -r line; do echo "preload=$line"; done </etc/ld.so.preload
fi
while read -r key value rest; do
	case $key in btime) read -r up rest </proc/uptime && echo "kernel=$((value + ${up%.*})) $(date +%s)" ;; esac
done </proc/stat
for d in /sys/class/rtc/rtc*; do
	[ -e "$d" ] || continue
	echo "rtc=${d##*/}"
	read -r epoch <"$d/since_epoch" && echo "rtc_seconds=$epoch $(date +%s)"
	break
done
for f in /etc/chrony/chrony.conf /etc/chrony.conf /etc/chrony/conf.d/*.conf /etc/chrony/sources.d/*.sources /etc/chrony.d/*.conf \
	/etc/systemd/timesyncd.conf /etc/systemd/timesyncd.conf.d/*.conf /etc/ntpsec/ntp.conf /etc/ntp.conf; do
	[ -f "$f" ] || continue
	echo "file=$f"
	while read -r key value rest; do
		case $key in
		server | pool | peer)
			case " $rest " in *" port "*)
				port=${rest##*port }
				case $value in *:*) value="[$value]" ;; esac
				value=$value:${port%% *}
				;;
			esac
			echo "server=$value"
			;;
		makestep | rtcsync | maxdistance) echo "setting=$key $value $rest" ;;
		NTP=* | FallbackNTP=*) for s in ${key#*=} $value $rest; do echo "server=$s"; done ;;
		esac
	done <"$f"
done
if command -v timedatectl >/dev/null; then
	timedatectl show -p NTPSynchronized -p LocalRTC -p NTP -p CanNTP -p Timezone | while read -r line; do echo "timedatectl.$line"; done
	timedatectl show-timesync -p ServerName -p ServerAddress -p NTPMessage -p RootDistanceMaxUSec | while read -r line; do echo "timesync.$line"; done
fi
if command -v chronyc >/dev/null; then
	echo "tracking=$(chronyc -c tracking)"
	chronyc -c sources | while read -r line; do echo "source=$line"; done
fi
if command -v ntpq >/dev/null; then
	ntpq -c rv | while read -r line; do echo "ntp=$line"; done
fi
if command -v vmware-toolbox-cmd >/dev/null; then echo "vmware=$(vmware-toolbox-cmd timesync status)"; fi
# What the kernel says to anybody: whether its clock counts as synchronised (STA_UNSYNC of adjtimex(2), which timedatectl ignores), and
# for how long the machine was suspended since boot, CLOCK_BOOTTIME (7) minus CLOCK_MONOTONIC (1). Numbers are those of 64-bit calls.
case $(uname -m) in x86_64) calls="159 228" ;; aarch64 | riscv64) calls="171 113" ;; *) calls="" ;; esac
[ -n "$calls" ] && perl -e 'my ($adjtimex, $gettime) = map { $_ + 0 } @ARGV;
my $timex = "\0" x 208;
print "unsynchronised=", (unpack("i", substr($timex, 40, 4)) & 64 ? "yes" : "no"), "\n" if syscall($adjtimex, $timex) >= 0;
sub now { my $t = "\0" x 16; syscall($gettime, $_[0], $t); my ($s, $ns) = unpack("qq", $t); $s + $ns / 1e9 }
printf "suspended=%.3f\n", now(7) - now(1)' $calls ||
	python3 -c 'import ctypes, time
timex = ctypes.create_string_buffer(208)
if ctypes.sizeof(ctypes.c_long) == 8 and ctypes.CDLL(None).adjtimex(timex) >= 0:
    print("unsynchronised=" + ("yes" if timex.raw[40] & 64 else "no"))
print("suspended=%.3f" % (time.clock_gettime(7) - time.clock_gettime(1)))'
:
