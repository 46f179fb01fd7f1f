package desired

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/templates"
)

// Random draws a new secret of 32 letters and digits. It is given from outside, so that everything here stays pure.
type Random func() string

// Resources lists what should be on a host, in the order in which it depends on each other: all unit files first, so that
// systemd reads them once, then component by component, so that the first one runs while the next is unpacked.
func (s *Stack) Resources(host string, random Random) ([]resource.Resource, error) {
	instances := s.On(host)
	if len(instances) == 0 {
		return nil, nil
	}
	list := []resource.Resource{
		rootDir(templates.ReleaseRoot), rootDir(templates.ConfigRoot), rootDir(templates.DataRoot),
		resource.Dir{Path: templates.StateRoot, Owner: "root", Group: "root", Mode: 0o700},
		resource.Dir{Path: templates.StateRoot + "/components", Owner: "root", Group: "root", Mode: 0o700},
	}
	var units, rest []resource.Resource
	for _, i := range instances {
		unit, own, err := s.instanceResources(i, random)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", host, i.Component.Name, err)
		}
		units = append(units, unit)
		rest = append(rest, own...)
	}
	return slices.Concat(list, units, rest), nil
}

func rootDir(name string) resource.Dir {
	return resource.Dir{Path: name, Owner: "root", Group: "root", Mode: 0o755}
}

// instanceResources lists what one instance needs, its unit file apart. Its service is the last.
func (s *Stack) instanceResources(i Instance, random Random) (resource.File, []resource.Resource, error) {
	user := i.User()
	list := []resource.Resource{
		resource.User{Name: user, Groups: i.Component.Groups},
		rootDir(path.Dir(i.Current())),
		resource.Dir{Path: i.Config(), Owner: "root", Group: user, Mode: 0o750},
	}
	if i.Data != "" {
		list = append(list, resource.Dir{Path: i.Data, Owner: user, Group: user, Mode: 0o750, Keep: true})
	}
	pinned, err := i.release()
	if err != nil {
		return resource.File{}, nil, err
	}
	list = append(list, pinned)
	files, err := s.files(i)
	if err != nil {
		return resource.File{}, nil, err
	}
	secrets, err := i.secrets(random)
	if err != nil {
		return resource.File{}, nil, err
	}
	unit, err := i.unitFile(s)
	if err != nil {
		return resource.File{}, nil, err
	}
	if i.Component.Check != "" {
		list = append(list, resource.Check{Dir: i.Config(), Command: strings.ReplaceAll(i.Component.Check, "$release", i.ReleaseDir()), Release: pinned.Key()})
	}
	list = append(list, dirsOf(i.Config(), user, files)...)
	service := i.service(unit)
	for _, f := range append(files, secrets...) {
		list = append(list, f.File)
		switch f.effect {
		case "reload":
			service.Reload = append(service.Reload, f.Key())
		case "restart":
			service.Restart = append(service.Restart, f.Key())
		}
	}
	link := resource.Link{Path: i.Current(), Target: i.Release.Version}
	service.Restart = append(service.Restart, unit.Key(), link.Key(), pinned.Key())
	return unit, append(list, link, i.manifest(), service), nil
}

// effectFile is a file and what a change of it means for the service.
type effectFile struct {
	resource.File
	effect string
}

func (i Instance) release() (resource.Release, error) {
	file, ok := i.File()
	if !ok {
		return resource.Release{}, fault.With(fmt.Errorf("%s %s is not published for %s", i.Component.Name, i.Release.Version, orUnknown(i.Arch)),
			"Choose another version (monctl catalog %s), or take the component off this host.", i.Component.Name)
	}
	machine := string(i.Arch)
	if _, exact := i.Release.Files[i.Arch]; !exact {
		machine = "" // one file for every machine
	}
	return resource.Release{Dir: i.ReleaseDir(), Mark: file.SHA256, Binaries: i.Component.Release.Binaries, Machine: machine}, nil
}

func orUnknown(arch templates.Arch) string {
	if arch == "" {
		return "an unknown machine"
	}
	return string(arch)
}

// SecretPath is where a secret is on the host: with the data when there is any, because the data may have been made with
// it and outlives the configuration.
func (i Instance) SecretPath(name string) string {
	if i.Data != "" {
		return i.Data + "/" + name
	}
	return i.Config() + "/" + name
}

// secrets are readable by the component alone. A generated one is drawn here and written only where none is.
func (i Instance) secrets(random Random) ([]effectFile, error) {
	var files []effectFile
	for _, s := range i.Component.Secrets {
		f := resource.File{
			Path: i.SecretPath(s.Name), Owner: i.User(), Group: i.User(), Mode: 0o600, Secret: true, Once: true,
		}
		switch given := i.Set[s.Setting].(type) {
		case inventory.Secret:
			value, err := given.Resolve()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.Setting, err)
			}
			if value == "" || strings.ContainsAny(value, "\n\r\x00") {
				return nil, fault.Misuse(fmt.Errorf("%s: the secret is empty or has a line break", s.Setting), "Give it one line of text.")
			}
			f.Content, f.Once = []byte(value), false
		case nil:
			f.Content = []byte(random())
		default:
			return nil, errors.New(s.Setting + ": not a secret")
		}
		files = append(files, effectFile{f, "restart"})
	}
	return files, nil
}

func (i Instance) service(unit resource.File) resource.Service {
	return resource.Service{
		Unit: path.Base(unit.Path), Exe: i.ReleaseDir() + "/" + i.Component.Exec[0], Releases: path.Dir(i.Current()),
	}
}

// dirsOf lists the folders below the configuration folder that files need, parents first.
func dirsOf(config, group string, files []effectFile) []resource.Resource {
	var dirs []string
	for _, f := range files {
		for dir := path.Dir(f.Path); dir != config && strings.HasPrefix(dir, config+"/"); dir = path.Dir(dir) {
			if !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	slices.Sort(dirs)
	var list []resource.Resource
	for _, dir := range dirs {
		list = append(list, resource.Dir{Path: dir, Owner: "root", Group: group, Mode: 0o750})
	}
	return list
}

// Manifest is what monctl leaves on a host about a component, so that status, uninstall and other tools know what is
// there without the inventory.
type Manifest struct {
	Component string `json:"component"`
	Version   string `json:"version"`
	Arch      string `json:"arch"`
	Port      int    `json:"port"`
	Address   string `json:"address"` // for requests on the host itself
	Ready     string `json:"ready"`
	Unit      string `json:"unit"`
	User      string `json:"user"`
	Config    string `json:"config"`
	Data      string `json:"data,omitempty"`
	Release   string `json:"release"`
}

// ManifestPath is where the manifest of a component is.
func ManifestPath(component string) string {
	return templates.StateRoot + "/components/" + component + ".json"
}

func (i Instance) manifest() resource.File {
	m := Manifest{
		Component: i.Component.Name, Version: i.Release.Version, Arch: string(i.Arch), Port: i.Port, Address: i.Local(),
		Ready: i.Component.Ready, Unit: i.Unit(), User: i.User(), Config: i.Config(), Data: i.Data,
		Release: path.Dir(i.Current()),
	}
	b, err := json.Marshal(m)
	if err != nil {
		b = nil // a struct of strings and numbers always encodes
	}
	return rootFile(ManifestPath(i.Component.Name), "root", 0o600, append(b, '\n'))
}

func rootFile(name, group string, mode fs.FileMode, content []byte) resource.File {
	return resource.File{Path: name, Owner: "root", Group: group, Mode: mode, Content: content}
}
