package ssh

import (
	"fmt"
	"net"
	"sync"

	"golang.org/x/crypto/ssh/agent"
)

// agents are the agents of a run by their socket. Usually there is one, and it is listed once.
type agents struct {
	mu       sync.Mutex
	bySocket map[string]*held
}

// held is what an agent holds.
type held struct {
	keys []key
	err  error
}

func (a *agents) list(socket string) ([]key, error) {
	if socket == "" {
		return nil, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	h := a.bySocket[socket]
	if h == nil {
		if a.bySocket == nil {
			a.bySocket = map[string]*held{}
		}
		h = &held{}
		h.keys, h.err = listAgent(socket)
		a.bySocket[socket] = h
	}
	return h.keys, h.err
}

// listAgent leaves the connection open for the rest of the process: signing needs it.
func listAgent(socket string) ([]key, error) {
	conn, err := net.Dial("unix", socket) //nolint:noctx // a local socket answers at once, and the connection outlives the call
	if err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	client := agent.NewClient(conn)
	listed, err := client.List()
	if err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	comments := map[string]string{}
	for _, k := range listed {
		comments[string(k.Blob)] = k.Comment
	}
	signers, err := client.Signers()
	if err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	var keys []key
	for _, s := range signers {
		keys = append(keys, key{s, "agent key " + comments[string(s.PublicKey().Marshal())]})
	}
	return keys, nil
}
