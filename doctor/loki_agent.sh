# What the log agents of a host read, where they send it, and whether their user may read it.
look_at() (
	pid=$1 root=/proc/$1/root walked=
	echo "pid=$pid"
	echo "user=$(stat -c %U "/proc/$pid")"
	while IFS= read -r line; do
		case $line in Uid:* | Groups:* | Gid:* | CapEff:*) echo "status=$(echo $line)" ;; esac
	done <"/proc/$pid/status"
	cwd=$(readlink "/proc/$pid/cwd")
	walk() {
		at=$1
		while :; do
			case "$walked" in *"|$at|"*) return ;; esac
			walked="$walked|$at|"
			stat -L -c "stat=$at|%a|%u|%g|%F|%G" -- "$root$at" || echo "stat=$at|missing"
			[ "$at" = / ] && return
			at=${at%/*}
			at=${at:-/}
		done
	}
	before= files=
	for word in $(tr '\000' '\n' <"/proc/$pid/cmdline"); do
		case $before in --config.file | -config.file | --storage.path | --positions.file | -positions.file) word=$before=$word ;; esac
		case $word in
		--config.file=* | -config.file=*) files="$files ${word#*=}" ;;
		--storage.path=*) echo "positions=${word#*=}" && walk "${word#*=}" ;;
		--positions.file=* | -positions.file=*) echo "positions=${word#*=}" && walk "${word%/*}" ;;
		*.alloy | *.river | /etc/alloy | /etc/alloy/) files="$files $word" ;;
		esac
		before=$word
	done
	for f in $files; do
		case $f in /*) ;; *) f=$cwd/$f ;; esac
		if [ -d "$root$f" ]; then cat "$root$f"/*.alloy; else cat "$root$f"; fi
	done | {
		paths=
		while IFS= read -r line; do
			case $line in
			*[!\ \	]*) ;;
			*) continue ;;
			esac
			case ${line#"${line%%[! 	]*}"} in '#'* | //*) continue ;; esac
			case $line in
			*url*/loki/api/v1/push*)
				url=${line#*url}
				url=http${url#*http}
				url=${url%%[\"\' ,]*}
				case $url in *@*) url=${url%%//*}//${url#*@} ;; esac
				echo "url=$url"
				;;
			*__path__*)
				path=${line#*__path__}
				path=/${path#*/}
				path=${path%%[\"\' ,\}]*}
				paths="$paths $path"
				;;
			*loki.source.journal* | *' journal:'*) echo journal=yes ;;
			*' filename:'*)
				path=/${line#*/}
				echo "positions=${path%%[\"\' ]*}"
				path=${path%%[\"\' ]*}
				walk "${path%/*}"
				;;
			esac
		done
		for path in $paths; do
			n=0
			for f in "$root"$(echo "$path" | sed 's/\*\*/*/g'); do
				[ $((n += 1)) -gt 12 ] && break
				case $f in *'*'*) echo "empty=$path" && continue ;; *.gz | *.xz | *.bz2) continue ;; esac
				[ -f "$f" ] && echo "log=${f#"$root"}" && walk "${f#"$root"}"
			done
		done
	}
	for d in /var/log/journal /run/log/journal; do [ -d "$root$d" ] && echo "journals=$d" && walk "$d"; done
)
for p in /proc/[0-9]*; do
	comm=
	read -r comm <"$p/comm" || continue
	case $comm in promtail* | alloy*) look_at "${p#/proc/}" ;; esac
done
echo done=yes
