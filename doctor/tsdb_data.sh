# The data folders of Prometheus: of running processes, through /proc/PID/root so that a container's is seen too, and of
# units that do not run. It reads the first lines of each meta.json and the names of the rest.
segments() { # key folder
	n=0 first="" last=""
	for s in "$2"/[0-9]*; do
		[ -f "$s" ] || continue
		s=${s##*/}
		case $s in *[!0-9]*) echo "odd=$2/$s" && continue ;; esac
		n=$((n + 1))
		first=${first:-$s} last=$s
	done
	size=$(du -sk "$2")
	echo "$1=$n ${first:-0} ${last:-0} ${size%%[!0-9]*}"
	[ "$1" != wal ] || [ -z "$last" ] || echo "written=$(stat -c %Y "$2/$last")"
}
look() { # pid uid path-by-its-own-name path-here
	echo "dir=$1 $2 $3"
	[ -z "$inside" ] || echo inside=
	[ -e "$4" ] || [ "$me" != 0 ] || { echo missing= && return; }
	cd -P "$4/" || { echo unreadable= && return; }
	[ -r . ] || { echo unreadable= && return; }
	echo "stat=$(stat -c '%d:%i %u %g %a' .)"
	echo "fs=$(stat -f -c '%T|%S|%b|%a|%c|%d' .)"
	for b in ??????????????????????????; do
		case $b in *[!0-9A-Z]*) continue ;; esac
		[ -d "$b" ] || continue
		[ -s "$b/meta.json" ] || echo "broken=$b has no meta.json"
		[ -s "$b/index" ] || echo "broken=$b has no index"
	done
	grep -H -m 2 -E '"(minTime|maxTime)"' -- ??????????????????????????/meta.json /dev/null | sed 's/^/meta=/'
	segments wal wal
	segments chunks chunks_head
	for c in wal/checkpoint.*; do [ -d "$c" ] && echo "checkpoint=${c##*/}"; done
	for t in *.tmp-for-creation *.tmp-for-deletion; do [ -e "$t" ] && echo "left=$t"; done
	[ -e lock ] && echo lock=
	[ "$2" = - ] || find . -xdev -maxdepth 2 -name lost+found -prune -o ! -user "$2" -print | head -n 4 | sed 's/^/foreign=/'
	cd /
}
seen="" inside="" me=$(id -u) here=$(stat -c %d:%i /)
for p in /proc/[0-9]*; do
	comm="" line=""
	read -r comm <"$p/comm" || continue
	read -r line <"$p/cmdline"
	default=data/
	case "$comm|$line" in
	prometheus\|?* | *--storage.tsdb.path* | *monctl*serve*--data=*) ;;
	monctl*\|*serve*)
		[ "$(tr '\000' '\n' <"$p/cmdline" | sed -n -e 1d -e '/^-/!{p;q;}')" = serve ] || continue
		default=monctl-data
		;;
	*) continue ;;
	esac
	case $line in *--storage.agent.path*) continue ;; esac
	path=$(tr '\000' '\n' <"$p/cmdline" | sed -n -e 's/^--*storage\.tsdb\.path=//p' -e 's/^--data=//p' -e '/^--*storage\.tsdb\.path$/{n;p;}' -e '/^--data$/{n;p;}' | tail -n 1)
	# Its log tells where a program without the flag keeps its data: Debian's has a default of its own.
	[ -n "$path" ] || path=$(ls -l "$p/fd" | sed -n 's|.* -> \(/.*\)/wal/[0-9]*$|\1|p' | head -n 1)
	case $path$line in /usr/bin/prometheus*) [ ! -d /var/lib/prometheus/metrics2 ] || path=/var/lib/prometheus/metrics2 ;; esac
	path=${path:-$default}
	uid=$(sed -n 's/^Uid:[[:space:]]*[0-9]*[[:space:]]*\([0-9]*\).*/\1/p' "$p/status")
	inside=""
	[ "$(stat -L -c %d:%i "$p/root")" = "$here" ] || inside=1
	case $path in
	/*)
		base=$p/root
		[ -e "$base/." ] || base="" # not ours to enter: the host's own may do
		look "${p#/proc/}" "${uid:--}" "$path" "$base$path"
		;;
	*) look "${p#/proc/}" "${uid:--}" "$(readlink "$p/cwd")/$path" "$p/cwd/$path" ;;
	esac
done
inside=""
if [ -d /run/systemd/system ]; then
	for f in /etc/systemd/system/prometheus*.service /usr/lib/systemd/system/prometheus*.service /lib/systemd/system/prometheus*.service \
		/etc/systemd/system/monctl-prometheus*.service /etc/systemd/system/monctl-monitor.service; do
		u=${f##*/}
		case " $seen " in *" $u "*) continue ;; esac
		case $u in *'*'* | *@* | *exporter* | *alertmanager*) continue ;; esac
		seen="$seen $u"
		[ -f "$f" ] && [ "$(systemctl show -p MainPID "$u")" = MainPID=0 ] || continue
		user=$(systemctl show -p User "$u")
		user=${user#User=}
		uid=$(id -u "${user:-root}" || echo -)
		path=$(systemctl cat "$u" | cat - /etc/default/prometheus | tr -s ' "\t' '\n\n\n' | sed -n -e 's/^--*storage\.tsdb\.path=//p' -e 's/^--data=//p' | tr -d "'\\\\" | head -n 1)
		[ -n "$path" ] || { [ -d /var/lib/prometheus/metrics2 ] && path=/var/lib/prometheus/metrics2; }
		case $path in /*) look "unit:$u" "$uid" "$path" "$path" ;; esac
	done
fi
for d in /var/lib/prometheus /var/lib/prometheus/metrics2 /var/lib/prometheus/data /var/lib/monctl/prometheus /var/lib/monctl/monitor /prometheus /data/prometheus \
	/opt/prometheus/data /usr/local/prometheus/data /root/data /root/prometheus*/data /home/*/data /home/*/prometheus*/data; do
	[ -d "$d/chunks_head" ] || continue
	n=0
	for b in "$d"/??????????????????????????/meta.json; do [ -f "$b" ] && n=$((n + 1)); done
	echo "other=$(stat -c '%d:%i %Y' "$d") $n $d"
done
exit 0
