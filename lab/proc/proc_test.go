package proc

import (
	"os/exec"
	"testing"
	"time"
)

func TestKillEndsTheProcessItNames(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	id, err := Of(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if !id.Alive() {
		t.Fatal("a running process is said to be gone")
	}
	if err := id.Kill(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	<-done
	if id.Alive() {
		t.Error("an ended process is said to be alive")
	}
}

func TestReusedProcessIDIsAStranger(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	id, err := Of(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	stranger := ID{PID: id.PID, Start: id.Start - 1}
	if stranger.Alive() {
		t.Error("a process with another start time is taken for ours")
	}
	if err := stranger.Kill(time.Second); err != nil {
		t.Error(err)
	}
	if !id.Alive() {
		t.Error("Kill of a reused id ended a stranger")
	}
}

func TestParseStartTakesNamesWithBrackets(t *testing.T) {
	stat := "7 (a) b (c)) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0 0"
	start, err := parseStart(stat)
	if err != nil || start != 4242 {
		t.Errorf("parseStart = %d, %v; want 4242", start, err)
	}
}
