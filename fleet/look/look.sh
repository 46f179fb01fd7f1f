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
look_groups() { # NAME...: users that are there, with their groups
	echo @groups
	for name; do
		if groups=$(id -Gn -- "$name" 2>/dev/null); then printf '%s|%s\n' "$name" "$groups"; fi
	done
}
look_known_groups() { # GROUP...: those that the host has
	echo @known
	for group; do if getent group "$group" >/dev/null; then printf '%s\n' "$group"; fi; done
}
look_script() { # NAME SCRIPT: what it says when it does not end well, in one line
	if said=$(sh -c "$2" 2>&1 </dev/null); then said=ok; else said="no:$(printf '%s' "$said" | tr -s '\n\t|' '   ' | cut -c1-300)"; fi
	printf '@scripts\n%s|%s\n' "$1" "$said"
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
