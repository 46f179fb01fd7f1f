package runtime

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// asNobody starts a monitor as an ordinary user, and gives what it says when it cannot be one.
func asNobody(t *testing.T, data, listen string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("becoming another user needs root")
	}
	const nobody = 65534
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe") // the path of this program may be closed to others
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), asProcess+"="+data, asProcess+"_LISTEN="+listen)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("it served: %s", out)
	}
	return string(out)
}

// open makes folders of a test passable for everybody.
func open(t *testing.T, dir string) {
	t.Helper()
	for at := dir; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFoldersOfOthers(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	make := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	make("closed/data", 0o777)
	closed := make("closed", 0o700)
	mine := make("mine", 0o755)
	unreadable := make("unreadable", 0o733)
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	readonly := make("readonly", 0o777)
	if err := unix.Mount("tmpfs", readonly, "tmpfs", unix.MS_RDONLY, "size=1m,mode=777"); err == nil {
		t.Cleanup(func() { _ = unix.Unmount(readonly, unix.MNT_DETACH) })
		if said := asNobody(t, readonly, ""); !strings.Contains(said, readonly+" is on a file system that is mounted read-only") {
			t.Errorf("read-only: %s", said)
		}
	}
	for data, want := range map[string]string{
		filepath.Join(closed, "data"):      "user nobody may not enter " + closed + ", which is root's, mode 0700",
		filepath.Join(mine, "new"):         "user nobody may not write to " + mine + ", which is root's, mode 0755",
		unreadable:                         "user nobody may not read " + unreadable + ", which is root's, mode 0733",
		filepath.Join(dir, "file", "data"): filepath.Join(dir, "file") + " is a file, not a folder",
		filepath.Join(dir, "link"):         filepath.Join(dir, "link") + " is a link to nothing",
	} {
		if said := asNobody(t, data, ""); !strings.Contains(said, "data folder "+data+": "+want+"\n") {
			t.Errorf("%s: %s", data, said)
		}
	}
}

// The files of a Prometheus that ran as another user.
func TestDataOfOthers(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	_, stop := started(t, Options{Data: data, ConfigFile: file(t, "p.yml", "global: {}\n")})
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	open(t, data)
	if err := os.Chmod(data, 0o777); err != nil {
		t.Fatal(err)
	}
	if said := asNobody(t, data, ""); !strings.Contains(said, data+": open: ") || !strings.Contains(said, "permission denied") {
		t.Errorf("said: %s", said)
	}
}

func TestAddressesOfOthers(t *testing.T) {
	m, _ := process(t, filepath.Join(t.TempDir(), "data"))
	data := t.TempDir()
	open(t, data)
	if err := os.Chmod(data, 0o777); err != nil {
		t.Fatal(err)
	}
	for listen, want := range map[string]string{
		m.web.external.Host: "taken by a process of user root",
		"127.0.0.1:81":      "not permitted to user nobody: ports below 1024 are root's",
		"192.0.2.1:9090":    "listen on 192.0.2.1:9090: this machine does not have that address",
	} {
		if said := asNobody(t, data, listen); !strings.Contains(said, want) {
			t.Errorf("%s: %s", listen, said)
		}
	}
}
