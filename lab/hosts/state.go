package hosts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/monctl/monctl/lab/lock"
	"github.com/monctl/monctl/lab/proc"
)

// Lab is a set of hosts on one bridge, as its state file records it.
type Lab struct {
	Name     string  `json:"name"`
	Subnet   int     `json:"subnet"`   // third byte of 10.231.X.0/24
	Bridge   string  `json:"bridge"`   // this machine's end, with the address Gateway
	Password string  `json:"password"` // of the user pat, whose sudo asks for it
	Hosts    []*Host `json:"hosts"`
	// Servers are processes beside the hosts that end with the lab, by name.
	Servers map[string]proc.ID `json:"servers"`

	dir string // where the state and everything else of the lab is
	mu  sync.Mutex
}

// ErrNoLab means that no lab of that name is recorded.
var ErrNoLab = errors.New("no such lab")

// labDir is the lab's folder in the cache.
func labDir(cache, name string) string { return filepath.Join(cache, "labs", name) }

// Open reads a lab that is up, or was. The cache may be empty for the default one.
func Open(cache, name string) (*Lab, error) {
	cache, err := Cache(cache)
	if err != nil {
		return nil, err
	}
	l := &Lab{dir: labDir(cache, name)}
	text, err := os.ReadFile(l.statePath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("lab %s: open: %w; bring it up first", name, ErrNoLab)
	}
	if err != nil {
		return nil, fmt.Errorf("lab %s: read state: %w", name, err)
	}
	if err := json.Unmarshal(text, l); err != nil {
		return nil, fmt.Errorf("lab %s: read state %s: %w", name, l.statePath(), err)
	}
	for _, h := range l.Hosts {
		h.lab = l
	}
	return l, nil
}

// List names the labs that are recorded in the cache.
func List(cache string) ([]string, error) {
	cache, err := Cache(cache)
	if err != nil {
		return nil, err
	}
	paths, err := filepath.Glob(filepath.Join(labDir(cache, "*"), "state.json"))
	if err != nil {
		return nil, fmt.Errorf("lab: list: %w", err)
	}
	var names []string
	for _, path := range paths {
		names = append(names, filepath.Base(filepath.Dir(path)))
	}
	return names, nil
}

// save writes the state whole or not at all. It is called before and after
// each thing is made, so that a crash leaves nothing unrecorded.
func (l *Lab) save() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return fmt.Errorf("lab %s: save state: %w", l.Name, err)
	}
	half := l.statePath() + ".half"
	if err := os.WriteFile(half, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("lab %s: save state: %w", l.Name, err)
	}
	if err := os.Rename(half, l.statePath()); err != nil {
		return fmt.Errorf("lab %s: save state: %w", l.Name, err)
	}
	return nil
}

// hold keeps other processes from changing the same lab.
func hold(ctx context.Context, cache, name string) (release func(), err error) {
	return lock.Acquire(ctx, labDir(cache, name)+".lock")
}

func (l *Lab) statePath() string { return filepath.Join(l.dir, "state.json") }

// Dir is the lab's folder, open to root only.
func (l *Lab) Dir() string { return l.dir }

// SSHConfig is a file for ssh -F in which each host is known by its name.
func (l *Lab) SSHConfig() string { return filepath.Join(l.dir, "ssh_config") }

// KnownHosts is a file with the hosts' keys by address and by name.
func (l *Lab) KnownHosts() string { return filepath.Join(l.dir, "known_hosts") }

// Key is the private key that root and all users accept.
func (l *Lab) Key() string { return filepath.Join(l.dir, "id_ed25519") }

// Gateway is the address of this machine in the lab's network.
func (l *Lab) Gateway() string { return fmt.Sprintf("10.231.%d.1", l.Subnet) }

// Host finds a host by its name.
func (l *Lab) Host(name string) (*Host, error) {
	for _, h := range l.Hosts {
		if h.Name == name {
			return h, nil
		}
	}
	return nil, fmt.Errorf("lab %s: no host %q", l.Name, name)
}
