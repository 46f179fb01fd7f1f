# The persistent shell of one host. Read from standard input by Bootstrap; see the package comment for the protocol.
# POSIX sh; names begin with monctl_ because scripts run with them in scope.
LC_ALL=C
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
unset LANGUAGE CDPATH ENV BASH_ENV
umask 022
cd /

# monctl_heartbeat, called once from a Keep script, writes an ignorable line every 5 s for as long as this shell lives.
# A host whose controller vanished thus learns of it, and this shell reads end of file. It holds no lock (9) open.
monctl_heartbeat() {
	(
		exec 9>&- </dev/null >/dev/null
		while sleep "${1:-5}" 2>/dev/null && kill -0 $$ 2>/dev/null; do
			printf '\036monctl-heartbeat\n' >&2 || exit # one line is one write in any shell
		done
	) &
	monctl_pulse=$!
	trap 'kill "$monctl_pulse" 2>/dev/null' EXIT
}

# monctl_exact SIZE passes on exactly SIZE bytes of the stream. dd alone never reads a byte too many.
monctl_exact() {
	dd bs=65536 count="$1" iflag=fullblock,count_bytes 2>/dev/null
}

while read -r monctl_length monctl_size monctl_nonce monctl_mode; do
	monctl_script=$(dd bs="$monctl_length" count=1 iflag=fullblock 2>/dev/null)
	case $monctl_script in
	*"$monctl_nonce") ;;
	*) exit 1 ;; # the link was cut in the middle: half a script is never run
	esac
	case $monctl_mode in
	keep) command eval "$monctl_script" </dev/null ;;
	none) (eval "$monctl_script") </dev/null ;;
	talk) (eval "$monctl_script") ;;
	data)
		monctl_exact "$monctl_size" | {
			(eval "$monctl_script")
			monctl_status=$?
			cat >/dev/null # what the script left unread
			exit "$monctl_status"
		}
		;;
	esac
	monctl_status=$?
	printf '\n%s\n' "$monctl_nonce" >&2
	printf '\n%s %s\n' "$monctl_nonce" "$monctl_status"
	# What the script did not read of its conversation is not a header.
	[ "$monctl_mode" = talk ] && while read -r monctl_script && [ "$monctl_script" != "$monctl_nonce end" ]; do :; done
done
