package hosts

import (
	"errors"

	"github.com/monctl/monctl/lab/proc"
)

// Adopt enters a process into the lab's state, so that it ends with the lab. A
// name stands for one process; an earlier one must have ended.
func (l *Lab) Adopt(name string, id proc.ID) error {
	l.mu.Lock()
	if l.Servers == nil {
		l.Servers = map[string]proc.ID{}
	}
	l.Servers[name] = id
	l.mu.Unlock()
	return l.save()
}

// Serving tells whether the process adopted under the name still runs.
func (l *Lab) Serving(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Servers[name].Alive()
}

func (l *Lab) endServers() error {
	var all error
	for _, id := range l.Servers {
		all = errors.Join(all, id.Kill(haltTimeout))
	}
	return all
}
