package runtime

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"
	"golang.org/x/sys/unix"
)

// A real file system of 32 MB fills up: reads go on, samples are refused with a clear word, and when there is space again
// they are accepted and nothing that was confirmed is missing after a restart.
func TestFullDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a file system of its own needs root")
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=32m"); err != nil {
		t.Skip("no tmpfs can be mounted here: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	data := filepath.Join(dir, "data")
	m, stop := started(t, Options{Data: data, RemoteWrite: true, ConfigFile: file(t, "p.yml", "global: {}\n")})
	send := func(name string) int {
		code, _ := write(t, m, name, prompb.Sample{Value: 5, Timestamp: time.Now().UnixMilli()})
		return code
	}
	if code := send("before"); code != http.StatusNoContent {
		t.Fatal(code)
	}
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 31<<20), 0o600); err != nil && !strings.Contains(err.Error(), "no space") {
		t.Fatal(err)
	}
	until(t, "the refusal", func() bool { return send("during") == http.StatusInternalServerError })
	if _, body := get(t, m, "/api/v1/query?query=before"); !strings.Contains(body, `"5"`) {
		t.Errorf("reads do not go on: %s", body)
	}
	if _, body := get(t, m, "/metrics"); !strings.Contains(body, "monctl_storage_degraded 1") {
		t.Error("the metric does not tell")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	until(t, "the end of the refusal", func() bool { return send("after") == http.StatusNoContent })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	m = running(t, Options{Data: data, ConfigFile: file(t, "p.yml", "global: {}\n")})
	for _, name := range []string{"before", "after"} {
		if _, body := get(t, m, "/api/v1/query?query="+name); !strings.Contains(body, `"5"`) {
			t.Errorf("%s is lost: %s", name, body)
		}
	}
}
