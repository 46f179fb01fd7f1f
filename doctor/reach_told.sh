# Whom the components of this host are told to talk to, by their own files, through /proc/PID/root so that a container's are
# read too. Only scheme, host and port of an address are printed; a path or a user may be a secret.
flag() { # name: its value among the arguments of the process
	tr '\0' '\n' <"$p/cmdline" | sed -n "s/^--*$1=//p;/^--*$1\$/{n;p;}" | head -n 1
}
here() { # a path by the process' own name, to one of this host
	case $1 in
	/*) echo "$p/root$1" ;;
	?*) echo "$p/cwd/$1" ;;
	esac
}
told() { # key: reads addresses
	sed -n -e "s/^[\"' ]*//" -e 's#://[^/@]*@#://#' -e "s#^\([a-z]*://[^/\"' ]*\).*#$1=$pid|\1#p"
}
provisioned() {
	ini=$(here "$(flag config)")
	home=$(flag homepath)
	for dir in "$(tr '\0' '\n' <"$p/cmdline" | sed -n 's/^cfg:\(default\.\)\{0,1\}paths\.provisioning=//p' | tail -n 1)" \
		"$(tr '\0' '\n' <"$p/environ" | sed -n 's/^GF_PATHS_PROVISIONING=//p')" \
		"$([ -z "$ini" ] || sed -n 's/^ *provisioning *= *//p' "$ini" | tail -n 1)" \
		"${home:-$p/cwd}/conf/provisioning"; do
		case $dir in "$p"/*) ;; *) dir=$(here "$dir") ;; esac
		[ -n "$dir" ] && [ -d "$dir/datasources" ] || continue
		cat "$dir"/datasources/*.y*ml | sed -n 's/^[ -]*url: *//p' | told datasource
		return
	done
}
for p in /proc/[0-9]*; do
	comm="" pid=${p#/proc/}
	read -r comm <"$p/comm" || continue
	case $comm in prometheus* | grafana* | promtail* | alloy* | alertmanager*) ;; *) continue ;; esac
	file=$(here "$(flag 'config[.]file')")
	case $comm in
	promtail*) [ -z "$file" ] || sed -n 's/^[ -]*url: *//p' "$file" | told push ;;
	alloy*)
		file=$(here "$(tr '\0' '\n' <"$p/cmdline" | sed -e '1,/^run$/d' -e '/^-/d' | tail -n 1)")
		[ ! -d "$file" ] || file="$file/*.alloy"
		[ -z "$file" ] || sed -n 's/^[^/]*[[:space:]]*url *= *//p' $file | told push
		;;
	alertmanager*)
		if grep -q -E '^[ -]*(proxy_url:|proxy_from_environment: *true)' "$file" || tr '\0' '\n' <"$p/environ" | grep -q -i '^https*_proxy=.'; then
			echo "proxied=$pid"
		fi
		[ -z "$file" ] || awk '
			/^[ -]*[a-z]+_configs:/ { section = $0 }
			/^[ -]*(slack_api_url|api_url|webhook_url):/ || section ~ /webhook/ && /^[ -]*url:/ { sub(/^[^:]*: */, ""); print }
			/^[ -]*(slack_api_url_file|api_url_file):/ { sub(/^[^:]*: */, ""); gsub(/["'"'"']/, ""); print "file " $0 }
			/^[ -]*(smtp_smarthost|smarthost):/ { sub(/^[^:]*: */, ""); gsub(/["'"'"']/, ""); print "smtp://" $0 }
		' "$file" | while read -r word rest; do
			case $word in
			file) head -n 1 "$(here "$rest")" | told notify ;;
			*) echo "$word" | told notify ;;
			esac
		done
		;;
	grafana*) provisioned ;;
	esac
done
:
