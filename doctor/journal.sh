# The last words since boot of what may be part of the stack, and of time daemons. One line of JSON each.
command -v journalctl >/dev/null || exit 3
journalctl -b -n 800 -q --no-pager -o json --output-fields=MESSAGE,_SYSTEMD_UNIT,UNIT,PRIORITY,_PID \
	-u 'prometheus*' -u 'alertmanager*' -u 'grafana*' -u 'loki*' -u 'promtail*' -u 'alloy*' -u '*_exporter*' -u '*-exporter*' -u 'monctl-*' \
	-u 'chrony*' -u systemd-timesyncd -u 'ntp*' -u openntpd -u vmtoolsd
