# What each unit of the stack that systemd has loaded executes, as whom, and with which configuration files.
[ -d /run/systemd/system ] && command -v systemctl >/dev/null || exit 0
walked=
# walk PATH: mode and owner of a path and of all above it.
walk() {
	at=$1
	while :; do
		case "$walked" in *"|$at|"*) return ;; esac
		walked="$walked|$at|"
		if [ -e "$at" ]; then stat -L -c 'stat=%n|%a|%u|%g|%F' -- "$at"; else echo "stat=$at|missing"; fi
		[ "$at" = / ] && return
		at=${at%/*}
		at=${at:-/}
	done
}
binary() {
	[ -n "$path" ] || return
	state=ok
	if [ ! -e "$path" ]; then state=missing; elif [ -d "$path" ]; then state=directory; elif [ ! -x "$path" ]; then state='not executable'; fi
	elf=$(od -An -v -tx1 -N20 -- "$path" | tr -d ' \n')
	label=
	[ -e /sys/fs/selinux/enforce ] && label=$(stat -L -c %C -- "$path")
	real=$(readlink -f -- "$path")
	echo "binary=$id|$path|$state|$elf|$label|${real:-$path}"
}
owner() {
	[ "$dynamic" != yes ] || return
	if uid=$(id -u -- "${user:-root}"); then echo "user=$id|${user:-root}|$uid|$(id -G -- "${user:-root}")"; else echo "user=$id|$user|missing"; fi
}
configs() {
	before=
	for word in $argv; do
		case $before in --config.file | -config.file | --config | -config | --config.my-cnf | --web.config.file) word=--config=$word ;; esac
		case $word in
		-config=/* | --config=/* | -config.file=/* | --config.file=/* | --config.my-cnf=/* | --web.config.file=/*)
			echo "config=$id|${word#*=}"
			walk "${word#*=}"
			;;
		esac
		before=$word
	done
}
set -f
{
	systemctl show -p Id -p LoadState -p User -p DynamicUser -p ExecStart -- \
		'prometheus*.service' 'alertmanager*.service' 'grafana*.service' 'loki*.service' 'promtail*.service' 'alloy*.service' \
		'pushgateway*.service' '*_exporter*.service' '*-exporter*.service' 'monctl-*.service'
	echo
} | {
	id= user= path= argv= dynamic=
	while IFS= read -r line; do
		case $line in
		Id=*) id=${line#Id=} ;;
		User=*) user=${line#User=} ;;
		DynamicUser=*) dynamic=${line#DynamicUser=} ;;
		ExecStart=*)
			path=${line#*path=}
			path=${path%% ;*}
			argv=${line#*argv\[\]=}
			argv=${argv%% ;*}
			;;
		'')
			[ -z "$id" ] || [ -z "$path" ] || { binary; owner; configs; }
			id= user= path= argv= dynamic=
			;;
		esac
	done
}
