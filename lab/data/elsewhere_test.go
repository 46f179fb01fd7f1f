package data

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/monctl/monctl/lab/extras"
	"github.com/monctl/monctl/lab/hosts"
)

// inAnotherRoot runs a server below a root of its own, whose paths are not the host's.
func inAnotherRoot(t *testing.T, h *hosts.Host) {
	on(t, h, `mkdir -p /srv/root/data /srv/root/bin && cp /opt/prom/prometheus /srv/root/bin/ && cp /etc/prom/prometheus2.yml /srv/root/
cat >/etc/systemd/system/boxed.service <<'UNIT'
[Service]
RootDirectory=/srv/root
ExecStart=/bin/prometheus --config.file=/prometheus2.yml --storage.tsdb.path=/data --web.listen-address=:9094
UNIT
systemctl daemon-reload && systemctl start boxed`)
	defer on(t, h, "systemctl stop boxed; rm /etc/systemd/system/boxed.service; systemctl daemon-reload")
	eventually(t, "the boxed server", func() bool { _, err := (prometheus{t, h, 9094}).get("/-/ready"); return err == nil })
	data(t, "reset", "h2/prometheus:9094", "--yes=h2/prometheus:9094").want(t, refused, "container", "data repair --local FOLDER")
}

// inContainer runs a server in a container of runc, which is what Docker, containerd and Podman run theirs with: processes,
// mounts and names of its own, the network of the host, and a volume. The lab's hosts give it no cgroup of its own.
func inContainer(t *testing.T, h *hosts.Host) {
	program, err := extras.Runc(t.Context(), lab.cache)
	must(t, err)
	text, err := os.ReadFile(program)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(h.Root(), "opt/runc"), text, 0o755))
	on(t, h, `mkdir -p /srv/box/rootfs/bin /srv/box/rootfs/proc /srv/box/volume && cd /srv/box && cp /opt/prom/prometheus rootfs/bin/ && cp /etc/prom/prometheus2.yml rootfs/
cat >config.json <<'JSON'
{"ociVersion": "1.0.2", "root": {"path": "rootfs"}, "hostname": "box",
 "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "env": ["PATH=/bin"],
  "args": ["/bin/prometheus", "--config.file=/prometheus2.yml", "--storage.tsdb.path=/prometheus", "--web.listen-address=:9097"]},
 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}, {"destination": "/prometheus", "type": "bind", "source": "/srv/box/volume", "options": ["rbind", "rw"]}],
 "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}]}}
JSON
setsid /opt/runc --rootless=true --root /run/runc run --bundle /srv/box box >/srv/box/log 2>&1 </dev/null & sleep 0.1`)
	t.Cleanup(func() {
		on(t, h, "/opt/runc --root /run/runc kill box KILL; sleep 0.5; rm -rf /srv/box /opt/runc /run/runc")
	})
	eventually(t, "the server in the container", func() bool { _, err := (prometheus{t, h, 9097}).get("/-/ready"); return err == nil })
	before := on(t, h, "ls -A /srv/box/volume /srv/box")
	for _, action := range []string{"inspect", "reset"} {
		data(t, action, "h2/prometheus:9097").want(t, refused, "it runs in a container", "podman inspect: Mounts", "data repair --local FOLDER")
	}
	if after := on(t, h, "ls -A /srv/box/volume /srv/box"); after != before {
		t.Errorf("there is\n%s\nwas\n%s", after, before)
	}
	// What is advised works: the volume is a folder of the host, which the kernel shows to be in use.
	local := on(t, h, `$(ls -d /var/lib/monctl/bin/*/monctl | head -1) data reset --local /srv/box/volume --yes=/srv/box/volume --ntp '' 2>&1 || echo "exit $?"`)
	if !contains(local, "it is in use by", "exit 5") {
		t.Errorf("a reset of the volume said:\n%s", local)
	}
}

// TestNetworkFileSystem: on a file system whose locks do not tell who uses a folder, nothing is changed. FUSE stands for all of them; this
// machine's kernel has no NFS.
func TestNetworkFileSystem(t *testing.T) {
	t.Parallel()
	needLab(t)
	program, library, err := extras.Bindfs(t.Context(), lab.cache)
	must(t, err)
	real, at := t.TempDir(), t.TempDir()
	damage{good: shapes["head"].good / 12, ahead: shapes["head"].ahead, span: step}.make(t, filepath.Join(real, "metrics"))
	mount := exec.Command(program, real, at)
	mount.Env = []string{"LD_LIBRARY_PATH=" + library}
	if out, err := mount.CombinedOutput(); err != nil {
		t.Skipf("FUSE cannot be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() { must(t, unix.Unmount(at, unix.MNT_DETACH)) })
	dir := filepath.Join(at, "metrics")
	lab.run(t.Context(), "data", "inspect", "--local", dir, "--ntp="+lab.ntp).want(t, changes, "it lies on fuse, where locks may not work", "refusing")
	for _, action := range []string{"repair", "reset", "backup"} {
		lab.run(t.Context(), "data", action, "--local", dir, "--yes="+dir, "--ntp="+lab.ntp).want(t, refused, "it lies on fuse", "Copy it to a local disk")
	}
	if left, err := os.ReadDir(real); err != nil || len(left) != 1 {
		t.Errorf("there is %v, %v", left, err)
	}
}
