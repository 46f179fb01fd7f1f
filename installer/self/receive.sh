# monctl as a program on a host, with $folder, $sum (sha256) and $machine (e_machine). A program gets its name only when it
# is whole, right and starts: a cut link reads as end of file, and then tar or the sum fails.
umask 077
program=$folder/$sum/monctl

right() { printf '%s  %s\n' "$sum" "$1" | sha256sum -c --status - 2>/dev/null; }
has() { [ -f "$program" ] && right "$program" && "$program" version >/dev/null 2>&1; }

receive() {
	trap '' HUP PIPE
	mkdir -p -- "$folder" && chmod 0700 -- "$folder" || exit 73
	rm -rf -- "$folder"/part.*
	part=$(mktemp -d "$folder/part.XXXXXXXX") || exit 73
	trap 'rm -rf -- "$part"' EXIT
	tar -xzf - -C "$part" --no-same-owner || exit 74
	right "$part/monctl" || { echo "checksum mismatch: what arrived is not what was sent" >&2 && exit 75; }
	found=$(od -An -tx1 -j18 -N2 "$part/monctl" | tr -d ' ')
	[ "$found" = "$machine" ] || { echo "it is for another machine: ELF machine $found, not $machine" >&2 && exit 75; }
	chmod 0700 -- "$part/monctl"
	if [ -e /sys/fs/selinux/enforce ] && command -v chcon >/dev/null; then chcon -t bin_t -- "$part/monctl"; fi
	said=$("$part/monctl" version 2>&1) || { printf 'it does not start: %s\n' "$said" >&2 && exit 76; }
	sync -- "$part/monctl" 2>/dev/null || sync
	rm -rf -- "${folder:?}/$sum" && mv -T -- "$part" "$folder/$sum" || exit 73
	# Those that run go on: a name is not the program.
	ls -t -- "$folder" | tail -n +3 | while read -r old; do
		case $old in *[!0-9a-f]* | "$sum") ;; *) rm -rf -- "${folder:?}/$old" ;; esac
	done
}

remove() { rm -rf -- "$folder" && { rmdir -- "${folder%/*}" 2>/dev/null || :; }; }
