// Package run starts the machine's own programs for the lab.
//
// Every failure carries what was run and the end of what it said, because the
// lab is mostly a list of such programs and their messages are the diagnosis.
package run

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// tailBytes bounds how much of a program's complaint goes into an error.
const tailBytes = 1200

// Output runs a program and returns its standard output without the last newline.
func Output(ctx context.Context, name string, args ...string) (string, error) {
	return Input(ctx, "", name, args...)
}

// Input is [Output] with text on the program's standard input.
func Input(ctx context.Context, stdin, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = 5 * time.Second
	cmd.Stdin = strings.NewReader(stdin)
	return Finish(cmd)
}

// Finish runs a prepared command; it is for those that need a folder or an environment.
// The command's Stdout and Stderr must be unset.
func Finish(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	text := strings.TrimRight(stdout.String(), "\n")
	if err != nil {
		return text, fmt.Errorf("run %s: %w%s", strings.Join(cmd.Args, " "), err, said(stderr.String(), text))
	}
	return text, nil
}

// said is the end of the program's complaint, or of its output when it complained nowhere else.
func said(stderr, stdout string) string {
	text := strings.TrimSpace(stderr)
	if text == "" {
		text = strings.TrimSpace(stdout)
	}
	if text == "" {
		return ""
	}
	if len(text) > tailBytes {
		text = "..." + text[len(text)-tailBytes:]
	}
	return ": " + text
}
