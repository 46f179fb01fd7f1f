# What Grafana's files say: settings that are no secrets, provisioned datasources, and what provisioned dashboards refer to.
# look_at PID: in a subshell of its own; the answers of a process come after its "pid=".
look_at() (
	pid=$1
	echo "pid=$pid"
	root=/proc/$pid/root
	while IFS= read -r group; do case $group in *docker* | *libpod* | *containerd* | *kubepods*) echo container=yes && break ;; esac done <"/proc/$pid/cgroup"
	config= home=/usr/share/grafana provisioning= before=
	cwd=$(readlink "/proc/$pid/cwd")
	for word in $(tr '\000' '\n' <"/proc/$pid/cmdline"); do
		case $before in --config | -config | --homepath | -homepath) word=$before=$word ;; esac
		case $word in
		--config=* | -config=*) config=${word#*=} ;;
		--homepath=* | -homepath=*) home=${word#*=} ;;
		cfg:*paths.provisioning=*) provisioning=${word#*=} ;;
		cfg:*) key=${word#cfg:} && key=${key#default.} && echo "override=${key%%=*}" ;;
		esac
		before=$word
	done
	tr '\000' '\n' <"/proc/$pid/environ" | sed -n 's/^\(GF_[A-Z0-9_]*\)=.*/env=\1/p'
	[ -n "$config" ] || { [ -e "$root/etc/grafana/grafana.ini" ] && config=/etc/grafana/grafana.ini; } || config=$home/conf/custom.ini
	case $config in /*) ;; *) config=$cwd/$config ;; esac
	echo "config=$config"
	section=
	[ -r "$root$config" ] && while IFS= read -r line || [ -n "$line" ]; do
		line=${line#"${line%%[! 	]*}"}
		case $line in
		'#'* | ';'* | '') continue ;;
		'['*']'*) section=${line#?} && section=${section%%]*} && continue ;;
		*=*) ;;
		*) continue ;;
		esac
		key=${line%%=*}
		key=${key%"${key##*[! 	]}"}
		value=${line#*=}
		value=${value#"${value%%[! 	]*}"}
		case $section.$key in
		server.http_addr | server.http_port | server.root_url | server.serve_from_sub_path | server.protocol | auth.anonymous.enabled | auth.anonymous.org_role | \
			paths.data | paths.provisioning | database.type | security.admin_user) echo "ini=$section.$key|$value" ;;
		security.admin_password | database.password | smtp.password | security.secret_key)
			case $value in '$__'* | '') kind=elsewhere ;; admin | SW2YcwTIb9zpOOhoPsMm) kind=default ;; *) kind=literal ;; esac
			echo "ini=$section.$key|$kind"
			;;
		esac
		[ "$section.$key" = paths.provisioning ] && [ -z "$provisioning" ] && provisioning=$value
	done <"$root$config"
	provisioning=${provisioning:-$( [ -d "$root/etc/grafana/provisioning" ] && echo /etc/grafana/provisioning || echo "$home/conf/provisioning")}
	case $provisioning in /*) ;; *) provisioning=$home/$provisioning ;; esac
	echo "provisioning=$provisioning"
	for f in "$root$provisioning"/datasources/*.yaml "$root$provisioning"/datasources/*.yml; do
		[ -r "$f" ] && sed -n -e 's#//[^/@ ]*@#//***@#' -e "s#^\\(datasources\\|deleteDatasources\\):.*#list=\\1#p" -e 's#^\([ -]*\(name\|uid\|type\|url\|access\):.*\)#line=\1#p' "$f"
	done
	for f in "$root$provisioning"/dashboards/*.yaml "$root$provisioning"/dashboards/*.yml; do
		[ -r "$f" ] && sed -n 's/^ *\(path\): *["'\'']\{0,1\}\(\/[^"'\'']*\)["'\'']\{0,1\} *$/\2/p' "$f"
	done | while IFS= read -r dir; do
		[ -d "$root$dir" ] || { echo "nodir=$dir" && continue; }
		find "$root$dir/" -name '*.json' -size -2048k | head -n 150 | while IFS= read -r f; do
			name=${f#"$root"}
			tr -d ' \n\r\t' <"$f" | sed 's/"__inputs":\[[^]]*\]//' |
				grep -o -e '"datasource":{[^{}]*\(\${[^{}]*}[^{}]*\)*}' -e '"datasource":"[^"]*"' -e '"name":"DS_[^"]*"' -e '"type":"grafana-[a-z]*-panel"' -e '"type":"[a-z]*-[a-z]*-panel"' |
				sort -u | head -n 40 | while IFS= read -r found; do echo "found=$name|$found"; done
		done
	done
)
for p in /proc/[0-9]*; do
	comm=
	read -r comm <"$p/comm" || continue
	case $comm in grafana | grafana-server) look_at "${p#/proc/}" ;; esac
done
echo done=yes
