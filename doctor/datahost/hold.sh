# Works on the data folder of a unit while the unit is stopped and cannot start. With: $unit, $start (yes: it should run
# afterwards; asbefore), $header (assignments of these) and $functions (this text), and the functions work, and mend, which
# finishes or undoes work that was killed. Lines that begin with @ tell the controller how far it is.
# It goes on without a controller: a cut link leaves no unit stopped.
key=$(printf %s "$unit" | cksum | tr ' ' -)
held=/run/monctl/held/$key
dropin=/run/systemd/system/$unit.d/zz-monctl-data.conf
guard=monctl-data-guard-$key.service
guard_script=/run/monctl/guard-$key.sh

# hold stops the unit and keeps everybody from starting it: by hand, by Restart=, a timer or another unit. A drop-in in /run
# does so for units in /etc too, which a runtime mask does not, and is gone after a reboot. The guard is there first.
hold() {
	watch || return
	if [ ! -e "$held/was" ]; then # else an earlier run knows better how it was
		mkdir -p "$held" || return
		case $(systemctl show -p ActiveState --value -- "$unit") in active | activating | reloading) was=running ;; failed) was=failed ;; *) was=stopped ;; esac
		echo "$was" >"$held/was.new" && mv "$held/was.new" "$held/was" || return
	fi
	mkdir -p "${dropin%/*}" && printf '[Unit]\nAssertPathExists=!%s\n' "$held" >"$dropin" && systemctl daemon-reload || return
	stop || return
	case $(systemctl show -p ActiveState --value -- "$unit") in
	active | activating) echo "$unit runs again right after it was stopped" >&2 && return 1 ;;
	esac
}

# stop tries again for 5 s: a start that somebody asks for meanwhile cancels the stop, though it will fail by the assertion.
stop() {
	tries=50
	until said=$(systemctl stop -- "$unit" 2>&1); do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || { printf '%s\n' "$said" >&2; return 1; }
		sleep 0.1
	done
}

# watch starts a guard outside of this session. It gets the host's lock when everything of this run is gone, however it
# ended, and finds the unit still held only when nobody finished.
watch() {
	{
		printf '%s\n' "$header" "$functions"
		printf '%s\n' 'exec 9>>/run/monctl/lock && flock 9 || exit' '[ ! -e "$held" ] || { mend || start=never; release; }' 'rm -f -- "$guard_script"'
	} >"$guard_script.new" && mv "$guard_script.new" "$guard_script" || return
	systemctl stop -- "$guard" 2>/dev/null # of a run before, with other ends
	systemctl reset-failed -- "$guard" 2>/dev/null
	systemd-run --quiet --collect --unit="$guard" -- /bin/sh "$guard_script"
}

# release lets the unit start again, and starts it when it ran before or should run. What the guard goes by is removed last:
# a run that is killed in between leaves the start to it.
release() {
	was=$(cat "$held/was" 2>/dev/null || echo untouched)
	rm -f -- "$dropin" && rmdir -- "${dropin%/*}" 2>/dev/null
	systemctl daemon-reload
	ended=0
	if wanted; then
		systemctl reset-failed -- "$unit" 2>/dev/null
		echo "@start $unit"
		systemctl start -- "$unit" || ended=1
	fi
	rm -rf -- "${held:?}"
	rmdir -- "${held%/*}" 2>/dev/null
	rm -f -- "$guard_script"
	systemctl stop -- "$guard" 2>/dev/null
	return "$ended"
}
wanted() {
	[ "$start" != never ] || return 1
	[ "$was" = running ] || [ "$start" = yes ] && { [ "$was" = failed ] || systemctl is-enabled --quiet -- "$unit"; }
}

# whole is all of it, under the host's lock. Exit status 70: the unit does not start; 71: it could not be stopped and kept
# so; otherwise that of work.
whole() {
	echo "@stop $unit"
	if hold; then
		echo @work
		work
		status=$?
		[ "$status" = 0 ] || mend || start=never
	else
		status=71
	fi
	release || status=70
	return "$status"
}
