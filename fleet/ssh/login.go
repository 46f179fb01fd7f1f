package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
	xssh "golang.org/x/crypto/ssh"
)

// login is one attempt to log in: it checks the key of the server and then tries what there is, keys first.
type login struct {
	ctx    context.Context
	target target
	o      Options
	clock  *wire
	began  bool
	keys   []key
	tried  []string // what was tried, for the error
	notes  []string // why something could not be tried
	asked  int      // passwords given
	trial  *trial   // of a shared password
}

// next is an xssh.ClientAuthCallback: the method to try, given what the server accepts.
func (l *login) next(c *xssh.ClientAuthContext) (xssh.AuthMethod, error) {
	if l.clock.failed.Load() {
		return nil, ErrLinkLost // it was no verdict on what was tried last
	}
	l.judge(mistaken)
	if !l.began {
		l.began, l.keys = true, l.candidates()
	}
	if slices.Contains(c.AllowedMethods, "publickey") && len(l.keys) > 0 {
		k := l.keys[0]
		l.keys = l.keys[1:]
		l.tried = append(l.tried, fmt.Sprintf("%s (%s)", k.name, xssh.FingerprintSHA256(k.PublicKey())))
		l.o.Logf("%s: try key %s", l.target.login(), k.name)
		return xssh.PublicKeys(&clocked{k.Signer, l.clock}), nil
	}
	if l.asked < maxPasswords && l.o.Auth.prompter != nil {
		switch {
		case slices.Contains(c.AllowedMethods, "password"):
			return xssh.PasswordCallback(l.password), nil
		case slices.Contains(c.AllowedMethods, "keyboard-interactive"):
			return xssh.KeyboardInteractive(l.challenge), nil
		}
	}
	return nil, l.refused(c.AllowedMethods)
}

// maxPasswords is how many passwords are given to one host: the one that other hosts took, and one asked for it alone.
const maxPasswords = 2

// password is the one that hosts share, and after they disagree one asked for this host alone.
func (l *login) password() (string, error) {
	l.asked++
	l.tried = append(l.tried, "password")
	l.clock.pause()
	defer l.clock.resume()
	shared := l.o.Auth.password("login " + l.target.user)
	if l.asked > 1 && l.trial == nil {
		return l.noted(l.o.Auth.ask(l.ctx, fmt.Sprintf("password of %s (the one given is refused there): ", l.target.login())))
	}
	text, trial, err := shared.take(l.ctx, l.o.Auth, fmt.Sprintf("password of %s (used on every host that asks for it): ", l.target.login()))
	l.trial = trial
	return l.noted(text, err)
}

func (l *login) noted(answer string, err error) (string, error) {
	if err != nil {
		l.notes = append(l.notes, err.Error())
	}
	return answer, err
}

// judge ends the trial of a shared password. When it was a mistake, the next attempt asks for a better one; when
// another host takes it, this host is a case of its own.
func (l *login) judge(v verdict) {
	if l.trial != nil && !l.trial.alone {
		l.trial = nil
	}
	l.trial.judge(v, nil)
}

// challenge answers keyboard-interactive questions: a lone hidden question is the password, others are shown.
func (l *login) challenge(_, instruction string, questions []string, echos []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i, q := range questions {
		var err error
		if len(questions) == 1 && !echos[0] && strings.Contains(strings.ToLower(q), "password") {
			answers[i], err = l.password()
		} else {
			answers[i], err = l.question(instruction, q)
		}
		if err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// question passes on what the host asks, such as a one-time code: asked anew for each host.
func (l *login) question(instruction, q string) (string, error) {
	l.asked++
	l.tried = append(l.tried, "keyboard-interactive")
	l.clock.pause()
	defer l.clock.resume()
	return l.o.Auth.ask(l.ctx, strings.TrimSpace(fmt.Sprintf("%s: %s %s", l.target.login(), instruction, q))+" ")
}

// candidates are the keys in the order of trying: those named, whether their private half is in the agent or in the
// file, then the rest of the agent unless IdentitiesOnly, as ssh does.
func (l *login) candidates() []key {
	held, err := l.o.Auth.agents.list(l.target.agent)
	if err != nil {
		l.notes = append(l.notes, err.Error())
	}
	var named []key
	for _, path := range l.target.keys {
		named = append(named, l.fromFile(path, held)...)
	}
	if !l.target.onlyKeys {
		named = append(named, held...)
	}
	return distinct(named)
}

func (l *login) fromFile(path string, held []key) []key {
	keys, err := l.o.Auth.keys.load(path, l.o.Auth)
	if err == nil {
		for i, k := range keys {
			if j := slices.IndexFunc(held, k.same); j >= 0 {
				keys = slices.Clone(keys)
				keys[i] = held[j]
			}
		}
		return keys
	}
	// The file may hold the public half alone, or its .pub may: the agent has the other.
	if public := publicHalf(path); public != nil {
		if j := slices.IndexFunc(held, func(h key) bool { return sameKey(h.PublicKey(), public) }); j >= 0 {
			return held[j : j+1]
		}
	}
	if !errors.Is(err, fs.ErrNotExist) || l.target.keysGiven {
		l.notes = append(l.notes, err.Error())
	}
	return nil
}

// refused is the error of a login for which nothing is left to try.
func (l *login) refused(accepted []string) error {
	tried := "nothing was left to try"
	if len(l.tried) > 0 {
		tried = "tried " + strings.Join(l.tried, ", ")
	}
	if slices.Contains(accepted, "password") && l.o.Auth.prompter == nil {
		l.notes = append(l.notes, "no password: "+errNobody.Error())
	}
	if len(l.notes) > 0 {
		tried += "; " + strings.Join(l.notes, "; ")
	}
	err := fmt.Errorf("log in as %s: %w (host accepts %s): %s", l.target.user, ErrAuth, strings.Join(accepted, ", "), tried)
	return fault.With(err, "Check the user and name a key that the host accepts (key: in the inventory, --key, ssh-add), "+
		"or install yours there: ssh-copy-id -p %s %s", l.target.port, l.target.login())
}

// clocked stops the clock of the handshake while a key signs: its passphrase may have to be asked for.
type clocked struct {
	xssh.Signer
	clock *wire
}

func (c *clocked) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*xssh.Signature, error) {
	c.clock.pause()
	defer c.clock.resume()
	if s, ok := c.Signer.(xssh.AlgorithmSigner); ok {
		return s.SignWithAlgorithm(rand, data, algorithm)
	}
	return c.Sign(rand, data)
}
