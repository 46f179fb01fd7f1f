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
# How long the machine was suspended since boot: CLOCK_BOOTTIME (7) minus CLOCK_MONOTONIC (1).
perl -MTime::HiRes=clock_gettime -e 'printf "suspended=%.3f\n", clock_gettime(7) - clock_gettime(1)' ||
	python3 -c 'import time; print("suspended=%.3f" % (time.clock_gettime(7) - time.clock_gettime(1)))'
:
