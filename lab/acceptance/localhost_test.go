package acceptance

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/lab/hosts"
)

// TestLocalhost runs the binary on the host that it installs: as a login that may use sudo, and without any SSH.
func TestLocalhost(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	before := stateOf(t, h)
	monctl := aboard(t, h)
	const components = "--components node_exporter,prometheus"

	monctl("plan "+components+" localhost", changes, "localhost", "monctl-prometheus.service")
	same(t, h, before)
	monctl("install --yes "+components+" localhost", done, "installed and proven", "1 host", "2 components")
	up := query(t, h, "up")
	if len(up) != 2 {
		t.Errorf("Prometheus has %d targets: %v", len(up), up)
	}
	for _, s := range up {
		if s.Value != 1 {
			t.Errorf("%v is down", s.Metric)
		}
	}
	after := stateOf(t, h)
	monctl("install --yes "+components+" localhost", done, "nothing to change", "everything is proven")
	on(t, h, "echo 'hosts: {localhost: {components: [node_exporter, prometheus]}}' >/home/ubuntu/here/monctl.yaml")
	monctl("install --yes", done, "nothing to change", "everything is proven")
	same(t, h, after)
	monctl("status", done, "2/2 up", "all is well")
	monctl("uninstall --all --yes", done, "/var/lib/monctl/prometheus")
	if left := on(t, h, "ls -d /etc/systemd/system/monctl-* 2>/dev/null || true"); left != "" {
		t.Errorf("uninstall left %s", left)
	}
}

// aboard brings monctl and the catalogue to a host. The function that it returns runs a command there, as ubuntu and with
// no SSH to be had, and wants its exit code and words.
func aboard(t *testing.T, h *hosts.Host) func(args string, code int, texts ...string) {
	t.Helper()
	const home = "/home/ubuntu/here"
	folder := filepath.Join(h.Root(), home)
	t.Cleanup(func() { on(t, h, "rm -rf "+home) })
	if err := os.CopyFS(filepath.Join(folder, "catalog"), os.DirFS(lab.catalog)); err != nil {
		t.Fatal(err)
	}
	copyProgram(t, lab.monctl, filepath.Join(folder, "monctl"))
	on(t, h, "chown -R ubuntu: "+home)
	return func(args string, code int, texts ...string) {
		t.Helper()
		// Standard error goes into a file, because only the exit code and the output of the script come back.
		printed := on(t, h, `cd `+home+`; code=0
runuser -u ubuntu -- env HOME=`+home+` ./monctl `+args+` --catalog=catalog --mirror=`+lab.url+` 2>err || code=$?; cat err; echo "exit $code"`)
		said, exit, _ := strings.Cut(printed, "\nexit ")
		if want := []string{"0", "1", "2", "3"}[code]; exit != want {
			t.Fatalf("monctl %s: exit %s, want %s:\n%s", args, exit, want, said)
		}
		for _, text := range texts {
			if !strings.Contains(said, text) {
				t.Errorf("monctl %s does not say %q:\n%s", args, text, said)
			}
		}
	}
}

func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if closed := out.Close(); err != nil || closed != nil {
		t.Fatal(err, closed)
	}
}
