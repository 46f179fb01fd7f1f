package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/monctl/monctl/doctor"
	"github.com/monctl/monctl/doctor/report"
	"github.com/monctl/monctl/fleet/fault"
)

// write writes the report to the files that were asked for.
func (g *globals) write(o doctorOptions, f doctor.Fleet, r doctor.Report, checks []doctor.Check) error {
	if err := writeFile(o.junit, 0o644, func(w io.Writer) error { return report.JUnit(w, f, r, checks) }); err != nil {
		return err
	}
	return writeFile(o.html, 0o644, func(w io.Writer) error { return report.HTML(w, f, r, checks) })
}

// record writes a fleet, readable by its owner alone: configurations and journals are in it.
func record(path string, f doctor.Fleet) error {
	return writeFile(path, 0o600, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", " ")
		return encoder.Encode(f)
	})
}

// writeFile writes a whole file or says why not; no path, no file.
func writeFile(path string, mode os.FileMode, content func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err == nil {
		err = content(file)
		if closed := file.Close(); err == nil {
			err = closed
		}
	}
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err != nil {
		_ = os.Remove(path + ".tmp")
		return fault.Misuse(fmt.Errorf("write %s: %w", path, err), "Name a file in a folder that can be written to.")
	}
	return nil
}
