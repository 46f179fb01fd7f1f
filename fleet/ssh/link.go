package ssh

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// link watches one connection: sshd answers keepalive requests even when the host is busy. Any byte that passes is a sign
// of life too, because behind a large payload on a slow link the answer takes its time.
type link struct {
	client *client
	quit   chan struct{}
	once   sync.Once
	dead   atomic.Bool
	every  time.Duration
	misses int // how many signs of life may fail to come before the link counts as lost
}

// watch starts the watch, which ends with stop.
func watch(c *client, every time.Duration, misses int) *link {
	l := &link{client: c, quit: make(chan struct{}), every: every, misses: misses}
	go l.watch()
	return l
}

func (l *link) watch() {
	tick := time.NewTicker(l.every)
	defer tick.Stop()
	answered := make(chan struct{}, 1)
	asked, misses, passed := false, 0, int64(0)
	for {
		select {
		case <-l.quit:
			return
		case <-answered:
			asked, misses = false, 0
		case <-tick.C:
			if now := l.client.wire.passed.Load(); now != passed {
				passed, misses = now, 0
			} else if asked {
				misses++
			}
			if misses >= l.misses {
				l.dead.Store(true)
				l.client.wire.forget()
				_ = l.client.Close()
				return
			}
			if !asked {
				asked = true
				go l.ping(answered)
			}
		}
	}
}

// ping ends when the host answers or the connection is closed.
func (l *link) ping(answered chan<- struct{}) {
	if _, _, err := l.client.SendRequest("keepalive@openssh.com", true, nil); err == nil {
		answered <- struct{}{}
	}
}

// lost is the error of a link that was given up; nil as long as it was not.
func (l *link) lost() error {
	if l.dead.Load() {
		return fmt.Errorf("%w: no sign of life for %s", ErrLinkLost, time.Duration(l.misses)*l.every)
	}
	return nil
}

func (l *link) stop() { l.once.Do(func() { close(l.quit) }) }
