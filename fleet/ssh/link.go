package ssh

import (
	"fmt"
	"sync/atomic"
	"time"
)

// maxMisses is how many signs of life may fail to come before the link counts as lost.
const maxMisses = 3

// link watches one connection: sshd answers keepalive requests even when the host is busy.
type link struct {
	quit chan struct{}
	dead atomic.Pointer[error]
	once atomic.Bool
}

// watch starts the watch, which ends with stop or with the connection.
func watch(c *client, every time.Duration) *link {
	l := &link{quit: make(chan struct{})}
	go l.watch(c, every)
	return l
}

func (l *link) watch(c *client, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	answers := make(chan struct{}, 1)
	asked, misses := false, 0
	for {
		select {
		case <-l.quit:
			return
		case <-answers:
			asked, misses = false, 0
		case <-tick.C:
			if asked {
				misses++
			}
			if misses >= maxMisses {
				err := fmt.Errorf("%w: no sign of life for %s", ErrLinkLost, maxMisses*every)
				l.dead.Store(&err)
				_ = c.Close()
				return
			}
			if !asked {
				asked = true
				go ping(c, answers)
			}
		}
	}
}

// ping ends when the host answers or the connection is closed.
func ping(c *client, answers chan<- struct{}) {
	if _, _, err := c.SendRequest("keepalive@openssh.com", true, nil); err == nil {
		answers <- struct{}{}
	}
}

// lost says why the connection ended, if it was not closed by us.
func (l *link) lost() error {
	if err := l.dead.Load(); err != nil {
		return *err
	}
	return nil
}

func (l *link) stop() {
	if l.once.CompareAndSwap(false, true) {
		close(l.quit)
	}
}
