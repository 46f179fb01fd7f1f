package ssh

import (
	"context"
	"errors"
	"sync"
)

// Prompter asks a person. A nil Prompter means that nobody is there; its methods may also return an error that says so.
type Prompter interface {
	// Secret asks for a password or passphrase without echo.
	Secret(ctx context.Context, question string) (string, error)
	// Confirm asks a yes-no question; anything but a clear yes is no.
	Confirm(ctx context.Context, question string) (bool, error)
}

var errNobody = errors.New("there is no terminal to ask on")

// Auth is what all hosts of a run share: whom to ask, the agents, keys once unlocked and passwords once given, so that
// nothing is asked twice and questions come one at a time. It is safe for use by several goroutines.
type Auth struct {
	prompter Prompter
	asking   sync.Mutex // held while a person is asked

	trusting  sync.Mutex // held while it is decided about a host key
	mu        sync.Mutex
	passwords map[string]*password // by what they are for

	agents  agents
	keys    keyFiles
	known   knownHosts
	configs configs
}

// NewAuth returns an Auth that asks through p, or refuses when p is nil.
func NewAuth(p Prompter) *Auth { return &Auth{prompter: p, passwords: map[string]*password{}} }

// ask asks for a secret.
func (a *Auth) ask(ctx context.Context, question string) (string, error) {
	if a.prompter == nil {
		return "", errNobody
	}
	a.asking.Lock()
	defer a.asking.Unlock()
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return a.prompter.Secret(ctx, question)
}

// confirm asks for a yes.
func (a *Auth) confirm(ctx context.Context, question string) (bool, error) {
	if a.prompter == nil {
		return false, errNobody
	}
	a.asking.Lock()
	defer a.asking.Unlock()
	if err := ctx.Err(); err != nil {
		return false, err
	}
	return a.prompter.Confirm(ctx, question)
}

// password returns the one for a purpose, such as "sudo deploy".
func (a *Auth) password(purpose string) *password {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.passwords[purpose]
	if p == nil {
		p = &password{turn: make(chan struct{}, 1)}
		a.passwords[purpose] = p
	}
	return p
}

// password is one that many hosts take. The first host to use it tries it alone while the others wait: a mistyped one
// must not fail everywhere at once and have the account locked.
type password struct {
	turn     chan struct{} // holds a token while one host tries
	text     string
	given    bool
	verified bool
	refused  error // why it is not to be tried again
}

// trial is the use of a password by one host, which must end with judge.
type trial struct {
	*password
	alone bool // the others wait for the verdict
}

// take waits for its turn and returns the password, asked for if need be.
func (p *password) take(ctx context.Context, a *Auth, question string) (string, *trial, error) {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
	if p.refused != nil || p.verified {
		defer func() { <-p.turn }()
		return p.text, &trial{password: p}, p.refused
	}
	if !p.given {
		text, err := a.ask(ctx, question)
		if err != nil {
			<-p.turn
			return "", nil, err
		}
		p.text, p.given = text, true
	}
	return p.text, &trial{p, true}, nil
}

// verdict is what a host made of a password.
type verdict int

const (
	unknown  verdict = iota // it did not come to that
	accepted                // others may use it at once
	mistaken                // a person is asked again
	hopeless                // no host is to try it again
)

// judge ends a trial. It is safe on nil and to call twice.
func (t *trial) judge(v verdict, err error) {
	if t == nil || !t.alone {
		return
	}
	t.alone = false
	switch v {
	case accepted:
		t.verified = true
	case mistaken:
		t.given = false
	case hopeless:
		t.refused = err
	}
	<-t.turn
}
