# Runs in the main shell, before all sections: which processes and units may be part of a monitoring stack, by name or by
# the flags they were given. One grep reads every process: read of sh would make a system call per byte. The sections see
# $pids and $units; $seen decides which probes run. What has a network of its own is in a container: it is looked at, but no
# probe of the host runs for its sake.
pids= units= seen= own=/proc/self/ns/net
[ "$own" -ef "$own" ] || own=
for p in $(grep -l -s -E -e '^(prometheus|alertmanager|grafana|loki|promtail|alloy|pushgateway|monctl)' -e '[_-]exporter' \
	-e '--(web\.listen-address|storage\.tsdb\.path|config\.my-cnf)' /proc/[0-9]*/comm /proc/[0-9]*/cmdline); do
	p=${p%/*}
	case " $pids " in *" ${p#/proc/} "*) continue ;; esac
	comm= line=
	read -r comm <"$p/comm" || continue
	read -r line <"$p/cmdline"
	pids="$pids ${p#/proc/}"
	if [ -n "$own" ] && [ -e "$p/ns/net" ] && ! [ "$p/ns/net" -ef "$own" ]; then continue; fi
	seen="$seen $comm $line"
	case $comm/$line in monctl*/*serve*) seen="$seen monctl-serve" ;; esac # its arguments run together in $line
	while IFS= read -r group; do
		group=${group##*/}
		case $group in *.service) case " $units " in *" $group "*) ;; *) units="$units $group" ;; esac ;; esac
	done <"$p/cgroup"
done
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
seen="$seen $units"
export pids units # for sections with a time limit, which are shells of their own
