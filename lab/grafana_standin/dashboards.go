package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// provider is one entry of provisioning/dashboards/*.yaml.
type provider struct {
	Name                  string `yaml:"name"`
	OrgID                 int64  `yaml:"orgId"`
	Folder                string `yaml:"folder"`
	FolderUID             string `yaml:"folderUid"`
	Type                  string `yaml:"type"`
	DisableDeletion       bool   `yaml:"disableDeletion"`
	Editable              bool   `yaml:"editable"`
	AllowUIUpdates        bool   `yaml:"allowUiUpdates"`
	UpdateIntervalSeconds int64  `yaml:"updateIntervalSeconds"`
	Options               struct {
		Path                      string `yaml:"path"`
		FoldersFromFilesStructure bool   `yaml:"foldersFromFilesStructure"`
	} `yaml:"options"`
}

type providerFile struct {
	APIVersion int        `yaml:"apiVersion"`
	Providers  []provider `yaml:"providers"`
}

// dashboard is a provisioned dashboard; Body is its JSON as it was read.
type dashboard struct {
	ID                       int
	UID, Title, Slug, Folder string
	Tags                     []string
	File                     string
	Body                     map[string]any
}

func readProviders(dir string) ([]provider, error) {
	var all []provider
	err := eachYAML(dir, func(_ string, text []byte) error {
		var file providerFile
		if err := strict(text, &file); err != nil {
			return err
		}
		if file.APIVersion != 1 {
			return fmt.Errorf("apiVersion is %d, want 1", file.APIVersion)
		}
		for _, p := range file.Providers {
			if p.Name == "" || p.Options.Path == "" || p.Type != "file" && p.Type != "" {
				return fmt.Errorf("provider %q: want a name, type file and options.path", p.Name)
			}
			all = append(all, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("dashboard provisioning: %w", err)
	}
	return all, nil
}

// readDashboards reads the providers' folders. As in Grafana a bad dashboard is
// logged as an error and left out; it does not stop the others.
func readDashboards(providers []provider, sources []datasource, log *slog.Logger) []dashboard {
	var all []dashboard
	for _, p := range providers {
		err := filepath.WalkDir(p.Options.Path, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || filepath.Ext(path) != ".json" {
				return err
			}
			d, err := readDashboard(path)
			if err != nil {
				log.Error("failed to load dashboard from", "file", path, "error", err)
				return nil
			}
			d.ID, d.Folder = len(all)+1, p.Folder
			for _, missing := range unbound(d.Body, sources) {
				log.Error("dashboard refers to a datasource that does not exist", "file", path, "datasource", missing)
			}
			all = append(all, d)
			return nil
		})
		if err != nil {
			log.Error("cannot read directory", "provider", p.Name, "error", err)
		}
	}
	return all
}

func readDashboard(path string) (dashboard, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return dashboard{}, err
	}
	d := dashboard{File: filepath.Base(path)}
	if err := json.Unmarshal(text, &d.Body); err != nil {
		return d, err
	}
	d.UID, _ = d.Body["uid"].(string)
	d.Title, _ = d.Body["title"].(string)
	if d.Title == "" {
		return d, errors.New("dashboard title cannot be empty")
	}
	if d.UID == "" {
		return d, errors.New("dashboard has no uid; the stand-in wants one, so that links to it last")
	}
	tags, _ := d.Body["tags"].([]any)
	for _, tag := range tags {
		d.Tags = append(d.Tags, fmt.Sprint(tag))
	}
	d.Slug = strings.Trim(notSlug.ReplaceAllString(strings.ToLower(d.Title), "-"), "-")
	return d, nil
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// unbound lists the datasources that a dashboard names and nobody provides. A
// variable (${ds}) is bound later; "-- Grafana --" and the like are built in.
func unbound(value any, sources []datasource) []string {
	var missing []string
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if name := datasourceName(inner); key == "datasource" && name != "" && !bound(name, sources) {
				missing = append(missing, name)
			}
			missing = append(missing, unbound(inner, sources)...)
		}
	case []any:
		for _, inner := range v {
			missing = append(missing, unbound(inner, sources)...)
		}
	}
	return missing
}

// datasourceName takes both forms: {"type": ..., "uid": ...} and the older plain name.
func datasourceName(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case map[string]any:
		uid, _ := v["uid"].(string)
		return uid
	}
	return ""
}

func bound(name string, sources []datasource) bool {
	if strings.HasPrefix(name, "$") || strings.HasPrefix(name, "-- ") || name == "grafana" {
		return true
	}
	for _, d := range sources {
		if d.UID == name || d.Name == name {
			return true
		}
	}
	return false
}
