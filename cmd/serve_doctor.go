package cmd

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/clock"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/local"
	"github.com/monctl/monctl/runtime"
	ntp "github.com/monctl/monctl/runtime/clock"
)

// doctorOfServe are the families of checks that say why a target is down, or what explains those that do.
var doctorOfServe = []string{"clock", "install", "tsdb", "scrape"}

// servePatience is for the look at this machine. The monitor waits somewhat longer.
const servePatience = 15 * time.Second

// diagnose is the doctor of the monitor that runs in this process: the look of monctl doctor at this machine alone, without sudo,
// because whoever opens a web page must not make anybody root.
func diagnose(ctx context.Context, about runtime.Complaint) (runtime.Diagnosis, error) {
	checks, err := doctor.Choose(doctor.Checks(), doctorOfServe, nil)
	if err != nil {
		return runtime.Diagnosis{}, err
	}
	here, err := os.Hostname()
	if err != nil {
		here = "this machine"
	}
	settings := doctor.Default()
	settings.NTP = []string{} // the monitor has asked
	f := doctor.Look(ctx, doctor.Options{
		Hosts: []doctor.Target{{Host: fleet.Host{Name: "localhost", Address: "localhost", Local: true, Sudo: fleet.SudoNever}}},
		Dial: func(ctx context.Context, h fleet.Host) (fleet.Conn, error) {
			return local.Open(ctx, h.Sudo, local.Options{Harmless: true})
		},
		Checks: checks, All: doctor.Checks(), Settings: settings, Here: here, Patience: servePatience,
		Truth: truthOf(about.NTP), Own: &doctor.Own{PID: os.Getpid(), Kind: "monitor", Args: os.Args, Base: about.Base, Dial: about.Dial},
	})
	if ctx.Err() != nil {
		return runtime.Diagnosis{}, ctx.Err()
	}
	if len(f.Lost) > 0 {
		return runtime.Diagnosis{}, fmt.Errorf("%s: %w", here, f.Lost[0].Err)
	}
	verdicts := doctor.Verdicts(f, doctor.Judge(f, checks), os.Getpid(), targetKeys(about.Targets))
	return runtime.Diagnosis{Host: here, Root: f.Hosts[0].Root, Command: doctorCommand(f.Hosts[0].Root), Verdicts: shownVerdicts(verdicts)}, nil
}

// truthOf is what the monitor's own question to NTP servers says of this machine's clock.
func truthOf(r *ntp.Reading) *clock.Truth {
	if r == nil {
		return &clock.Truth{Source: "no NTP server has answered this monitor"}
	}
	return &clock.Truth{Known: true, Offset: clock.Around(r.Offset, r.Bound).Aged(time.Since(r.At)), Source: r.Source}
}

func targetKeys(list []runtime.TargetKey) []doctor.TargetKey {
	keys := make([]doctor.TargetKey, len(list))
	for i, t := range list {
		keys[i] = doctor.TargetKey(t)
	}
	return keys
}

func shownVerdicts(list []doctor.Verdict) []runtime.Verdict {
	shown := make([]runtime.Verdict, len(list))
	for i, v := range list {
		s := runtime.Verdict{Check: v.Check, Level: v.Level.String(), Title: v.Title, Cause: v.Cause, Fix: v.Fix, Evidence: []runtime.Evidence{}}
		for _, t := range v.Of {
			s.Targets = append(s.Targets, runtime.TargetKey(t))
		}
		for _, e := range v.Evidence {
			s.Evidence = append(s.Evidence, runtime.Evidence{What: e.What, Text: ui.Evidence(e)})
		}
		shown[i] = s
	}
	return shown
}

// doctorCommand is what a person types on this machine to learn more: with root's eyes, by a path where monctl is not on everybody's.
func doctorCommand(root bool) string {
	program := "monctl"
	if _, err := exec.LookPath(program); err != nil {
		own, err := os.Executable()
		if filepath.IsAbs(os.Args[0]) {
			own, err = os.Args[0], nil // as the unit names it, which outlives an upgrade
		}
		if err == nil {
			program = fleet.Quote(own)
		}
	}
	if !root {
		program = "sudo " + program
	}
	return program + " doctor localhost"
}
