package installer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/prove"
	"github.com/monctl/monctl/installer/routes"
)

// AlertTest is a test alert.
type AlertTest struct {
	Severity string            // "critical", "warning" or "info"
	Labels   map[string]string // more labels, for routes that look at them
	For      time.Duration     // how long to wait for the receivers' answer
}

// TestAlertName is the alertname of a test alert. The configuration that monctl writes does not let it wait for others.
const TestAlertName = "MonctlTest"

// AlertResult is what became of a test alert at one Alertmanager.
type AlertResult struct {
	Host     string
	Instance string // its label instance, to find it by
	Answers  []Answer
	Err      error // why it was not sent, or why nothing is known
}

// Answer is what a receiver said to the alert.
type Answer struct {
	Receiver    string
	Integration string // "slack"; "" when the receiver has none
	Accepted    bool
	// Status of the receiver's answer. Alertmanager keeps neither status nor body of an answer that it takes for success, which
	// is any 2xx: Status is 0 then, as it is where no answer came.
	Status int
	Said   string // the receiver's answer as Alertmanager logged it, or why none came
	// Resolved says that the end of the alert was accepted, too.
	Resolved bool
	Took     time.Duration // until the answer was known
}

// ErrNotAccepted says that a receiver refused an alert, or did not answer.
var ErrNotAccepted = errors.New("the test alert was not accepted")

// TestAlerts sends a test alert through every Alertmanager of the hosts, waits for what their receivers say, and ends it.
func TestAlerts(ctx context.Context, o Options, t AlertTest) []AlertResult {
	var on []desired.Instance
	for _, i := range o.Stack.Of("alertmanager") {
		if len(o.Only) == 0 || slices.Contains(o.Only, i.Host.Name) {
			on = append(on, i)
		}
	}
	results := make([]AlertResult, len(on))
	errs := fleet.Each(ctx, o.Parallel, indexes(on), func(ctx context.Context, n int) error {
		conn, err := o.dial(ctx, on[n].Host.Host)
		if err != nil {
			return err
		}
		defer conn.Close()
		o.report(Event{Host: on[n].Host.Name, Doing: "test alert"})
		results[n] = testAlert(ctx, conn, on[n], t)
		o.report(Event{Host: on[n].Host.Name, Doing: "done", Finished: true, Err: results[n].Err})
		return nil
	})
	for n, err := range errs {
		if err != nil {
			results[n].Err = err
		}
		results[n].Host = on[n].Host.Name
	}
	return results
}

// tester sends one alert through one Alertmanager.
type tester struct {
	conn  fleet.Conn
	am    prove.Alertmanager
	unit  string
	began time.Time // on the host's clock
	since string    // the option by which journalctl shows what the unit said from then on
	sent  time.Time // the same moment on this machine's
	alert prove.Alert
}

func testAlert(ctx context.Context, conn fleet.Conn, i desired.Instance, t AlertTest) AlertResult {
	ctx, cancel := context.WithTimeout(ctx, t.For)
	defer cancel()
	asker := prove.NewAsker(conn)
	defer asker.Close()
	x := &tester{conn: conn, am: prove.Alertmanager{Asker: asker, Base: "http://" + i.Local()}, unit: i.Unit(), alert: alertOf(t)}
	r := AlertResult{Host: i.Host.Name, Instance: x.alert.Labels["instance"]}
	r.Answers, r.Err = x.run(ctx)
	return r
}

// alertOf makes the alert. Its instance is new every time, so that it is a group of its own wherever alerts are grouped by
// instance, and no earlier test has been notified in its place.
func alertOf(t AlertTest) prove.Alert {
	labels := map[string]string{"alertname": TestAlertName, "severity": t.Severity, "instance": "test-" + randomSecret()[:8]}
	for name, value := range t.Labels {
		labels[name] = value
	}
	return prove.Alert{Labels: labels, Annotations: map[string]string{
		"summary":     "this is a test of monctl",
		"description": "Somebody ran monctl alert test. Nothing is wrong; it resolves by itself.",
	}}
}

func (x *tester) run(ctx context.Context) ([]Answer, error) {
	config, err := x.am.Config(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := routes.Parse(config)
	if err != nil {
		return nil, fmt.Errorf("alertmanager's configuration was not understood: %w", err)
	}
	if err = x.begin(ctx); err != nil {
		return nil, err
	}
	x.sent = time.Now()
	// When this program ends before it can end the alert, the alert ends by itself.
	x.alert.EndsAt = x.began.Add(selfEnd)
	before := map[string]prove.Sent{}
	for _, r := range tree.Receivers {
		name, _ := r["name"].(string)
		for _, integration := range tree.Integrations(name) {
			if before[integration], err = x.am.SentBy(ctx, integration); err != nil {
				return nil, err
			}
		}
	}
	if err := x.am.Send(ctx, x.alert); err != nil {
		return nil, fmt.Errorf("alertmanager does not take the alert: %w", err)
	}
	defer x.end(ctx) // again, which does no harm, when it came to an end already
	held, err := x.held(ctx)
	if err != nil {
		return nil, err
	}
	return x.answers(ctx, tree, held, before)
}

// selfEnd is when a test alert ends that nobody ended.
const selfEnd = 10 * time.Minute

// begin notes the host's clock, by which its Alertmanager goes, and the end of the unit's journal.
func (x *tester) begin(ctx context.Context) error {
	ctx, cancel := brief(ctx)
	defer cancel()
	res, err := x.conn.Run(ctx, fleet.Cmd{Script: "date +%s; journalctl --no-pager -q -o cat -n 1 --show-cursor -u " + fleet.Quote(x.unit)})
	if err != nil {
		return err
	}
	first, rest, _ := strings.Cut(res.Stdout, "\n")
	seconds, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return fmt.Errorf("the host's clock: %w", err)
	}
	x.began, x.since = time.Unix(seconds, 0), "--since=@"+first // the unit has said nothing yet
	if _, cursor, ok := strings.Cut(rest, "-- cursor: "); ok {
		x.since = "--after-cursor=" + strings.TrimSpace(cursor)
	}
	return nil
}

// held asks which receivers the alert goes to. An alert that something silences goes nowhere.
func (x *tester) held(ctx context.Context) (prove.Held, error) {
	ctx, cancel := context.WithTimeout(ctx, heldFor)
	defer cancel()
	for {
		held, err := x.am.Holds(ctx, x.alert.Labels)
		switch {
		case err == nil && len(held.SilencedBy) > 0:
			return held, fault.With(fmt.Errorf("%w: a silence keeps it back: %s", ErrNotAccepted, strings.Join(held.SilencedBy, ", ")), "Look at the silences on Alertmanager's page: monctl open alertmanager.")
		case err == nil && len(held.InhibitedBy) > 0:
			return held, fault.With(fmt.Errorf("%w: an alert that is firing keeps it back by an inhibit rule", ErrNotAccepted), "Give inhibit rules an equal: [instance].")
		case err == nil && held.State == "active":
			return held, nil
		}
		if sleep(ctx, 200*time.Millisecond) != nil {
			return held, err
		}
	}
}

// heldFor bounds the waiting for Alertmanager to work off a new alert; "unprocessed" after it is no reason to give up.
const heldFor = 10 * time.Second

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// answers waits for every integration of every receiver.
func (x *tester) answers(ctx context.Context, tree routes.Config, held prove.Held, before map[string]prove.Sent) ([]Answer, error) {
	var answers []Answer
	for _, receiver := range held.Receivers {
		integrations := slices.Compact(tree.Integrations(receiver))
		if len(integrations) == 0 {
			answers = append(answers, Answer{Receiver: receiver, Said: "it has no integration: nobody is told"})
		}
		for _, integration := range integrations {
			answers = append(answers, x.answer(ctx, receiver, integration, before[integration]))
		}
	}
	if slices.ContainsFunc(answers, func(a Answer) bool { return a.Accepted }) {
		x.end(ctx)
		x.resolved(ctx, answers)
	}
	if n := slices.IndexFunc(answers, func(a Answer) bool { return !a.Accepted }); n >= 0 || len(answers) == 0 {
		return answers, ErrNotAccepted
	}
	return answers, nil
}

// logFor is how long a counted failure may take to be in the journal.
const logFor = 2 * time.Second

// answer waits until a request of the integration has ended well, or the log names a failure of the receiver.
func (x *tester) answer(ctx context.Context, receiver, integration string, before prove.Sent) Answer {
	a := Answer{Receiver: receiver, Integration: integration}
	began, unexplained := time.Now(), time.Time{} // the moment when a failure was counted
	for {
		refusal, err := x.refusal(ctx, receiver, integration)
		if err == nil && refusal != "" {
			a.Status, a.Said = statusIn(refusal), saidIn(refusal)
			break
		}
		now, err := x.am.SentBy(ctx, integration)
		if err == nil && (now.Requests-now.Failed)-(before.Requests-before.Failed) > 0 {
			a.Accepted, a.Said = true, "accepted (2xx)"
			break
		}
		if err == nil && now.Failed > before.Failed && unexplained.IsZero() {
			unexplained = time.Now()
		}
		if !unexplained.IsZero() && time.Since(unexplained) > logFor {
			a.Said = "refused, or not answered; the reason is not in the journal of " + x.unit
			break
		}
		if sleep(ctx, 500*time.Millisecond) != nil {
			a.Said = fmt.Sprintf("no answer in %s: Alertmanager waits for others to group it with (group_wait), or the receiver does not answer", time.Since(began).Round(time.Second))
			break
		}
	}
	a.Took = time.Since(began)
	return a
}

// end ends the alert, also when the person interrupts.
func (x *tester) end(ctx context.Context) {
	ctx, cancel := brief(ctx)
	defer cancel()
	x.alert.EndsAt = x.began.Add(time.Since(x.sent))
	_ = x.am.Send(ctx, x.alert) // it ends by itself at the latest
}

// resolvedFor bounds the waiting for the message that the alert is over: Alertmanager sends it after group_interval, which
// monctl's own configuration makes short for a test. Elsewhere it is minutes, and nobody needs to wait.
const resolvedFor = 25 * time.Second

// resolved notes where the end of the alert was accepted, too.
func (x *tester) resolved(ctx context.Context, answers []Answer) {
	ctx, cancel := context.WithTimeout(ctx, resolvedFor)
	defer cancel()
	before := map[string]prove.Sent{}
	for _, a := range answers {
		before[a.Integration], _ = x.am.SentBy(ctx, a.Integration)
	}
	for n := range answers {
		a := &answers[n]
		for a.Accepted && !a.Resolved {
			now, err := x.am.SentBy(ctx, a.Integration)
			a.Resolved = err == nil && (now.Requests-now.Failed)-(before[a.Integration].Requests-before[a.Integration].Failed) > 0
			if !a.Resolved && sleep(ctx, 500*time.Millisecond) != nil {
				return
			}
		}
	}
}
