package ui

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/desired"
)

// Results prints how every host came out of a run: its components with what was proven of them.
func (u *UI) Results(stack *desired.Stack, outcomes []installer.Outcome) {
	var rows [][]string
	var alone []string
	unchanged := 0
	for _, o := range outcomes {
		switch {
		case u.JSON:
			u.Emit("result", resultOf(stack, o))
		case errors.Is(o.Err, installer.ErrNotReached):
			alone = append(alone, o.Host)
		case !o.Changed && o.Err == nil && !u.Verbose:
			unchanged++
		default:
			rows = append(rows, u.resultRows(stack, o)...)
		}
	}
	if len(rows) > 0 {
		u.Print("%s", strings.TrimSuffix(u.rows(rows), "\n"))
	}
	if len(alone) > 0 {
		u.Print("%s", u.paint.yellow("–  "+Names(alone)+": "+installer.ErrNotReached.Error()))
	}
	for _, o := range outcomes {
		for _, p := range o.Proofs {
			if p.Note != "" && p.Err == nil {
				u.Print("%s  %s: %s", u.paint.yellow("!"), p.What, p.Note)
			}
		}
	}
	if unchanged > 0 {
		u.Print("%s", u.paint.dim("=  "+count(unchanged, "host")+" unchanged"))
	}
}

func (u *UI) resultRows(stack *desired.Stack, o installer.Outcome) [][]string {
	switch {
	case errors.Is(o.Err, context.Canceled):
		return [][]string{{u.paint.yellow("–"), o.Host, u.paint.yellow("interrupted"), "", "", fate(o)}}
	case o.Err != nil:
		return [][]string{{u.paint.red("✗"), o.Host, u.paint.red("failed"), "", "", fate(o)}}
	}
	var rows [][]string
	host := o.Host
	for _, i := range stack.On(o.Host) {
		mark, words := u.paint.green("✓"), proven(o, i.Unit())
		if words == "" {
			mark, words = u.paint.dim("="), u.paint.dim("unchanged")
		}
		rows = append(rows, []string{mark, host, i.Component.Name, i.Release.Version, string(i.Arch), words})
		host = ""
	}
	return rows
}

// fate says in which state a failed host is.
func fate(o installer.Outcome) string {
	switch {
	case o.RolledBack:
		return "rolled back: it is as it was before"
	case !o.Changed:
		return "nothing was changed there"
	}
	return "changed, but not proven"
}

// proven names the kinds of proofs of one unit.
func proven(o installer.Outcome, unit string) string {
	short := map[installer.ProofKind]string{
		installer.ProofReady: "ready", installer.ProofTarget: "up in Prometheus", installer.ProofAlerts: "alerts reach Alertmanager",
		installer.ProofDatabase: "database works", installer.ProofDatasource: "datasource answers", installer.ProofLogs: "logs may be read",
		installer.ProofLine: "a line is read back", installer.ProofRules: "rules work", installer.ProofDashboard: "dashboards are there",
	}
	var words []string
	for _, p := range o.Proofs {
		if w := short[p.Kind]; p.Unit == unit && p.Err == nil && p.Note == "" && w != "" && !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return strings.Join(words, " · ")
}

type (
	resultRecord struct {
		Host       string            `json:"host"`
		OK         bool              `json:"ok"`
		Changed    bool              `json:"changed"`
		RolledBack bool              `json:"rolled_back"`
		Error      string            `json:"error,omitempty"`
		Journal    string            `json:"journal,omitempty"`
		Components []componentRecord `json:"components"`
		Proofs     []proofRecord     `json:"proofs"`
	}
	componentRecord struct {
		Component string `json:"component"`
		Version   string `json:"version"`
		Arch      string `json:"arch"`
		Port      int    `json:"port"`
		Unit      string `json:"unit"`
	}
	proofRecord struct {
		Kind  string `json:"kind"`
		What  string `json:"what"`
		Unit  string `json:"unit"`
		OK    bool   `json:"ok"`
		Note  string `json:"note,omitempty"`
		Error string `json:"error,omitempty"`
	}
)

func resultOf(stack *desired.Stack, o installer.Outcome) resultRecord {
	r := resultRecord{
		Host: o.Host, OK: o.Err == nil, Changed: o.Changed, RolledBack: o.RolledBack, Journal: o.Journal,
		Components: []componentRecord{}, Proofs: proofRecords(o), Error: said(o.Err),
	}
	for _, i := range stack.On(o.Host) {
		r.Components = append(r.Components, componentRecord{i.Component.Name, i.Release.Version, string(i.Arch), i.Port, i.Unit()})
	}
	return r
}

func proofRecords(o installer.Outcome) []proofRecord {
	list := []proofRecord{}
	for _, p := range o.Proofs {
		list = append(list, proofRecord{string(p.Kind), p.What, p.Unit, p.Err == nil, p.Note, said(p.Err)})
	}
	return list
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
