package ssh

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	xssh "golang.org/x/crypto/ssh"
)

// key is one way to log in with a public key.
type key struct {
	xssh.Signer
	name string // file or agent comment, for messages
}

func (k key) same(other key) bool { return sameKey(k.PublicKey(), other.PublicKey()) }

func sameKey(a, b xssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// distinct drops keys that came before.
func distinct(keys []key) []key {
	var out []key
	for _, k := range keys {
		if !slices.ContainsFunc(out, k.same) {
			out = append(out, k)
		}
	}
	return out
}

// keyFiles remembers key files, so that a passphrase is asked once for all hosts.
type keyFiles struct {
	mu    sync.Mutex
	files map[string]loaded
}

type loaded struct {
	keys []key
	err  error
}

// load reads a private key file and, beside it, its certificate (NAME-cert.pub).
func (f *keyFiles) load(path string, a *Auth) ([]key, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if l, ok := f.files[path]; ok {
		return l.keys, l.err
	}
	if f.files == nil {
		f.files = map[string]loaded{}
	}
	keys, err := loadKey(path, a)
	f.files[path] = loaded{keys, err}
	return keys, err
}

func loadKey(path string, a *Auth) ([]key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	signer, err := xssh.ParsePrivateKey(text)
	var locked *xssh.PassphraseMissingError
	if errors.As(err, &locked) {
		signer, err = newLockedKey(path, text, locked.PublicKey, a)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	keys := []key{{signer, path}}
	if cert := certificate(path + "-cert.pub"); cert != nil {
		if s, err := xssh.NewCertSigner(cert, signer); err == nil {
			keys = append([]key{{s, path + "-cert.pub"}}, keys...)
		}
	}
	return keys, nil
}

func certificate(path string) *xssh.Certificate {
	cert, _ := readPublic(path).(*xssh.Certificate)
	return cert
}

// publicHalf is the public key in a file or in the .pub beside it; nil when there is none.
func publicHalf(path string) xssh.PublicKey {
	if public := readPublic(path); public != nil {
		return public
	}
	return readPublic(path + ".pub")
}

func readPublic(path string) xssh.PublicKey {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	public, _, _, _, err := xssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil
	}
	return public
}

// lockedKey is a private key with a passphrase. It is unlocked when a server has accepted its public half, not before:
// nobody is asked for a passphrase that is not needed.
type lockedKey struct {
	path   string
	text   []byte
	public xssh.PublicKey
	auth   *Auth

	mu       sync.Mutex
	unlocked xssh.AlgorithmSigner
	refused  error // nobody is asked twice
}

func newLockedKey(path string, text []byte, public xssh.PublicKey, a *Auth) (xssh.Signer, error) {
	if public == nil { // old PEM formats keep it inside; the .pub file has it
		if public = readPublic(path + ".pub"); public == nil {
			return nil, fmt.Errorf("it has a passphrase, and %s.pub is missing", path)
		}
	}
	return &lockedKey{path: path, text: text, public: public, auth: a}, nil
}

func (k *lockedKey) PublicKey() xssh.PublicKey { return k.public }

func (k *lockedKey) Sign(rand io.Reader, data []byte) (*xssh.Signature, error) {
	return k.SignWithAlgorithm(rand, data, "")
}

// SignWithAlgorithm implements xssh.AlgorithmSigner, which RSA needs.
func (k *lockedKey) SignWithAlgorithm(rand io.Reader, data []byte, algorithm string) (*xssh.Signature, error) {
	s, err := k.unlock()
	if err != nil {
		return nil, err
	}
	return s.SignWithAlgorithm(rand, data, algorithm)
}

// unlock asks for the passphrase, up to three times for all hosts together.
func (k *lockedKey) unlock() (xssh.AlgorithmSigner, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for try := 0; try < 3 && k.unlocked == nil && k.refused == nil; try++ {
		// The key is shared by all hosts, so that it takes the context of none: a host that waits has its connection closed.
		passphrase, err := k.auth.ask(context.Background(), fmt.Sprintf("passphrase of %s: ", k.path))
		if err != nil {
			k.refused = fmt.Errorf("unlock %s: %w", k.path, err)
			break
		}
		signer, err := xssh.ParsePrivateKeyWithPassphrase(k.text, []byte(passphrase))
		switch s, ok := signer.(xssh.AlgorithmSigner); {
		case ok:
			k.unlocked = s
		case err == nil:
			k.refused = fmt.Errorf("unlock %s: unsupported key type %s", k.path, k.public.Type())
		case try == 2 || !errors.Is(err, x509.IncorrectPasswordError):
			k.refused = fmt.Errorf("unlock %s: %w", k.path, err)
		}
	}
	return k.unlocked, k.refused
}
