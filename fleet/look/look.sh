# Read-only questions. Each prints "@section" and then one line per thing that is there.
look_paths() {
	echo @paths
	stat -c '%F|%U|%G|%a|%s|%n' -- "$@" 2>/dev/null
}
look_sums() {
	echo @sums
	sha256sum -- "$@" 2>/dev/null
}
look_links() {
	echo @links
	for p; do [ -L "$p" ] && printf '%s|%s\n' "$p" "$(readlink -- "$p")"; done
}
look_marks() {
	echo @marks
	for d; do
		if [ -f "$d/.monctl" ] && IFS= read -r sum <"$d/.monctl"; then printf '%s|%s\n' "$d" "$sum"; fi
	done
}
look_users() {
	echo @users
	wanted=" $* "
	while IFS=: read -r name rest || [ -n "$name" ]; do
		case "$wanted" in *" $name "*) printf '%s\n' "$name" ;; esac
	done </etc/passwd
}
look_units() {
	echo @units
	systemctl show -p Id,LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts,NeedDaemonReload -- "$@" |
		while IFS= read -r line; do
			printf '%s\n' "$line"
			case $line in
			MainPID=0) ;;
			MainPID=*) printf 'Exe=%s\n' "$(readlink "/proc/${line#MainPID=}/exe" 2>/dev/null)" ;;
			esac
		done
	printf '@asked\n%s\n' "$#" # a systemctl that cannot reach systemd prints nothing
}
look_state() {
	echo @pending
	for f in /run/monctl/pending/*; do
		if [ -f "$f" ] && IFS= read -r what <"$f"; then printf '%s|%s\n' "${f##*/}" "$what"; fi
	done
	echo @journal
	if [ -f /var/lib/monctl/.host/journal/open/state ]; then cat /var/lib/monctl/.host/journal/open/state; fi
	echo @end
}
