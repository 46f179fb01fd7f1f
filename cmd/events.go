package cmd

import (
	"sync/atomic"

	"github.com/monctl/monctl/installer"
)

// events passes the installer's events to whoever shows them in the current phase.
type events struct {
	listener atomic.Pointer[func(installer.Event)]
}

func (e *events) report(event installer.Event) {
	if to := e.listener.Load(); to != nil {
		(*to)(event)
	}
}

// listen sets the listener and returns what removes it.
func (e *events) listen(to func(installer.Event)) func() {
	e.listener.Store(&to)
	return func() { e.listener.Store(nil) }
}
