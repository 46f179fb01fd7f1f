# Where data really are. $1 is the process (- when none runs), the rest are folders as somebody named them. Reads only.
pid=$1 && shift
if [ "$pid" != - ]; then
	for fd in /proc/"$pid"/fd/*; do readlink "$fd"; done 2>/dev/null |
		sed -n -e 's|/wal/[0-9]*$||p' -e 's|/chunks_head/[0-9]*$||p' -e 's|/lock$||p' -e 's|/queries\.active$||p' -e 's|/grafana\.db$||p' |
		sort -u | sed 's/^/open=/'
	# The folder as the process sees it: a mount namespace of its own may show it another one under the same name.
	for d; do
		id=$(stat -L -c %d:%i -- "/proc/$pid/root$d" 2>/dev/null) && printf 'seen=%s %s\n' "$id" "$d"
	done
fi
for d; do
	real=$(readlink -f -- "$d") && [ -d "$real" ] || { printf 'missing=%s\n' "$d" && continue; }
	printf 'at=%s|%s|%s|%s|%s\n' "$(stat -c %d:%i -- "$real")" "$(stat -c %m -- "$real")" "$(stat -f -c %T -- "$real")" "$d" "$real"
done
exit 0
