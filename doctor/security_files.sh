# Files of the stack that hold secrets: who may read them. No value leaves the host.
seen=
reached() { # FILE: everybody may enter the folders that it lies in
	d=${1%/*}
	while [ -n "$d" ]; do
		case $(stat -L -c %a "$d") in *[1357]) d=${d%/*} ;; *) return 1 ;; esac
	done
}
look_at() {
	case "$seen|" in *"|$1|"*) return ;; esac
	seen="$seen|$1"
	[ -f "$1" ] && reached "$1" || return
	what=$(sed -n -e '/[:=] *\(sys\.env\|env(\|local\.file\|remote\.\|module\.\|argument\.\|nonsensitive\)/d' -e 's/^[ -]*\([a-z_]*\(password\|secret\|api_url\|token\|credentials\|service_key\|routing_key\|auth_identity\|bot_token\|webhook_url\)\) *[:=] *["'\'']\{0,1\}[^ "'\''$#<].*/\1/p' -- "$1" | grep -v '_file$' | sort -u | head -n 5 | tr '\n' ' ')
	[ -n "$what" ] && stat -L -c "file=%n|%a|%U:%G|$what" -- "$1"
}
for p in /proc/[0-9]*; do
	comm= line=
	read -r comm <"$p/comm" || continue
	read -r line <"$p/cmdline"
	case "$comm|$line" in
	prometheus*\|?* | alertmanager*\|?* | grafana*\|?* | loki*\|?* | promtail*\|?* | alloy*\|?* | *_exporter*\|?* | *-exporter*\|?* | *--web.listen-address* | *--config.my-cnf*) ;;
	*) continue ;;
	esac
	cwd=$(readlink "$p/cwd")
	before=
	for word in $(tr '\000' '\n' <"$p/cmdline"); do
		case $before in --config.file | --config | -config.file | --config.my-cnf | --web.config.file) word=$before=$word ;; esac
		case $word in
		--config.file=* | -config.file=* | --config=* | --config.my-cnf=* | --web.config.file=*)
			file=${word#*=}
			case $file in /*) ;; *) file=$cwd/$file ;; esac
			look_at "$file"
			;;
		*.alloy | *.river) look_at "$word" ;;
		esac
		before=$word
	done
done
for f in /etc/grafana/grafana.ini /etc/alertmanager/alertmanager.yml /etc/prometheus/alertmanager.yml /etc/prometheus/prometheus.yml /etc/mysqld_exporter/my.cnf /etc/grafana/provisioning/datasources/*.yaml \
	/etc/default/prometheus* /etc/default/*exporter* /etc/default/grafana-server /var/lib/monctl/*/admin_password; do
	look_at "$f"
done
for f in /etc/systemd/system/*export*.service /etc/systemd/system/*export*.service.d/*.conf /etc/systemd/system/grafana*.service.d/*.conf /etc/systemd/system/prometheus*.service; do
	[ -f "$f" ] && grep -qE '^Environment=.*(DATA_SOURCE_NAME|PASSWORD|TOKEN|SECRET)[A-Z_]*=.' "$f" && stat -L -c "file=%n|%a|%U:%G|Environment=" -- "$f"
done
echo done=yes
