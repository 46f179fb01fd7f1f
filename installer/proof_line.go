package installer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/prove"
)

// lines are the log lines that this run wrote, by host.
type lines struct {
	mu     sync.Mutex
	byHost map[string]line
}

type line struct {
	agent desired.Instance
	expr  string // LogQL that finds it
}

func (l *lines) put(host string, one line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byHost == nil {
		l.byHost = map[string]line{}
	}
	l.byHost[host] = one
}

func (l *lines) of(host string) (line, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one, ok := l.byHost[host]
	return one, ok
}

// sendsLogs says whether an instance is a log agent.
func sendsLogs(i desired.Instance) bool {
	return i.Component.Name == "alloy" || i.Component.Name == "promtail"
}

// writeLine writes a line to the journal of a host whose log agent is ready, for Loki to be asked about. An installation
// does so only where it changed the agent: what changes nothing leaves no trace.
func (r *Run) writeLine(ctx context.Context, h *Host, i desired.Instance, found *proofs) {
	if !r.thorough && !touched(h.Plan, i) || len(r.Stack.Of("loki")) == 0 {
		return
	}
	what := "a line of " + h.Name + " is read back from Loki"
	if journal, _ := i.Set["journal"].(bool); !journal {
		found.add(h.Name, Proof{Kind: ProofLine, What: what, Unit: i.Unit(), Note: "cannot tell: its journal is not sent (journal: false), and monctl writes into no other log"})
		return
	}
	word := "monctl-" + randomSecret()[:12]
	ctx, cancel := brief(ctx)
	defer cancel()
	res, err := h.conn.Run(ctx, fleet.Cmd{Script: "echo 'monctl looks for this line in Loki: " + word + "' | systemd-cat -t monctl-verify -p info"})
	if err == nil && res.Exit != 0 {
		err = errors.New(strings.TrimSpace(res.Stderr))
	}
	if err != nil {
		found.add(h.Name, Proof{Kind: ProofLine, What: what, Unit: i.Unit(), Err: fmt.Errorf("write to the journal: %w", err)})
		return
	}
	r.lines.put(h.Name, line{i, selector(i) + ` |= "` + word + `"`})
}

// selector chooses the journal of a host by the labels that its agent gives.
func selector(i desired.Instance) string {
	labels := maps.Clone(i.Host.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	if labels["instance"] == "" {
		labels["instance"] = i.Host.Name
	}
	labels["job"] = "journal"
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		parts = append(parts, name+"="+strconv.Quote(labels[name]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// lineFor is how long an installation waits for a line: a new agent first sends the journal of the last hours.
// lineForVerify is for one that runs, and a Loki that is busy.
const (
	lineFor       = 20 * time.Second
	lineForVerify = 45 * time.Second
)

// proveLoki asks a Loki for the lines of the given hosts, and about its rules.
func (r *Run) proveLoki(ctx context.Context, asker *prove.Asker, i desired.Instance, hosts []*Host, found *proofs) {
	l := prove.Loki{Asker: asker, Base: "http://" + i.Local()}
	var rules sync.WaitGroup
	defer rules.Wait()
	if slices.ContainsFunc(hosts, func(h *Host) bool { return h.Name == i.Host.Name }) {
		rules.Go(func() { r.proveRules(ctx, l.Ruler(), i, "Loki", r.Stack.LogRules(), found) })
	}
	_ = fleet.Each(ctx, len(hosts), hosts, func(ctx context.Context, h *Host) error {
		if one, ok := r.lines.of(h.Name); ok {
			found.add(h.Name, r.proveLine(ctx, l, i, h, one))
		}
		return nil
	})
}

func (r *Run) proveLine(ctx context.Context, l prove.Loki, i desired.Instance, h *Host, one line) Proof {
	proof := Proof{Kind: ProofLine, What: fmt.Sprintf("a line of %s is read back from Loki on %s", h.Name, i.Host.Name), Unit: one.agent.Unit()}
	patience := lineFor
	if r.thorough {
		patience = lineForVerify
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// A clock that is wrong by hours is the doctor's: the line is looked for by its word.
	err := l.Arrives(ctx, one.expr, time.Now().Add(-24*time.Hour))
	switch {
	case err != nil && !r.thorough:
		proof.Note = "not there yet: a new agent sends the journal of the last 12 hours first; monctl verify looks again"
	case err != nil:
		proof.Err = fault.With(err, "monctl doctor 'loki/*' says why; journalctl -u %s on %s has the agent's own words.", one.agent.Unit(), h.Name)
	}
	return proof
}
