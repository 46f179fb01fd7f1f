# What monctl does on a host. Runs as root under sh with: $stage (unpacked, verified stream), $id (of this run).
# Journal first: the j_ functions note how each change is undone, before the first do_ function changes anything.
base=/var/lib/monctl/.host
open=$base/journal/open
last=$base/journal/last
pending=/run/monctl/pending
tab=$(printf '\t')

note() { printf '%s\n' "$*" >>"$open/undo"; }
selinux() {
	if [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null; then restorecon -RF -- "$@"; fi
}

journal_begin() {
	mkdir -p "$open/saved/$id" "$pending" && : >>"$open/undo" && : >>"$open/units" || return
	printf '%s\n' "$id" >>"$open/id" && echo open >"$open/state"
}
journal_sync() { sync -d "$open/undo" "$open/units" 2>/dev/null || sync; }

j_user() { note "unuser$tab$1"; }
j_dir() {
	if [ -d "$1" ]; then note "attributes$tab$1$tab$(stat -c '%u:%g' -- "$1")$tab$(stat -c %a -- "$1")"; else note "undir$tab$1"; fi
}
j_tree() {
	if [ -d "$1" ]; then note "owners$tab$1$tab$(stat -c '%u:%g' -- "$1")$tab$(stat -c %a -- "$1")"; else note "undir$tab$1"; fi
}
j_path() { # PATH N
	if [ -e "$1" ] || [ -L "$1" ]; then
		cp -a -- "$1" "$open/saved/$id/$2" && note "restore$tab$1$tab$id/$2"
	else note "remove$tab$1"; fi
}
j_once() { # a secret that data may depend on: it goes only when nothing else is beside it
	if [ ! -e "$1" ]; then note "unonce$tab$1"; fi
}
j_release() { if [ -e "$1" ]; then note "aside$tab$1$tab$1.before-$id"; else note "unrelease$tab$1"; fi; }
j_gone() { note "moveback$tab$1$tab$id/$2"; } # PATH N
j_move() { note "unmove$tab$1$tab$2$tab$(stat -c '%u:%g' -- "$1"):$(stat -c %a -- "$1")"; } # FROM TO
j_nouser() { note "reuser$tab$1$tab$(id -u -- "$1")"; }
j_unit() { # UNIT
	systemctl show -p ActiveState,UnitFileState,InvocationID -- "$1" | {
		active=no enabled=no start=unknown
		while IFS= read -r line; do
			case $line in ActiveState=active | ActiveState=activating) active=yes ;; UnitFileState=enabled) enabled=yes ;; InvocationID=?*) start=${line#*=} ;; esac
		done
		printf '%s %s %s %s\n' "$1" "$active" "$enabled" "$start" >>"$open/units"
	}
}

do_user() { # NAME GROUP...
	user=$1 && shift
	shell=/usr/sbin/nologin && [ -x "$shell" ] || shell=/sbin/nologin
	useradd --system --user-group --no-create-home --home-dir /nonexistent --shell "$shell" -- "$user" || return
	do_groups "$user" "$@"
}
do_groups() { # NAME GROUP...: those that the host has
	user=$1 && shift
	for group; do
		if getent group "$group" >/dev/null; then usermod -aG "$group" -- "$user" || return; fi
	done
}
do_script() { # N: with its secrets in the environment
	# shellcheck disable=SC1090 # it came with this run
	(set -a && . "$stage/scripts/$1.env" && set +a && exec sh -- "$stage/scripts/$1.sh" </dev/null)
}
do_dir() { # OWNER GROUP MODE PATH
	install -d -o "$1" -g "$2" -m "$3" -- "$4" && selinux "$4"
}
do_tree() { # OWNER GROUP MODE PATH: a data folder; what is in it follows when it belonged to somebody else
	if [ -d "$4" ] && [ "$(stat -c %U:%G -- "$4")" != "$1:$2" ]; then chown -R -h -- "$1:$2" "$4" || return; fi
	do_dir "$@"
}
do_release() { # DIR ARCHIVE STRIP MARK MACHINE BINARY...
	dir=$1 archive=$2 strip=$3 mark=$4 machine=$5 && shift 5
	rm -rf -- "$dir.part" && mkdir -p -- "$dir.part" || return
	if [ "$strip" = auto ]; then
		strip=0
		case $(tar -tzf "$archive" | cut -d/ -f1 | sort -u) in *"
"*) ;; *) [ $# -eq 1 ] && [ "$(tar -tzf "$archive" | head -n 1)" = "$1" ] || strip=1 ;; esac
	fi
	(umask 022 && tar -xzf "$archive" -C "$dir.part" --strip-components="$strip" --no-same-owner --no-same-permissions) || return
	for bin; do
		chmod 0755 -- "$dir.part/$bin" || return
		found=$(od -An -tx1 -j18 -N2 "$dir.part/$bin" | tr -d ' ')
		if [ -n "$machine" ] && [ "$found" != "$machine" ]; then
			echo "$bin is not for this machine: ELF machine $found, not $machine" >&2 && return 1
		fi
	done
	printf '%s\n' "$mark" >"$dir.part/.monctl" || return
	if [ -e "$dir" ]; then mv -T -- "$dir" "$dir.before-$id" || return; fi
	mv -T -- "$dir.part" "$dir" && selinux "$dir" || return
	if [ -e /sys/fs/selinux/enforce ]; then for bin; do chcon -t bin_t -- "$dir/$bin" || return; done; fi
}
do_fetch() { # URL SHA256 FILE: the host downloads by itself
	if command -v curl >/dev/null; then
		curl -fsSL --retry 3 --connect-timeout 10 -o "$3" -- "$1" || return
	elif command -v wget >/dev/null; then
		wget -q -T 30 -O "$3" -- "$1" || { [ $? -gt 128 ] && wget -q -O "$3" -- "$1"; } || return # busybox 1.35 dies of -T
	else
		echo "neither curl nor wget is installed; use fetch: controller" >&2 && return 1
	fi
	printf '%s  %s\n' "$2" "$3" | sha256sum -c --status - || { echo "checksum mismatch: its sha256 is not $2" >&2 && return 1; }
}
do_check() { # DIR COMMAND [N RELATIVE]...
	dir=$1 command=$2 && shift 2
	rm -rf -- "$stage/check" && mkdir -- "$stage/check" || return
	if [ -d "$dir" ]; then cp -a -- "$dir/." "$stage/check/" || return; fi
	while [ $# -gt 1 ]; do
		mkdir -p -- "$(dirname -- "$stage/check/$2")" && cp -- "$stage/files/$1" "$stage/check/$2" || return
		shift 2
	done
	(cd "$stage/check" && exec sh -c "$command" 2>&1) >&2
}
do_file() { # OWNER GROUP MODE N PATH
	install -o "$1" -g "$2" -m "$3" -- "$stage/files/$4" "$5.monctl-new" && mv -fT -- "$5.monctl-new" "$5" && selinux "$5"
}
do_link() { # TARGET PATH
	ln -sfn -- "$1" "$2.monctl-new" && mv -fT -- "$2.monctl-new" "$2"
}
do_gone() { # PATH N
	if [ -e "$1" ] || [ -L "$1" ]; then mv -T -- "$1" "$open/saved/$id/$2"; fi
}
do_purge() { # PATH: really deletes, so the path must be at least three levels deep
	case $1 in */../* | */.. | */./*) return 1 ;; /*/*/*) rm -rf --one-file-system -- "$1" ;; *) return 1 ;; esac
}
do_move() { # FROM TO OWNER GROUP MODE: only within a file system, where it is one rename
	if [ "$1" != "$2" ]; then
		if [ -e "$2" ]; then rmdir -- "$2" || return; fi
		[ "$(stat -c %d -- "$1")" = "$(stat -c %d -- "${2%/*}")" ] || { echo "$1 and ${2%/*} are on different file systems" >&2 && return 1; }
		mv -T -- "$1" "$2" || return
	fi
	chown -R -h -- "$3:$4" "$2" && chmod -- "$5" "$2" && selinux "$2"
}
do_nouser() { userdel -- "$1"; }
do_owe() { printf '%s\n' "$1" >"$pending/$2"; } # WHAT UNIT
do_paid() { for unit; do rm -f -- "$pending/$unit"; done; }
do_reload() { printf '%s\n' "$1" >>"$open/reloaded" && systemctl reload -- "$1"; }
do_stop() { systemctl --no-reload disable --quiet -- "$1" 2>/dev/null; systemctl stop -- "$1"; }

# step KEY FUNCTION ARG...: one change, announced on stdout. A failure plays the journal back and ends the script.
# What went wrong is kept in memory: the disk may be full.
step() {
	key=$1 && shift
	printf '@begin %s\n' "$key"
	if said=$("$@" 2>&1 >/dev/null); then
		printf '@done %s\n' "$key"
		return
	fi
	printf '@fail %s\n' "$key"
	printf '%s\n' "$said" | while IFS= read -r line; do printf '@err %s\n' "$line"; done
	rm -rf -- "$stage/releases" "$stage/fetched.tar.gz" # room for what is put back
	undo_journal "$open"
	exit 65
}

undo_line() { # VERB PATH ARG ARG, with $journal
	case $1 in
	unuser) # a user whose data stays, stays too: its number must not pass to another
		case " $keepers " in *" $2 "*) ;; *) if id -- "$2" >/dev/null 2>&1; then userdel -- "$2"; fi ;; esac
		;;
	reuser) id -- "$2" >/dev/null 2>&1 || useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin -u "$3" -- "$2" ;;
	undir) # not empty: something was stored there since, which stays
		if [ -d "$2" ] && ! rmdir -- "$2" 2>/dev/null; then keepers="$keepers $(stat -c %U -- "$2")"; fi
		;;
	attributes) chown -- "$3" "$2" && chmod -- "$4" "$2" ;;
	owners) if [ "$(stat -c %u:%g -- "$2")" != "$3" ]; then chown -R -h -- "$3" "$2"; fi && chmod -- "$4" "$2" ;;
	remove) rm -f -- "$2" ;;
	unonce) if [ "$(ls -A -- "${2%/*}" 2>/dev/null)" = "${2##*/}" ]; then rm -f -- "$2"; fi ;;
	restore) # on a full disk there is no room for a copy
		if cp -a -- "$journal/saved/$3" "$2.monctl-new"; then mv -fT -- "$2.monctl-new" "$2"; else
			rm -f -- "$2.monctl-new" && mv -fT -- "$journal/saved/$3" "$2"
		fi
		;;
	unrelease) rm -rf -- "$2.part" "$2" ;;
	aside) if [ -e "$3" ]; then rm -rf -- "$2" && mv -T -- "$3" "$2"; fi ;;
	unmove)
		if [ "$2" != "$3" ] && [ -d "$3" ] && [ ! -e "$2" ]; then mv -T -- "$3" "$2" || return; fi
		chown -R -h -- "${4%:*}" "$2" && chmod -- "${4##*:}" "$2"
		;;
	moveback) if [ -e "$journal/saved/$3" ]; then rm -rf -- "$2" && mv -T -- "$journal/saved/$3" "$2"; fi ;;
	*) echo "unknown journal entry $1" >&2 && return 1 ;;
	esac
}

# untouched UNIT START: it runs since before the change and was not told to read its files again.
untouched() {
	systemctl is-active --quiet -- "$1" && [ "$(systemctl show -p InvocationID --value -- "$1")" = "$2" ] &&
		! grep -qxF -e "$1" "$journal/reloaded" 2>/dev/null
}

# undo_lines: plays back the lines on standard input and says which of them failed.
undo_lines() {
	failed=0 keepers=
	while IFS=$tab read -r verb path arg1 arg2; do
		undo_line "$verb" "$path" "$arg1" "$arg2" 2>/run/monctl/undo.err && continue
		failed=1
		printf '@undofail %s %s: %s\n' "$verb" "$path" "$(cat /run/monctl/undo.err)"
	done
	return "$failed"
}

# undo_journal DIR: puts the host back to what it was before the journal began, and drops the journal. It needs no room
# on the disk.
undo_journal() {
	journal=$1 undone=yes
	seen=
	while read -r unit active enabled start; do
		case " $seen " in *" $unit "*) continue ;; esac
		seen="$seen $unit"
		if [ "$enabled" = no ]; then systemctl --no-reload disable --quiet -- "$unit" 2>/dev/null; fi
		if [ "$active" = no ]; then systemctl stop -- "$unit" 2>/dev/null; fi
	done <"$journal/units"
	tac "$journal/undo" | undo_lines || undone=partly
	systemctl daemon-reload
	seen=
	while read -r unit active enabled start; do
		case " $seen " in *" $unit "*) continue ;; esac
		seen="$seen $unit"
		systemctl reset-failed -- "$unit" 2>/dev/null
		if [ "$enabled" = yes ]; then systemctl enable --quiet -- "$unit" 2>/dev/null; fi
		if [ "$active" = yes ] && ! untouched "$unit" "$start"; then
			said=$(systemctl restart -- "$unit" 2>&1) || { undone=partly && printf '@undofail restart %s: %s\n' "$unit" "$said"; }
		fi
		do_paid "$unit"
	done <"$journal/units"
	if [ "$undone" = partly ]; then echo @undopartly && return 1; fi
	rm -rf -- "$journal" "$base"/stage.* && echo @undone # a stage outlives its run when the host stopped
	rmdir -- "$base/journal" "$base" "${base%/*}" 2>/dev/null # those that were made for it and are empty
	return 0
}

# commit_journal: the change is proven; it becomes the one that rollback plays back.
commit_journal() {
	[ -d "$open" ] || return 0
	if [ -f "$last/undo" ]; then
		while IFS=$tab read -r verb path arg1 rest; do
			if [ "$verb" = aside ]; then rm -rf -- "$arg1"; fi
		done <"$last/undo"
	fi
	rm -rf -- "$last" && echo proven >"$open/state" && mv -T -- "$open" "$last"
}
