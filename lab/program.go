package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"

	"github.com/monctl/monctl/lab/mirror"
	"github.com/spf13/cobra"
)

// newProgram takes one program out of the mirror, for tests that start it on this machine.
func newProgram(w *which) *cobra.Command {
	return &cobra.Command{
		Use:   "program COMPONENT VERSION FILE",
		Short: "Write a program of the mirror to a file",
		Args:  cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := openMirror(cmd, w, false)
			if err != nil {
				return err
			}
			for _, r := range m.Of(args[0], args[1]) {
				if r.Arch == runtime.GOARCH {
					return unpackProgram(m, r, args[2])
				}
			}
			return fmt.Errorf("program: the mirror has no %s %s for %s", args[0], args[1], runtime.GOARCH)
		},
	}
}

func unpackProgram(m *mirror.Mirror, r mirror.Release, to string) error {
	f, err := os.Open(m.Archive(r))
	if err != nil {
		return fmt.Errorf("program: %w", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("program: %w", err)
	}
	for archive := tar.NewReader(z); ; {
		h, err := archive.Next()
		if err != nil {
			return fmt.Errorf("program: %s: %w", r.Component, err)
		}
		if path.Base(h.Name) == r.Component && h.Typeflag == tar.TypeReg {
			return writeProgram(to, archive)
		}
	}
}

// writeProgram writes it beside its place first, so that a half one is never run.
func writeProgram(to string, content io.Reader) error {
	out, err := os.OpenFile(to+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return fmt.Errorf("program: %w", err)
	}
	_, err = io.Copy(out, content)
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("program: %w", err)
	}
	return os.Rename(to+".part", to)
}
