package installer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/prove"
)

// appended is the count of samples before the waiting for a scrape; -1 when it is not asked for or not to be had.
func (r *Run) appended(ctx context.Context, p prove.Prometheus) float64 {
	if !r.thorough {
		return -1
	}
	n, err := p.Appended(ctx)
	if err != nil {
		return -1
	}
	return n
}

// proveFresh proves, after a scrape of every target, that samples are being stored: the count of them has risen, and the
// newest of every target is young. A target whose samples are old is down, whatever Prometheus believes.
func (r *Run) proveFresh(ctx context.Context, p prove.Prometheus, i desired.Instance, expected []prove.Expected, before float64, down map[prove.Series]error, found *proofs) {
	if len(expected) == 0 {
		return
	}
	ctx, cancel := brief(ctx)
	defer cancel()
	err := grown(ctx, p, before)
	stale, asked := p.Stale(ctx, expected)
	for s, why := range stale {
		if down[s] == nil {
			down[s] = why
		}
	}
	found.add(i.Host.Name, Proof{
		Kind: ProofFresh, What: fmt.Sprintf("Prometheus on %s goes on storing samples", i.Host.Name), Unit: i.Unit(), Err: errors.Join(err, asked),
	})
	r.proveOthers(ctx, p, i, found)
}

func grown(ctx context.Context, p prove.Prometheus, before float64) error {
	now, err := p.Appended(ctx)
	if err == nil && before >= 0 && now <= before {
		err = fault.With(errors.New("a target was scraped, and no sample was stored"), "monctl doctor 'tsdb/*' 'clock/*' says why.")
	}
	return err
}

// proveOthers looks at the targets that monctl does not derive from the inventory one by one: probes, and jobs of an
// operator's own templates. Those that are down are named.
func (r *Run) proveOthers(ctx context.Context, p prove.Prometheus, i desired.Instance, found *proofs) {
	targets, err := p.Targets(ctx)
	if err != nil {
		return // it answered a moment ago: the next proof says so
	}
	for _, t := range targets {
		known := slices.ContainsFunc(r.Stack.Targets(i), func(e desired.Target) bool { return e.Job == t.Job && e.Labels["instance"] == t.Instance })
		if known || t.Health != "down" {
			continue
		}
		found.add(i.Host.Name, Proof{Kind: ProofTarget, What: fmt.Sprintf("Prometheus on %s reports %s %s up", i.Host.Name, t.Job, t.Instance), Err: errors.New(t.LastError)})
	}
}

func countOf(n int, noun string) string {
	if n == 1 {
		return "its " + noun
	}
	return fmt.Sprintf("its %d %ss", n, noun)
}

// rulesFor bounds the waiting for rules to be loaded: a reload is done in the background.
const rulesFor = 30 * time.Second

// proveRules proves that a server has loaded every rule and that none fails; with time, that each was evaluated.
func (r *Run) proveRules(ctx context.Context, p prove.Prometheus, i desired.Instance, title string, rules []desired.Rule, found *proofs) {
	if len(rules) == 0 {
		return
	}
	wanted := make([]prove.Rule, len(rules))
	for n, rule := range rules {
		wanted[n] = prove.Rule(rule)
	}
	if !r.thorough {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, rulesFor)
		defer cancel()
	}
	err := p.RulesWork(ctx, wanted, r.thorough)
	found.add(i.Host.Name, Proof{Kind: ProofRules, What: fmt.Sprintf("%s on %s evaluates %s", title, i.Host.Name, countOf(len(rules), "rule")), Unit: i.Unit(), Err: err})
}
