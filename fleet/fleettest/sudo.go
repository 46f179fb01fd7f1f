package fleettest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Sudo says how the stand-in for sudo behaves. The stand-in is a script, first in PATH, that speaks as sudo 1.9 does and
// then runs the command as the user it is; a stand-in for id says that the login is not root.
type Sudo string

// The ways a host treats a login that is not root.
const (
	SudoFree     Sudo = "free"     // without password
	SudoPassword Sudo = "password" // wants SudoSecret
	SudoDenied   Sudo = "denied"   // asks, then: not in the sudoers file
	SudoTTY      Sudo = "tty"      // requiretty
)

// SudoSecret is the password that the stand-in for sudo takes.
const SudoSecret = "correct horse"

const standIn = `#!/bin/sh
# stand-in for sudo in tests: MODE is replaced
mode=MODE
interactive=1 prompt='[sudo] password for tester: '
while [ $# -gt 0 ]; do
	case $1 in
	-n) interactive=0 ;;
	-S) ;;
	-p) prompt=$2; shift ;;
	--) shift; break ;;
	*) break ;;
	esac
	shift
done
case $mode in
free) exec "$@" ;;
tty) echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1 ;;
esac
[ $interactive = 1 ] || { echo 'sudo: a password is required' >&2; exit 1; }
for try in 1 2 3; do
	printf %s "$prompt" >&2
	read -r answer || { echo >&2; echo 'sudo: no password was provided' >&2; echo 'sudo: a password is required' >&2; exit 1; }
	echo "$try" >>"${0%/*}/tries"
	if [ "$answer" = 'SECRET' ]; then
		[ $mode = password ] && exec "$@"
		echo 'tester is not in the sudoers file.' >&2; exit 1
	fi
	echo 'Sorry, try again.' >&2
done
echo 'sudo: 3 incorrect password attempts' >&2
exit 1
`

// StandInSudo writes the stand-ins into a folder, which is to come first in PATH. The file tries in it gets a line for each
// password tried.
func StandInSudo(t testing.TB, mode Sudo) string {
	t.Helper()
	dir := t.TempDir()
	id := "#!/bin/sh\n[ \"$*\" = -u ] && echo 1000 && exit\nexec /usr/bin/id \"$@\"\n"
	must(t, os.WriteFile(filepath.Join(dir, "id"), []byte(id), 0o755))
	text := strings.NewReplacer("MODE", string(mode), "SECRET", SudoSecret).Replace(standIn)
	must(t, os.WriteFile(filepath.Join(dir, "sudo"), []byte(text), 0o755))
	return dir
}
