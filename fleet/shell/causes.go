package shell

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
)

// The causes for which a shell does not come up, for errors.Is. The errors themselves carry a remedy.
var (
	ErrNotShell     = errors.New("the host did not start a shell")
	ErrSudoMissing  = errors.New("sudo is not installed and the login is not root")
	ErrSudoDenied   = errors.New("sudo does not let this login become root")
	ErrSudoTTY      = errors.New("sudo insists on a terminal (requiretty)")
	ErrSudoPassword = errors.New("sudo wants a password")
	ErrSudoWrong    = errors.New("sudo refused the password")
	ErrSudoBroken   = errors.New("sudo does not work on this host")
)

func wantsPassword(cause error) error {
	err := ErrSudoPassword
	if fault.Remedy(cause) != "" {
		return cause
	}
	if cause != nil {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return fault.Refuse(err, "Run monctl on a terminal to be asked for it, or allow the login to use sudo without password.")
}

func wrongPassword() error {
	return fault.With(ErrSudoWrong, "Run again with the right password. It was tried once only, so that the account is not locked.")
}

// notShell shows the first bytes of what came instead of the greeting.
func notShell(said []byte) error {
	said = bytes.TrimSpace(said)
	err := fmt.Errorf("%w: it printed %q", ErrNotShell, said[:min(len(said), 120)])
	if len(said) == 0 {
		err = fmt.Errorf("%w: it printed nothing", ErrNotShell)
	}
	return fault.With(err, "Check that the login shell of this account runs commands: ssh HOST true. "+
		"Accounts with nologin, a forced command or a menu cannot be used.")
}

// sudoSays maps what sudo (and sudo-rs) prints in the C locale to a cause and its remedy. The first match wins.
var sudoSays = []struct {
	text   string
	cause  error
	remedy string
}{
	{"must have a tty", ErrSudoTTY, "Add to /etc/sudoers (with visudo): Defaults:LOGIN !requiretty"},
	{"incorrect password", ErrSudoWrong, "Run again with the right password."},
	{"Authentication failed", ErrSudoWrong, "Run again with the right password."},
	{"account is locked", ErrSudoWrong, "Unlock the account, or wait, then run again with the right password."},
	{"not in the sudoers", ErrSudoDenied, "Add the login to the group sudo or wheel, or log in as root."},
	{"may not run sudo", ErrSudoDenied, "Add the login to the group sudo or wheel, or log in as root."},
	{"is not allowed to", ErrSudoDenied, "Allow the login to run sh as root in /etc/sudoers, or log in as root."},
	{"I'm afraid I can't do that", ErrSudoDenied, "Add the login to the group sudo or wheel, or log in as root."},
	{"a terminal is required", ErrSudoTTY, "Allow the login to use sudo without password, or remove requiretty from /etc/sudoers."},
	{"a password is required", ErrSudoPassword, "Run monctl on a terminal to be asked for it, or allow sudo without password."},
	{"no new privileges", ErrSudoBroken, "sshd or its container forbids privilege changes (NoNewPrivileges); log in as root."},
	{"setuid root", ErrSudoBroken, "Repair the owner and mode of sudo on the host: chown root: and chmod 4755."},
	{"sudo: ", ErrSudoBroken, "Try it by hand: ssh -t HOST sudo sh -c true"},
}

// diagnose turns a shell that did not come up into a cause, from what the host printed on its two streams.
func diagnose(cause error, stdout, stderr []byte) error {
	if strings.Contains(string(stderr), noSudo) {
		return fault.With(ErrSudoMissing, "Install sudo on the host, or log in as root (user: root in the inventory).")
	}
	for _, s := range sudoSays {
		if strings.Contains(string(stderr), s.text) {
			return fault.With(fmt.Errorf("%w (host said: %s)", s.cause, lineWith(clean(stderr), s.text)), "%s", s.remedy)
		}
	}
	if errors.Is(cause, ErrNotShell) || cause != ErrEnded && len(stdout) == 0 { // a lost link, or said already
		return withTail(cause, clean(stderr))
	}
	return withTail(notShell(stdout), clean(stderr))
}

// clean takes our own marks out of what the host said.
func clean(stderr []byte) []byte {
	for _, mark := range []string{prompt, greeting} {
		stderr = bytes.ReplaceAll(stderr, []byte(mark), nil)
	}
	return stderr
}

// lineWith is the line that holds a text, cut to what fits into a message.
func lineWith(stderr []byte, text string) string {
	const most = 100
	for line := range strings.Lines(string(stderr)) {
		if strings.Contains(line, text) {
			if line = strings.TrimSpace(line); len(line) > most {
				line = strings.ToValidUTF8(line[:most], "") + "…"
			}
			return line
		}
	}
	return text
}
