// Package fault gives an error the two things a person needs besides its cause:
// what kind of failure it is (which decides the exit code) and what to do about it.
// A remedy is attached where the error is born and printed in one place, by cmd/ui.
// The package knows nothing of hosts, files or commands.
package fault

import (
	"errors"
	"fmt"
)

// Kind says which exit code an error leads to.
type Kind int

// The kinds, in rising order of "nothing was attempted".
const (
	Failed  Kind = iota // something was tried and did not work (exit 1)
	Usage               // a flag, an argument or the inventory is wrong (exit 2)
	Refused             // monctl declined to act: locked, unconfirmed or unsafe (exit 5)
)

// Error is a cause with a kind and a remedy.
type Error struct {
	Cause  error
	Kind   Kind
	Remedy string // one or more complete sentences or commands; may be empty
}

// Error returns the cause alone: the remedy is for the one place that prints errors.
func (e *Error) Error() string { return e.Cause.Error() }

// Unwrap gives errors.Is and errors.As access to the cause.
func (e *Error) Unwrap() error { return e.Cause }

// With attaches a remedy to a failure. A nil error stays nil.
func With(err error, remedy string, args ...any) error {
	return wrap(Failed, err, remedy, args)
}

// Misuse marks an error of the command line or the inventory.
func Misuse(err error, remedy string, args ...any) error {
	return wrap(Usage, err, remedy, args)
}

// Refuse marks an action that monctl declined to take.
func Refuse(err error, remedy string, args ...any) error {
	return wrap(Refused, err, remedy, args)
}

func wrap(kind Kind, err error, remedy string, args []any) error {
	if err == nil {
		return nil
	}
	if len(args) > 0 {
		remedy = fmt.Sprintf(remedy, args...)
	}
	return &Error{Cause: err, Kind: kind, Remedy: remedy}
}

// KindOf returns the kind of the outermost Error in the chain of err; Failed when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Failed
}

// Remedy returns the innermost remedy in the chain of err, the one closest to the cause; "" when there is none.
func Remedy(err error) string {
	remedy := ""
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			break
		}
		if e.Remedy != "" {
			remedy = e.Remedy
		}
		err = e.Cause
	}
	return remedy
}
