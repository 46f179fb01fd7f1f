package shell

import (
	_ "embed"
	"strings"

	"github.com/monctl/monctl/fleet"
)

// Bootstrap is what a host is asked to run: a POSIX sh program that says on both streams that it is there, then
// reads the real program from its standard input. It is one line without backslash, quote or exclamation mark, so that
// it survives the quoting rules of any login shell (fish, csh) and of sudo.
const Bootstrap = `for fd in 1 2; do echo >&$fd; echo "` + greeting + `" >&$fd; done; ` +
	`read -r n && eval "$(dd bs="$n" count=1 iflag=fullblock 2>/dev/null)"`

// greeting is the line that Bootstrap prints on both streams.
const greeting = "monctl-shell-1"

// prompt is what sudo prints on standard error when it wants a password. Password-less sudo never prints it, so
// no password is ever left in the stream for the shell to read.
const prompt = "monctl-wants-the-sudo-password"

// noSudo is what elevate prints when the host has no sudo.
const noSudo = "monctl-found-no-sudo"

// elevate runs its first argument with sh as root, through sudo unless it is root already. Bound by the same rules as
// Bootstrap. -S alone does the right thing in one go: sudo asks only when it wants a password.
const elevate = `LC_ALL=C; PATH=$PATH:/usr/local/bin:/usr/bin:/bin; export LC_ALL PATH; ` +
	`test "$(id -u)" = 0 && exec sh -c "$1"; ` +
	`command -v sudo >/dev/null || { echo ` + noSudo + ` >&2; exit 127; }; ` +
	`exec sudo -S -p ` + prompt + ` -- sh -c "$1"`

// program is the shell proper: it reads scripts, runs them and frames what they print.
//
//go:embed program.sh
var program string

// Command returns the command line that starts the shell, for any login shell to run.
func Command(sudo fleet.Sudo) string { return "exec " + fleet.QuoteAll(Argv(sudo)...) }

// Argv returns the words of Command, for a host where no login shell is in between.
func Argv(sudo fleet.Sudo) []string {
	if sudo == fleet.SudoNever {
		return []string{"sh", "-c", Bootstrap}
	}
	return []string{"sh", "-c", elevate, "monctl", Bootstrap}
}

// hello is the first input of a shell that has greeted: the length of the program, then the program.
func hello() []byte {
	text := strings.TrimSpace(program)
	return []byte(header(len(text)) + text)
}
