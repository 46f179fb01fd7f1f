package datahost

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
)

//go:embed place.sh
var placeScript string

// Place is where the data of a component really are.
type Place struct {
	Path       string   `json:"path"`       // without symbolic links
	Mount      string   `json:"mount"`      // the mount point it lies below; equal to Path when it is one itself
	FileSystem string   `json:"filesystem"` // `stat -f -c %T`: "ext2/ext3", "nfs"
	Sources    []Source `json:"sources"`    // the path as each source names it
	// Others are folders that a source names and that are not this one: what the unit names is used from the next start on.
	Others []Source `json:"others,omitempty"`
}

// Disagreement is shown before anything is done; "" when all sources mean the same folder.
func (p Place) Disagreement() string {
	var words []string
	for _, s := range p.Others {
		words = append(words, fmt.Sprintf("%s (%s)", s.Path, s.From))
	}
	if len(words) == 0 {
		return ""
	}
	return fmt.Sprintf("the data in use are in %s, but another folder is named: %s", p.Path, strings.Join(words, ", "))
}

// refuse refuses while another folder is named.
func (p Place) refuse(n Name) error {
	if p.Disagreement() == "" {
		return nil
	}
	return fault.Refuse(fmt.Errorf("%s: %s", n, p.Disagreement()),
		"Decide which is right: put the unit right (systemctl cat shows it), or restart the component so that it uses what the unit says. Then run again.")
}

// Locate asks the kernel of the host which folder the sources mean.
func (t Target) Locate(ctx context.Context, conn fleet.Conn) (Place, error) {
	words := []string{"-"}
	if t.Component.Running {
		words[0] = strconv.Itoa(t.Component.Process.PID)
	}
	for _, s := range t.Sources {
		words = append(words, s.Path)
	}
	res, err := conn.Run(ctx, fleet.Cmd{Script: "set -- " + fleet.QuoteAll(words...) + "\n" + placeScript})
	if err != nil {
		return Place{}, fmt.Errorf("%s: locate the data: %w", t.Name, err)
	}
	p, again, err := readPlace(res.Stdout, t.Sources)
	if again != nil { // the open files name a folder that nobody else does
		t.Sources = append(again, t.Sources...)
		return t.Locate(ctx, conn)
	}
	if err != nil {
		return p, fmt.Errorf("%s: locate the data: %w", t.Name, err)
	}
	return p, nil
}

// readPlace decides what the answers of place.sh mean. Open files are the kernel's word and come first. again holds folders to
// ask about that only they name.
func readPlace(text string, sources []Source) (p Place, again []Source, err error) {
	folders := map[string]folder{}
	var missing []string
	var open []Source
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		switch key {
		case "open":
			open = append(open, Source{"open files", value})
		case "missing":
			missing = append(missing, value)
		case "at":
			if w := strings.SplitN(value, "|", 5); len(w) == 5 {
				f := folders[w[3]]
				f.id, f.mount, f.fs, f.real = w[0], w[1], w[2], w[4]
				folders[w[3]] = f
			}
		case "seen":
			id, path, _ := strings.Cut(value, " ")
			f := folders[path]
			f.seen = id
			folders[path] = f
		}
	}
	for _, o := range open {
		if !slices.ContainsFunc(sources, func(s Source) bool { return s.Path == o.Path }) {
			again = append(again, o)
		}
	}
	if again != nil {
		return Place{}, again, nil
	}
	return choose(folders, append(open, sources...), missing)
}

// folder is one path asked about.
type folder struct{ id, mount, fs, real, seen string }

func choose(folders map[string]folder, sources []Source, missing []string) (p Place, again []Source, err error) {
	first := ""
	seen := map[Source]bool{}
	for _, s := range sources {
		f := folders[s.Path]
		if seen[s] || f.id == "" {
			continue
		}
		seen[s] = true
		if f.seen != "" && f.seen != f.id {
			return p, nil, fault.Refuse(fmt.Errorf("%s is another folder to the process than to the host: it has a file system of its own", s.Path),
				"It runs in a container or with RootDirectory= or BindPaths=. Stop it, find the folder on the host, and run there: monctl data inspect --local FOLDER")
		}
		if first == "" {
			first, p.Path, p.Mount, p.FileSystem = f.id, f.real, f.mount, f.fs
		}
		if f.id == first {
			p.Sources = append(p.Sources, s)
		} else {
			p.Others = append(p.Others, s)
		}
	}
	if first == "" {
		return p, nil, fault.With(fmt.Errorf("%w: %s", errMissing, strings.Join(missing, ", ")),
			"It was moved or deleted, or its disk is not mounted: systemctl list-units --failed '*.mount'")
	}
	return p, nil, nil
}

var errMissing = errors.New("the folder does not exist")
