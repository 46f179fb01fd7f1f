package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/monctl/monctl/lab/hosts"
	"github.com/spf13/cobra"
)

func newSSH(w *which) *cobra.Command {
	var user string
	cmd := &cobra.Command{
		Use:   "ssh NAME [COMMAND...]",
		Short: "Log in to a host, or run a command there, over SSH",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := hosts.Open(w.cache, w.name)
			if err != nil {
				return err
			}
			ssh := exec.CommandContext(cmd.Context(), "ssh", append([]string{"-F", l.SSHConfig(), "-l", user}, args...)...)
			ssh.Stdin, ssh.Stdout, ssh.Stderr = os.Stdin, cmd.OutOrStdout(), cmd.ErrOrStderr()
			return ssh.Run()
		},
	}
	cmd.Flags().StringVarP(&user, "login", "l", "ubuntu", "user: ubuntu, root, pat (sudo asks for a password) or nosudo")
	cmd.Flags().SetInterspersed(false)
	return cmd
}

func newExec(w *which) *cobra.Command {
	return &cobra.Command{
		Use:   "exec NAME SCRIPT...",
		Short: "Run a shell script as root on a host without its network, also when it is cut off",
		Args:  cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := find(w, args[0])
			if err != nil {
				return err
			}
			out, err := h.Exec(cmd.Context(), strings.Join(args[1:], " "))
			if out != "" {
				fmt.Fprintln(cmd.OutOrStdout(), out)
			}
			return err
		},
	}
}

// find opens the lab and looks the host up in it.
func find(w *which, name string) (*hosts.Host, error) {
	l, err := hosts.Open(w.cache, w.name)
	if err != nil {
		return nil, err
	}
	return l.Host(name)
}
