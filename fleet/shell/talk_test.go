package shell_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/monctl/monctl/fleet"
)

// TestTalk asks a script several things one after the other, ends the conversation in every way there is, and
// finds the shell in step afterwards.
func TestTalk(t *testing.T) {
	const echo = `while read -r word; do case $word in [0-9]*) echo "got $word" ;; *) break ;; esac; done; echo bye`
	gaveUp := errors.New("gave up")
	for name, c := range map[string]struct {
		script    string
		questions int
		fails     error
		want      string
	}{
		"five questions":            {script: echo, questions: 5, want: "got 0\ngot 1\ngot 2\ngot 3\ngot 4\nbye\n"},
		"none":                      {script: echo, want: "bye\n"},
		"the script ends first":     {script: "read -r a; echo $a; exit 4", questions: 1, want: "0\n"},
		"the script never listens":  {script: "echo deaf", want: "deaf\n"},
		"what is said is not heard": {script: "echo deaf", questions: -3, want: "deaf\n"},
		"the asker gives up":        {script: echo, questions: 1, fails: gaveUp},
	} {
		t.Run(name, func(t *testing.T) {
			eachShell(t, func(t *testing.T, sh string) {
				s, _ := open(t, sh)
				heard := make(chan string, 100)
				res, err := s.Run(t.Context(), fleet.Cmd{Script: c.script, OnLine: func(l string) { heard <- l }, Talk: func(ctx context.Context, say io.Writer) error {
					for i := range max(c.questions, -c.questions) {
						fmt.Fprintln(say, i)
						if c.questions > 0 {
							<-heard
						}
					}
					return c.fails
				}})
				if !errors.Is(err, c.fails) || err == nil && res.Stdout != c.want {
					t.Errorf("got %q and %v, want %q", res.Stdout, err, c.want)
				}
				if res, err := s.Run(t.Context(), fleet.Cmd{Script: "echo next"}); err != nil || res.Stdout != "next\n" {
					t.Errorf("the shell is out of step: %q, %v", res.Stdout, err)
				}
			})
		})
	}
}

// TestTalkEndsWithTheScript sees a conversation told that nobody listens any more.
func TestTalkEndsWithTheScript(t *testing.T) {
	s, _ := open(t, "sh")
	_, err := s.Run(t.Context(), fleet.Cmd{Script: "exit 3", Talk: func(ctx context.Context, _ io.Writer) error {
		<-ctx.Done()
		return nil
	}})
	must(t, err)
}
