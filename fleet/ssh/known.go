package ssh

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/skeema/knownhosts"
	xssh "golang.org/x/crypto/ssh"
	xknown "golang.org/x/crypto/ssh/knownhosts"
)

// knownHosts keeps the files read, for all hosts of a run.
type knownHosts struct {
	mu  sync.Mutex
	dbs map[string]*knownhosts.HostKeyDB // by joined file names
}

// of reads the files that exist.
func (k *knownHosts) of(files []string) (*knownhosts.HostKeyDB, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := strings.Join(files, "\x00")
	if db, ok := k.dbs[id]; ok {
		return db, nil
	}
	var there []string
	for _, f := range files {
		if _, err := os.Stat(f); !errors.Is(err, fs.ErrNotExist) {
			there = append(there, f)
		}
	}
	db, err := knownhosts.NewDB(there...)
	if err != nil {
		return nil, fault.With(fmt.Errorf("read known_hosts: %w", err), "Correct or remove that line; ssh-keygen -R HOST removes a host.")
	}
	if k.dbs == nil {
		k.dbs = map[string]*knownhosts.HostKeyDB{}
	}
	k.dbs[id] = db
	return db, nil
}

// add appends the key of a host to the file, which is created with its folder if need be, readable by its owner alone.
func (k *knownHosts) add(file, name string, hash bool, key xssh.PublicKey) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dbs = nil
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	name = knownhosts.Normalize(name)
	line := knownhosts.Line([]string{name}, key)
	if hash {
		line = xknown.HashHostname(name) + strings.TrimPrefix(line, name)
	}
	// A last line without a newline must not swallow ours.
	if text, err := os.ReadFile(file); err == nil && len(text) > 0 && text[len(text)-1] != '\n' {
		line = "\n" + line
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line + "\n")
	return errors.Join(err, f.Close())
}

// usualAlgorithms are what a host may prove itself with, best first, when it is not known yet.
var usualAlgorithms = []string{
	xssh.KeyAlgoED25519, xssh.KeyAlgoECDSA256, xssh.KeyAlgoECDSA384, xssh.KeyAlgoECDSA521, xssh.KeyAlgoRSASHA512, xssh.KeyAlgoRSASHA256,
}

// hostKeyAlgorithms puts first what the host is known by, so that a key that is known is the one that is shown. The others
// follow, so that a host whose keys all changed is told from one that speaks another dialect.
func hostKeyAlgorithms(db *knownhosts.HostKeyDB, name string) []string {
	algorithms := slices.DeleteFunc(db.HostKeyAlgorithms(name), func(a string) bool { return a == xssh.KeyAlgoRSA })
	for _, a := range usualAlgorithms {
		if !slices.Contains(algorithms, a) {
			algorithms = append(algorithms, a)
		}
	}
	return algorithms
}

// checkHostKey is the check of a login: it asks about a key that is not known.
func (l *login) checkHostKey(remote net.Addr, key xssh.PublicKey) error {
	err := l.verify(remote, key)
	if errors.Is(err, ErrHostKeyUnknown) {
		l.clock.pause()
		defer l.clock.resume()
		l.o.Auth.trusting.Lock()
		defer l.o.Auth.trusting.Unlock()
		// Another host of this run may have come through the same jump host meanwhile: nobody is asked twice.
		if err = l.verify(remote, key); errors.Is(err, ErrHostKeyUnknown) {
			return l.unknownKey(key, err)
		}
	}
	return err
}

// verify compares the key a host shows with known_hosts.
func (l *login) verify(remote net.Addr, key xssh.PublicKey) error {
	name := l.target.keyName()
	db, err := l.o.Auth.known.of(l.target.knownHosts)
	if err != nil {
		return err
	}
	err = db.HostKeyCallback()(name, remote, key)
	var keys *xknown.KeyError
	var revoked *xknown.RevokedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &revoked):
		err = fmt.Errorf("%w: %s is revoked by %s:%d", ErrHostKeyInvalid, describe(key), revoked.Revoked.Filename, revoked.Revoked.Line)
		return fault.Refuse(err, "Somebody declared this key stolen. Ask who runs the host for its new key.")
	case errors.As(err, &keys) && changed(db, name, keys):
		return keyChanged(name, key, keys.Want)
	case errors.As(err, &keys):
		err = fmt.Errorf("%w: %s shows %s", ErrHostKeyUnknown, knownhosts.Normalize(name), describe(key))
		return fault.Refuse(err, "Compare the fingerprint with the host's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there), "+
			"then accept it: monctl trust %s", l.target.name)
	}
	return fault.Refuse(fmt.Errorf("%w: %w", ErrHostKeyInvalid, err), "Ask who runs the host to renew its certificate.")
}

func describe(key xssh.PublicKey) string { return key.Type() + " " + xssh.FingerprintSHA256(key) }

// changed tells a host with another key than the known one from a host that only an authority vouches for, which showed
// a plain key: nobody ever saw that one.
func changed(db *knownhosts.HostKeyDB, name string, e *xknown.KeyError) bool {
	return len(e.Want) > 0 && slices.ContainsFunc(db.HostKeys(name), func(k knownhosts.PublicKey) bool { return !k.Cert })
}

func keyChanged(name string, got xssh.PublicKey, want []xknown.KnownKey) error {
	var old []string
	for _, w := range want {
		old = append(old, fmt.Sprintf("%s:%d has %s", w.Filename, w.Line, describe(w.Key)))
	}
	err := fmt.Errorf("%w: the host shows %s, %s", ErrHostKeyChanged, describe(got), strings.Join(old, ", "))
	return fault.Refuse(err, "Either the host was set up anew or somebody is in between. Compare the new fingerprint on the host's own console "+
		"(ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub). If it is right: ssh-keygen -R '%s' -f %s, then monctl trust.",
		knownhosts.Normalize(name), want[0].Filename)
}

// unknownKey records the key when told to beforehand or by a person who was asked; otherwise it returns refusal.
func (l *login) unknownKey(key xssh.PublicKey, refusal error) error {
	name, file := l.target.keyName(), l.target.knownHosts[0]
	if !l.o.AcceptNewHostKeys {
		question := fmt.Sprintf("%s shows the key %s, which is not in %s. Is it the right one?", knownhosts.Normalize(name), describe(key), file)
		if ok, err := l.o.Auth.confirm(l.ctx, question); err != nil || !ok {
			return refusal
		}
	}
	l.o.Logf("record %s as the key of %s", describe(key), knownhosts.Normalize(name))
	if err := l.o.Auth.known.add(file, name, l.target.hashKnown, key); err != nil {
		return fault.With(fmt.Errorf("record host key: %w", err), "Make the file writable or name another one with UserKnownHostsFile.")
	}
	return nil
}
