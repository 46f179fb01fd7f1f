package hosts

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/monctl/monctl/lab/lock"
)

// Down removes a lab by its name. That there is none is no error. The cache
// may be empty for the default one.
func Down(ctx context.Context, cache, name string) error {
	cache, err := Cache(cache)
	if err != nil {
		return err
	}
	if !validName.MatchString(name) {
		return fmt.Errorf("lab: name %q: want lower case letters, digits and dashes", name)
	}
	release, err := hold(ctx, cache, name)
	if err != nil {
		return fmt.Errorf("lab %s: down: %w", name, err)
	}
	defer release()
	l, err := Open(cache, name)
	if errors.Is(err, ErrNoLab) {
		return nil
	}
	if err != nil {
		return err
	}
	return l.remove(ctx)
}

// Down ends all hosts and removes everything the lab made but the cached roots.
// It may be called again after an error; it then goes on where it was stopped.
func (l *Lab) Down(ctx context.Context) error {
	release, err := lock.Acquire(ctx, l.dir+".lock")
	if err != nil {
		return fmt.Errorf("lab %s: down: %w", l.Name, err)
	}
	defer release()
	return l.remove(ctx)
}

func (l *Lab) remove(ctx context.Context) error {
	err := each(l.Hosts, func(h *Host) error {
		if err := h.remove(ctx); err != nil {
			return fmt.Errorf("lab %s: %s: down: %w", l.Name, h.Name, err)
		}
		return nil
	})
	if err != nil {
		return err // the state stays, so that it can be tried again
	}
	if err := l.endServers(); err != nil {
		return fmt.Errorf("lab %s: down: %w", l.Name, err)
	}
	if err := l.closeBridge(ctx); err != nil {
		return fmt.Errorf("lab %s: down: %w", l.Name, err)
	}
	if err := os.RemoveAll(l.dir); err != nil {
		return fmt.Errorf("lab %s: down: %w", l.Name, err)
	}
	return nil
}

// remove undoes start in the opposite order. Steps already undone are no error.
func (h *Host) remove(ctx context.Context) error {
	if err := h.halt(ctx); err != nil {
		return err
	}
	if err := h.disconnect(ctx); err != nil {
		return err
	}
	if err := h.unmount(ctx); err != nil {
		return err
	}
	return os.RemoveAll(h.dir())
}
