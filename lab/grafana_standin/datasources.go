package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// datasource is one entry of provisioning/datasources/*.yaml.
type datasource struct {
	OrgID           int64             `yaml:"orgId" json:"orgId"`
	OrgName         string            `yaml:"orgName" json:"-"`
	Version         int               `yaml:"version" json:"version"`
	Name            string            `yaml:"name" json:"name"`
	Type            string            `yaml:"type" json:"type"`
	Access          string            `yaml:"access" json:"access"`
	URL             string            `yaml:"url" json:"url"`
	User            string            `yaml:"user" json:"user"`
	Database        string            `yaml:"database" json:"database"`
	BasicAuth       bool              `yaml:"basicAuth" json:"basicAuth"`
	BasicAuthUser   string            `yaml:"basicAuthUser" json:"basicAuthUser"`
	WithCredentials bool              `yaml:"withCredentials" json:"withCredentials"`
	IsDefault       bool              `yaml:"isDefault" json:"isDefault"`
	Correlations    []map[string]any  `yaml:"correlations" json:"-"`
	JSONData        map[string]any    `yaml:"jsonData" json:"jsonData"`
	SecureJSONData  map[string]string `yaml:"secureJsonData" json:"-"`
	Editable        bool              `yaml:"editable" json:"-"`
	UID             string            `yaml:"uid" json:"uid"`

	ID       int64 `yaml:"-" json:"id"`
	ReadOnly bool  `yaml:"-" json:"readOnly"`
}

type datasourceFile struct {
	APIVersion        int          `yaml:"apiVersion"`
	Prune             bool         `yaml:"prune"`
	Datasources       []datasource `yaml:"datasources"`
	DeleteDatasources []struct {
		OrgID   int64  `yaml:"orgId"`
		OrgName string `yaml:"orgName"`
		Name    string `yaml:"name"`
	} `yaml:"deleteDatasources"`
}

// readDatasources reads the folder; any mistake in it is an error, as it is at
// Grafana's start. A folder that is not there is an empty one.
func readDatasources(dir string) ([]datasource, error) {
	var all []datasource
	err := eachYAML(dir, func(path string, text []byte) error {
		var file datasourceFile
		if err := strict(text, &file); err != nil {
			return err
		}
		if file.APIVersion != 1 {
			return fmt.Errorf("apiVersion is %d, want 1", file.APIVersion)
		}
		for _, d := range file.Datasources {
			if err := d.complete(); err != nil {
				return err
			}
			d.ID = int64(len(all) + 1)
			all = append(all, d)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("datasource provisioning: %w", err)
	}
	return all, unique(all)
}

// complete fills in Grafana's defaults and checks the rest.
func (d *datasource) complete() error {
	if d.Access == "" {
		d.Access = "proxy"
	}
	if d.OrgID == 0 {
		d.OrgID = 1
	}
	d.ReadOnly = !d.Editable
	switch {
	case d.Name == "":
		return errors.New("a datasource has no name")
	case d.Type == "":
		return fmt.Errorf("datasource %q has no type", d.Name)
	case d.Access != "proxy" && d.Access != "direct":
		return fmt.Errorf("datasource %q: access is %q, want proxy or direct", d.Name, d.Access)
	case len(d.UID) > 40:
		return fmt.Errorf("datasource %q: uid is longer than 40 characters", d.Name)
	}
	if d.UID == "" { // Grafana makes one from the name, too
		sum := sha256.Sum256([]byte(d.Name))
		d.UID = strings.ToUpper(fmt.Sprintf("P%x", sum[:8]))
	}
	var err error
	if d.URL, err = expand(d.URL); err != nil {
		return fmt.Errorf("datasource %q: url: %w", d.Name, err)
	}
	if u, err := url.Parse(d.URL); err != nil || d.URL != "" && u.Host == "" {
		return fmt.Errorf("datasource %q: url %q is not one", d.Name, d.URL)
	}
	return nil
}

func unique(all []datasource) error {
	names, uids, defaults := map[string]bool{}, map[string]bool{}, 0
	for _, d := range all {
		if names[d.Name] || uids[d.UID] {
			return fmt.Errorf("datasource provisioning: datasource %q (%s) is there twice", d.Name, d.UID)
		}
		names[d.Name], uids[d.UID] = true, true
		if d.IsDefault {
			defaults++
		}
	}
	if defaults > 1 {
		return errors.New("datasource provisioning: only one datasource per organization can be the default")
	}
	return nil
}

// eachYAML calls read for the .yaml and .yml files of a folder in order.
func eachYAML(dir string, read func(path string, text []byte) error) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(entry.Name())) {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := read(path, text); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// strict decodes YAML and refuses fields that the type does not have.
func strict(text []byte, into any) error {
	return yaml.UnmarshalWithOptions(text, into, yaml.Strict())
}
