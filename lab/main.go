// Command lab runs real systemd hosts, and a mirror of releases, on this
// machine. The demo and the tests install onto them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		stop()
		os.Exit(exitCode(err))
	}
}

// exitCode passes on that of a program run on a host; all else is 1.
func exitCode(err error) int {
	if ended, ok := errors.AsType[*exec.ExitError](err); ok && ended.ExitCode() > 0 {
		return ended.ExitCode()
	}
	return 1
}

// which are the flags that say which lab is meant.
type which struct {
	name, cache string
}

func newCommand() *cobra.Command {
	var w which
	root := &cobra.Command{
		Use:           "lab",
		Short:         "Real systemd hosts on this machine, for the demo and the tests",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVar(&w.name, "name", "demo", "name of the lab; labs of different names do not touch each other")
	root.PersistentFlags().StringVar(&w.cache, "cache", "", "folder for root filesystems, releases and labs (default $MONCTL_LAB_CACHE or the user's cache folder)")
	root.AddCommand(newUp(&w), newDown(&w), newStatus(&w), newSSH(&w), newExec(&w))
	root.AddCommand(newCut(&w), newMend(&w), newFillDisk(&w), newMirror(&w), newProgram(&w), newCatalog(&w), newVM(&w), newBench(&w), newDemo(&w))
	return root
}
