package fleettest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// RealSecret is the password of the login of RealSudo.
const RealSecret = "monctl test"

// realHash is RealSecret as SHA-512 crypt, for /etc/shadow.
const realHash = "$6$monctltest$KDOdHHe17SLeAnyaejUdo.yYIDcUmom3bq4Fm8YInwtIl5tFMbyeCY9UddKWnEo8V4A8C8qTOTUYMfoQYjO3p1"

// realSudo runs its later arguments as nobody, with the sudoers and shadow files given: bound over the real ones in a mount
// namespace of its own, so that the machine of the test is not touched.
const realSudo = `set -e
mount --bind "$1" /etc/sudoers
mount --bind "$2" /etc/shadow
shift 2
exec setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"`

// RealSudo returns words to put before a command, which is then run as the login nobody on a host whose sudo is the real
// one, with this sudoers text. It skips the test where that cannot be had.
func RealSudo(t testing.TB, sudoers string) []string {
	t.Helper()
	privateMounts(t)
	for _, program := range []string{"sudo", "setpriv"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	shadow, err := os.ReadFile("/etc/shadow")
	must(t, err)
	var lines []string
	for line := range strings.Lines(string(shadow)) {
		if !strings.HasPrefix(line, "nobody:") {
			lines = append(lines, line)
		}
	}
	lines = append(lines, "nobody:"+realHash+":19000:0:99999:7:::\n")
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "sudoers"), []byte(sudoers+"\n"), 0o440))
	must(t, os.WriteFile(filepath.Join(dir, "shadow"), []byte(strings.Join(lines, "")), 0o600))
	return []string{"unshare", "--mount", "--propagation", "private", "sh", "-c", realSudo, "sh", filepath.Join(dir, "sudoers"), filepath.Join(dir, "shadow")}
}

// NoSudo is RealSudo on a host where sudo is not installed.
func NoSudo(t testing.TB) []string {
	t.Helper()
	privateMounts(t)
	script := `for f in /usr/bin/sudo /usr/local/bin/sudo /bin/sudo; do if [ -e "$f" ]; then mount --bind /dev/null "$f"; fi; done
exec setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"`
	return []string{"unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"}
}

func privateMounts(t testing.TB) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, for a mount namespace")
	}
	if out, err := exec.Command("unshare", "--mount", "--propagation", "private", "mount", "--bind", "/dev/null", "/dev/null").CombinedOutput(); err != nil {
		t.Skipf("no private mounts here: %v: %s", err, out)
	}
}
