package ssh

import (
	"context"
	"errors"
	"fmt"
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

// Auth is what all hosts of a run share: whom to ask, the agent, keys once unlocked and passwords once given, so that
// nothing is asked twice and questions come one at a time. It is safe for use by several goroutines.
type Auth struct {
	prompter Prompter
	asking   sync.Mutex // held while a person is asked, and for answers

	answers map[string]string // by question
	agents  agents
	keys    keyFiles
	known   knownHosts
	configs configs
}

// NewAuth returns an Auth that asks through p, or refuses when p is nil.
func NewAuth(p Prompter) *Auth { return &Auth{prompter: p, answers: map[string]string{}} }

// secret asks once for each distinct key and remembers the answer.
func (a *Auth) secret(ctx context.Context, key, question string) (string, error) {
	a.asking.Lock()
	defer a.asking.Unlock()
	if answer, ok := a.answers[key]; ok {
		return answer, nil
	}
	if a.prompter == nil {
		return "", errNobody
	}
	answer, err := a.prompter.Secret(ctx, question)
	if err != nil {
		return "", fmt.Errorf("ask: %w", err)
	}
	a.answers[key] = answer
	return answer, nil
}

// sudoPassword is asked once for each login name: a fleet usually shares it.
func (a *Auth) sudoPassword(ctx context.Context, t target) (string, error) {
	return a.secret(ctx, "sudo "+t.user, fmt.Sprintf("sudo password for %s (used on every host of this run that asks for it): ", t.user))
}

// ask asks every time.
func (a *Auth) ask(ctx context.Context, question string) (string, error) {
	a.asking.Lock()
	defer a.asking.Unlock()
	if a.prompter == nil {
		return "", errNobody
	}
	return a.prompter.Secret(ctx, question)
}

func (a *Auth) confirm(ctx context.Context, question string) (bool, error) {
	a.asking.Lock()
	defer a.asking.Unlock()
	if a.prompter == nil {
		return false, errNobody
	}
	return a.prompter.Confirm(ctx, question)
}
