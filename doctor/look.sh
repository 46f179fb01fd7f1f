# What is there of a monitoring stack: processes by name or by the flags they were given, and the units of such names.
# Builtins read every process; only those that match cost a program.
pids= units=
for p in /proc/[0-9]*; do
	comm= line=
	read -r comm <"$p/comm" || continue
	read -r line <"$p/cmdline"
	[ -n "$line" ] || continue
	case "$comm|$line" in
	prometheus*\|* | alertmanager*\|* | grafana*\|* | loki*\|* | promtail*\|* | alloy*\|* | pushgateway*\|* | *_exporter*\|* | *-exporter*\|* | \
		*--web.listen-address* | *--storage.tsdb.path* | *--config.my-cnf*) ;;
	*) continue ;;
	esac
	pids="$pids ${p#/proc/}"
	while IFS= read -r group; do
		group=${group##*/}
		case $group in *.service) case " $units " in *" $group "*) ;; *) units="$units $group" ;; esac ;; esac
	done <"$p/cgroup"
done
echo '@@links'
of= links=/proc/self/ns/net
for p in $pids; do
	links="$links /proc/$p/exe /proc/$p/cwd /proc/$p/ns/net"
	of="$of /proc/$p/comm /proc/$p/cmdline /proc/$p/cgroup /proc/$p/status /proc/$p/limits"
done
# Unquoted on purpose: numbers and fixed words of ours.
QUOTING_STYLE=literal stat -c %N $links
echo '@@processes'
# Arguments are parted by NUL, which becomes the unit separator.
[ -z "$of" ] || head -v -c 16384 $of | tr '\000' '\037'
echo
echo '@@mounts'
points=
while read -r device point type options rest; do
	case $type in
	ext? | xfs | btrfs | zfs | f2fs | jfs | reiserfs | overlay | tmpfs | vfat | ntfs* | fuse.* | fuseblk) ;;
	*) continue ;;
	esac
	case $point in *\\* | /proc/* | /sys/* | /dev/* | /run/user/* | /run/credentials/*) continue ;; esac
	printf 'mount %s|%s|%s|%s\n' "$point" "$device" "$type" "$options"
	points="$points $point"
done </proc/self/mounts
set -f
limit=
command -v timeout >/dev/null && limit='timeout 3'
[ -z "$points" ] || $limit stat -f -c 'disk %n|%T|%S|%b|%a|%c|%d' -- $points
set +f
echo '@@units'
if [ -d /run/systemd/system ] && command -v systemctl >/dev/null; then
	for f in /etc/systemd/system/*.service /run/systemd/system/*.service /usr/local/lib/systemd/system/*.service \
		/usr/lib/systemd/system/*.service /lib/systemd/system/*.service; do
		f=${f##*/}
		case $f in
		*@.service | '*.service') continue ;;
		prometheus* | alertmanager* | grafana* | loki* | promtail* | alloy* | pushgateway* | *_exporter* | *-exporter* | monctl-* | \
			chrony* | systemd-timesyncd.* | systemd-time-wait-sync.* | ntp.service | ntpd.* | ntpsec.* | ntp-wait.* | openntpd.* | vmtoolsd.* | open-vm-tools.*) ;;
		*) continue ;;
		esac
		case " $units " in *" $f "*) ;; *) units="$units $f" ;; esac
	done
	[ -z "$units" ] || $limit systemctl show -p "$properties" -- $units
	echo "exit=$?"
else
	echo exit=none
fi
