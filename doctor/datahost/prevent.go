package datahost

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/prove"
)

// Prevention is one thing that keeps samples from being stored in the future again, or tells of them in time, and that is not
// there yet.
type Prevention struct {
	What string // "let prometheus.service wait for the right time at boot"
	Hand string // how a person does it
	Risk string // "" is none
	do   func(ctx context.Context, step func(string)) error
}

// Possible says that monctl can do it from here.
func (p Prevention) Possible() bool { return p.do != nil }

// Do does it. step is told what.
func (p Prevention) Do(ctx context.Context, step func(string)) error { return p.do(ctx, step) }

// ordering are the fixes of the doctor that let the unit wait for the right time at boot.
func ordering(f doctor.Fleet, t Target) []doctor.Fix {
	checks, err := doctor.Choose(doctor.Checks(), []string{"clock/boot-order"}, nil)
	if err != nil {
		return nil
	}
	r := doctor.Judge(f, checks)
	var mine []doctor.Finding
	for _, found := range r.Findings {
		if found.Host == t.Host.Name && found.Component == t.Component.Name {
			mine = append(mine, found)
		}
	}
	r.Findings = mine
	return doctor.Fixes(f, r, checks, doctor.Note)
}

// Preventions are what is missing. The server must run.
func (s *Session) Preventions(ctx context.Context) []Prevention {
	if s.Kind != TSDB {
		return nil
	}
	var list []Prevention
	for _, fix := range s.ordering {
		list = append(list, Prevention{
			What: fix.Title, Risk: fix.Risk, Hand: "monctl doctor --fix --only clock/boot-order " + s.Host.Name,
			do: func(ctx context.Context, step func(string)) error {
				return doctor.Apply(ctx, s.conn, fix, func(d doctor.Step) { step(d.Why) })
			},
		})
	}
	if told, err := s.told(ctx); err == nil && !told {
		list = append(list, s.alerts(ctx))
	}
	return list
}

// told says that the server has a rule about samples of the future.
func (s *Session) told(ctx context.Context) (bool, error) {
	asker := prove.NewAsker(s.conn)
	defer asker.Close()
	base := s.Component.Base
	if base == "" {
		base = s.base()
	}
	rules, err := asker.Get(ctx, base+"/api/v1/rules", nil)
	return strings.Contains(string(rules), knownBy), err
}

// alerts adds two rules to a Prometheus that others installed. Those of monctl's own come with an install.
func (s *Session) alerts(ctx context.Context) Prevention {
	p := Prevention{What: "alert on samples of the future, and on samples that are refused"}
	switch {
	case s.Component.Manifest != nil:
		p.Hand = "monctl install (it brings rules/prometheus.yml)"
		return p
	case s.Component.Kind == "monitor": // which may have no configuration, and no promtool beside it
		p.Hand = "give monctl serve a --config with rule_files, and the rules of docs/data.md"
		return p
	}
	config := s.configFile()
	old, err := s.readConfig(ctx, config)
	if err == nil {
		p, err = s.alertsIn(p, config, old)
	}
	if err != nil {
		p.Hand = fmt.Sprintf("add the rules of docs/data.md to %s: %s", config, err)
	}
	return p
}

// alertsIn says how the rules come into one configuration.
func (s *Session) alertsIn(p Prevention, config string, old resource.File) (Prevention, error) {
	file, edited, err := rulePlace(old.Path, string(old.Content))
	if err != nil {
		return p, err
	}
	rules, err := preventingRules()
	if err != nil {
		return p, err
	}
	p.Hand = "put the rules of docs/data.md into " + file + ", and reload it"
	if edited != string(old.Content) {
		p.Hand = fmt.Sprintf("put the rules of docs/data.md into %s, name that in rule_files of %s, and reload it", file, config)
	}
	rule := resource.File{Path: file, Owner: old.Owner, Group: old.Group, Mode: old.Mode, Content: rules}
	changes := []plan.Change{{Resource: rule, Action: plan.Create}}
	if edited != string(old.Content) {
		old.Content = []byte(edited)
		changes = append(changes, plan.Change{Resource: old, Action: plan.Update})
	}
	p.do = func(ctx context.Context, step func(string)) error {
		if err := s.configure(ctx, config, step, changes...); err != nil {
			return err
		}
		step("reload " + s.Component.Unit)
		return s.reloaded(ctx)
	}
	return p, nil
}

// reloadWithin is how long a server may take to read its configuration.
const reloadWithin = 30 * time.Second

// reloaded lets the server read its configuration again (every Prometheus does on SIGHUP), and wants it to have the rules then.
func (s *Session) reloaded(ctx context.Context) error {
	res, err := s.conn.Run(ctx, fleet.Cmd{Script: "systemctl kill --signal=HUP --kill-who=main -- " + fleet.Quote(s.Component.Unit)})
	if err == nil && res.Exit != 0 {
		err = errors.New(strings.TrimSpace(res.Stderr))
	}
	for end := time.Now().Add(reloadWithin); err == nil; {
		told, asked := s.told(ctx)
		switch {
		case told:
			return nil
		case time.Now().After(end):
			err = errors.Join(fmt.Errorf("it does not have the rules after %v", reloadWithin), asked)
		default:
			err = pause(ctx, 300*time.Millisecond)
		}
	}
	return fmt.Errorf("%s: reload %s: %w; see journalctl -u %s", s.Host.Name, s.Component.Unit, err, s.Component.Unit)
}
