// Package apt drives the machine's Debian package tools: it reads where the
// machine gets its packages, installs missing programs, and downloads packages
// of other architectures and suites without touching the machine's own lists.
//
// Repository addresses always come from the machine's own sources. None is
// written down here, so the lab works behind any company's mirror.
package apt

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Source is one repository of the machine.
type Source struct {
	URI      string
	Suites   []string
	SignedBy string // keyring file, empty for apt's trusted keys
}

// Own finds the repository that the machine's own release comes from.
// The error says what was looked for and where.
func Own(etcDir string) (Source, string, error) {
	codename, err := codename(filepath.Join(etcDir, "os-release"))
	if err != nil {
		return Source{}, "", err
	}
	sources, err := readSources(filepath.Join(etcDir, "apt"))
	if err != nil {
		return Source{}, "", err
	}
	for _, s := range sources {
		if slices.Contains(s.Suites, codename) {
			return s, codename, nil
		}
	}
	return Source{}, "", fmt.Errorf("apt: find repository: no source under %s/apt offers %q main; the lab needs a Debian machine", etcDir, codename)
}

func codename(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("apt: read release of this machine: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VERSION_CODENAME="); ok {
			return strings.Trim(strings.TrimSpace(value), `"`), nil
		}
	}
	return "", fmt.Errorf("apt: read release of this machine: no VERSION_CODENAME in %s; the lab needs a Debian machine", path)
}

func readSources(dir string) ([]Source, error) {
	paths := []string{filepath.Join(dir, "sources.list")}
	more, err := filepath.Glob(filepath.Join(dir, "sources.list.d", "*"))
	if err != nil {
		return nil, fmt.Errorf("apt: list sources: %w", err)
	}
	var all []Source
	for _, path := range append(paths, more...) {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("apt: read sources: %w", err)
		}
		if strings.HasSuffix(path, ".sources") {
			all = append(all, parseStanzas(string(text))...)
		} else {
			all = append(all, parseLines(string(text))...)
		}
	}
	return all, nil
}

// parseStanzas reads the deb822 form: fields in paragraphs.
func parseStanzas(text string) []Source {
	var all []Source
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		fields := map[string]string{}
		for line := range strings.Lines(paragraph) {
			name, value, ok := strings.Cut(line, ":")
			if ok && !strings.HasPrefix(line, "#") {
				fields[strings.ToLower(name)] = strings.TrimSpace(value)
			}
		}
		uris := strings.Fields(fields["uris"])
		if len(uris) == 0 || !slices.Contains(strings.Fields(fields["components"]), "main") ||
			!slices.Contains(strings.Fields(fields["types"]), "deb") || fields["enabled"] == "no" {
			continue
		}
		all = append(all, Source{URI: uris[0], Suites: strings.Fields(fields["suites"]), SignedBy: fields["signed-by"]})
	}
	return all
}

// parseLines reads the older form: deb [options] URI suite component...
func parseLines(text string) []Source {
	var all []Source
	for scan := bufio.NewScanner(strings.NewReader(text)); scan.Scan(); {
		line, ok := strings.CutPrefix(strings.TrimSpace(scan.Text()), "deb ")
		if !ok {
			continue
		}
		options := ""
		if rest, found := strings.CutPrefix(strings.TrimSpace(line), "["); found {
			options, line, _ = strings.Cut(rest, "]")
		}
		words := strings.Fields(line)
		if len(words) < 3 || !slices.Contains(words[2:], "main") {
			continue
		}
		source := Source{URI: words[0], Suites: words[1:2]}
		for option := range strings.FieldsSeq(options) {
			if key, found := strings.CutPrefix(option, "signed-by="); found {
				source.SignedBy = key
			}
		}
		all = append(all, source)
	}
	return all
}
