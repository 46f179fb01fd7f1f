# Makes a host bare again, whoever installed on it.
systemctl disable --quiet --now node_exporter prometheus monctl-node-exporter monctl-prometheus 2>/dev/null
rm -rf /opt/node_exporter /opt/prometheus /opt/monctl /etc/monctl /var/lib/monctl /var/lib/prometheus /var/lib/node_exporter
rm -f /etc/systemd/system/node_exporter.service /etc/systemd/system/prometheus.service /etc/systemd/system/monctl-*.service
for user in node_exporter prometheus monctl-node-exporter monctl-prometheus; do
	if id "$user" >/dev/null 2>&1; then userdel "$user"; fi
done
systemctl daemon-reload
systemctl reset-failed
exit 0
