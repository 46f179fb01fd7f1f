package data

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// The Prometheis of h2, which monctl did not install: 3.13.5, unpacked by hand, two of them. The first has a relative data
// folder that is a symbolic link, the second one that is a mount point. They scrape right after a start, by the hidden flag of templates/prometheus: a start takes 2 s in place of 7.
const foreign = `id prom >/dev/null 2>&1 || useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin prom
mkdir -p /srv/prom /srv/real /srv/prom2/data /etc/prom && ln -sfn /srv/real /srv/prom/data
mountpoint -q /srv/prom2/data || mount -t tmpfs -o size=256m,mode=0750 tmpfs /srv/prom2/data
systemctl stop prometheus prometheus2 2>/dev/null
mount -o remount,rw /srv/prom2/data # of a test that failed
rm -rf /srv/real/* /srv/real.monctl /srv/prom2/data/* /srv/prom2/data/.monctl
chown prom:prom /srv/real /srv/prom2/data
for n in "prometheus 9090 /srv/prom" "prometheus2 9091 /srv/prom2"; do
	set -- $n
	printf 'global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: self\n    static_configs: [{targets: ["127.0.0.1:%s"]}]\n' "$2" >"/etc/prom/$1.yml"
	printf '[Service]\nUser=prom\nRestart=always\nRestartSec=100ms\nWorkingDirectory=%s\nExecStart=/opt/prom/prometheus --config.file=/etc/prom/%s.yml --storage.tsdb.path=data --web.listen-address=:%s --scrape.discovery-reload-interval=250ms\n[Install]\nWantedBy=multi-user.target\n' \
		"$3" "$1" "$2" >"/etc/systemd/system/$1.service"
	systemctl daemon-reload && systemctl enable --quiet "$1" && systemctl restart "$1"
done`

// foreignHost is h2 with them.
func foreignHost(t *testing.T) *hosts.Host {
	t.Helper()
	h := host(t, "h2")
	if _, err := os.Stat(filepath.Join(h.Root(), "opt/prom/prometheus")); err != nil {
		unpack(t, h)
	}
	on(t, h, foreign)
	for _, port := range []int{9090, 9091} {
		p := prometheus{t, h, port}
		p.takes()
	}
	return h
}

// unpack puts the newest Prometheus of the mirror on a host, as a person would with its tarball.
func unpack(t *testing.T, h *hosts.Host) {
	t.Helper()
	releases := lab.mirror.Of("prometheus", "3.13.5")
	for _, r := range releases {
		if r.Arch != h.Arch {
			continue
		}
		response, err := http.Get(lab.url + r.Path())
		must(t, err)
		defer response.Body.Close()
		zip, err := gzip.NewReader(response.Body)
		must(t, err)
		must(t, os.MkdirAll(filepath.Join(h.Root(), "opt/prom"), 0o755))
		for in := tar.NewReader(zip); ; {
			head, err := in.Next()
			if err == io.EOF {
				return
			}
			must(t, err)
			if name := filepath.Base(head.Name); name == "prometheus" || name == "promtool" {
				f, err := os.OpenFile(filepath.Join(h.Root(), "opt/prom", name), os.O_CREATE|os.O_WRONLY, 0o755)
				must(t, err)
				_, err = io.Copy(f, in)
				must(t, err)
				must(t, f.Close())
			}
		}
	}
	t.Fatal("the mirror has no Prometheus 3.13.5")
}

// TestForeign: two servers that monctl did not install are told apart, and each is repaired: one whose folder is relative
// and a symbolic link, one whose folder is a mount point. Their units restart by themselves whenever they are let.
func TestForeign(t *testing.T) {
	t.Parallel()
	h := foreignHost(t)
	data(t, "inspect", "h2/prometheus").want(t, usage, "h2/prometheus is ambiguous", "port 9090", "port 9091", "h2/prometheus:9091")
	for _, c := range []struct {
		port         int
		unit, folder string
		shape        string
	}{
		{9090, "prometheus.service", "/srv/real", "blocks"},
		{9091, "prometheus2.service", "/srv/prom2/data", "head"},
	} {
		p := prometheus{t, h, c.port}
		g := shapes[c.shape].under(t, h, c.unit, c.folder)
		p.refuses()
		target := "h2/prometheus:" + strconv.Itoa(c.port)
		stop := restarting(t, h, c.unit)
		data(t, "repair", target, "--yes="+target).want(t, done, c.folder, "fresh samples for every job", "history as before")
		stop()
		p.takes()
		p.kept(g)
		data(t, "restore", target, "--yes="+target).want(t, done)
		p.refuses()
	}
	on(t, h, "test -L /srv/prom/data && mountpoint -q /srv/prom2/data")
}

// restarting has something start a unit again and again, as a person or a watchdog might, until stop.
func restarting(t *testing.T, h *hosts.Host, unit string) (stop func()) {
	t.Helper()
	on(t, h, "systemd-run --quiet --collect --unit=watchdog sh -c 'while :; do systemctl start "+unit+"; sleep 0.1; done'")
	stop = func() { on(t, h, "systemctl stop watchdog 2>/dev/null; true") }
	t.Cleanup(stop)
	return stop
}
