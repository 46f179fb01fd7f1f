package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/monctl/monctl/lab/hosts"
	"github.com/monctl/monctl/lab/proc"
	"github.com/spf13/cobra"
)

// mirrorPort is where a lab's own mirror listens, on the lab's gateway address.
const mirrorPort = "8180"

// startMirror builds the mirror and leaves a process behind that serves it to
// the lab's hosts. The process belongs to the lab and ends with it.
func startMirror(cmd *cobra.Command, w *which, listen string) error {
	l, err := hosts.Open(w.cache, w.name)
	if err != nil {
		return err
	}
	if listen == "" {
		listen = net.JoinHostPort(l.Gateway(), mirrorPort)
	}
	if !l.Serving("mirror") {
		if _, err := openMirror(cmd, w, false); err != nil {
			return err
		}
		if err := spawn(l, "mirror", "mirror", "--serve-only", "--name", w.name, "--cache", w.cache, "--listen", listen); err != nil {
			return err
		}
	}
	if err := waitFor(cmd, listen); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "http://%s\n", listen)
	return nil
}

// spawn starts this program again, on its own, and enters it into the lab. It
// runs from a copy: the program that "go run" made is removed when it ends.
func spawn(l *hosts.Lab, name string, args ...string) error {
	program := filepath.Join(l.Dir(), name)
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	if err := os.WriteFile(program, self, 0o700); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	log, err := os.Create(program + ".log")
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	defer log.Close()
	child := exec.Command(program, args...) //nolint:noctx // it has to outlive this one
	child.Stdout, child.Stderr = log, log
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	id, err := proc.Of(child.Process.Pid)
	if err != nil {
		return fmt.Errorf("start %s: %w; see %s", name, err, log.Name())
	}
	return l.Adopt(name, id)
}

func waitFor(cmd *cobra.Command, address string) error {
	dialer := net.Dialer{Timeout: time.Second}
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		conn, err := dialer.DialContext(cmd.Context(), "tcp", address)
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(deadline) || cmd.Context().Err() != nil {
			return fmt.Errorf("wait for %s: %w", address, err)
		}
	}
}
