package cmd

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
)

// browse opens an address in the person's browser and does not wait for it. The error says why there is none.
func browse(ctx context.Context, address string) error {
	opener := "xdg-open"
	switch {
	case runtime.GOOS == "darwin":
		opener = "open"
	case os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "":
		return errors.New("there is no screen here (DISPLAY is not set)")
	}
	path, err := exec.LookPath(opener)
	if err != nil {
		return err
	}
	c := exec.CommandContext(context.WithoutCancel(ctx), path, address) // Ctrl-C ends the tunnel, not the browser
	if err := c.Start(); err != nil {
		return err
	}
	go func() { _ = c.Wait() }() // ends when the opener does, which hands the address to a running browser
	return nil
}
