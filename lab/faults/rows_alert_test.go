package faults

import "testing"

const (
	amReload = "; ready 9093; systemctl kill --kill-whom=main -s HUP monctl-alertmanager"
	amYML    = "/etc/monctl/alertmanager/alertmanager.yml"
	// fire sends an alert, and has it notified at once.
	fire = `sed -i 's/group_wait: .*/group_wait: 0s/' ` + amYML + amReload + `; sleep 0.5
/opt/monctl/alertmanager/current/amtool --alertmanager.url=http://127.0.0.1:9093 alert add alertname=fault instance=lab`
)

// alertRows are faults of Alertmanager, and of what is open to whom it should not be.
var alertRows = []row{
	{
		fault: "alertmanager.yml has a mistake, and was reloaded", on: "h1", breaks: "sed -i 's/receiver: default/receiver: nobody/' " + amYML + amReload, mends: "restored; again monctl-alertmanager", until: after(1e9),
		check: "alertmanager/config",
	},
	{
		fault: "alertmanager.yml has a mistake, and Alertmanager was restarted", on: "h1", breaks: "sed -i 's/receiver: default/receiver: nobody/' " + amYML + "; systemctl restart --no-block monctl-alertmanager",
		mends: "restored; again monctl-alertmanager", until: state("h1", "monctl-alertmanager", "SubState", "auto-restart"),
		check: "alertmanager/config", words: []string{"undefined receiver"},
	},
	{
		fault: "nothing listens where alerts are sent", on: "h1", breaks: "sed -i 's/9099/9098/' " + amYML + "\n" + fire, mends: "restored; again monctl-alertmanager", until: after(2e9),
		check: "alertmanager/notifications",
	},
	{
		fault: "the receiver of alerts refuses them", on: "h1", breaks: fire, mends: "restored; again monctl-alertmanager", until: after(2e9),
		check: "alertmanager/notifications",
	},
	configured(row{
		fault: "Prometheus sends alerts to the wrong port", breaks: "sed -i '/alerting:/,/scrape_configs:/s/9093/9094/' $yml", until: after(2e9),
		check: "alertmanager/connected", mends: restart,
	}),
	configured(row{
		fault: "Prometheus has no Alertmanager", breaks: "sed -i '/^alerting:/,/^$/d' $yml", until: after(2e9),
		check: "alertmanager/connected",
	}),
	{
		fault: "everybody can read a password", on: "h1", breaks: "sed -i '1i global:\\n  smtp_auth_password: geheim' " + amYML + "; chmod 755 /etc/monctl/alertmanager; chmod 644 " + amYML, mends: "restored",
		check: "security/secret-files",
	},
	{
		fault: "the limit of open files is too low", on: "h2", breaks: "dropin $unit 'LimitNOFILE=11'", mends: "again $unit", until: after(5e9),
		check: "install/file-limit",
	},
	{
		fault: "programs may not be run from where one is", on: "h2",
		breaks: "cd /opt/monctl; mount --bind node_exporter node_exporter; mount -o remount,bind,noexec node_exporter; systemctl restart --no-block $unit", mends: "umount -l /opt/monctl/node_exporter; again $unit", until: down("h2"),
		check: "install/binary", words: []string{"noexec"},
	},
	{
		fault: "the working directory of a unit is gone", on: "h2", breaks: "dropin $unit 'WorkingDirectory=/nowhere'", mends: "again $unit", until: down("h2"),
		check: "install/unit-failed", words: []string{"working directory"},
	},
	{
		fault: "a path of a unit's sandbox is missing", on: "h2", breaks: "dropin $unit 'ReadWritePaths=/nowhere'", mends: "again $unit", until: down("h2"),
		check: "install/unit-failed", words: []string{"ReadWritePaths"},
	},
	{
		fault: "a unit wants a port below 1024 and may not", on: "h2", breaks: "flags --web.listen-address=:80", mends: "again $unit", until: down("h2"),
		check: "install/privileged-port",
	},
	{
		fault: "an exporter runs twice", on: "h2", breaks: "systemd-run --quiet --unit=node_exporter -p User=nobody /opt/monctl/node_exporter/current/node_exporter --web.listen-address=:9101", mends: "systemctl stop node_exporter",
		check: "install/two-copies",
	},
}

// started waits until Prometheus answers.
func started(t *testing.T, s *site) bool {
	return running("h1", "prometheus")(t, s) && len(s.targets()) > 0
}

func running(name, unit string) func(*testing.T, *site) bool {
	return state(name, "monctl-"+unit, "SubState", "running")
}
