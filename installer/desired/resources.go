package desired

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
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
		if unit != nil {
			units = append(units, *unit)
		}
		rest = append(rest, own...)
	}
	return slices.Concat(list, units, rest), nil
}

func rootDir(name string) resource.Dir {
	return resource.Dir{Path: name, Owner: "root", Group: "root", Mode: 0o755}
}

// instanceResources lists what one instance needs, its unit file apart. Its service is the last; without a program there
// is neither.
func (s *Stack) instanceResources(i Instance, random Random) (unit *resource.File, list []resource.Resource, err error) {
	user := i.User()
	if user != "root" {
		list = append(list, resource.User{Name: user, Groups: i.groups()})
	}
	list = append(list, rootDir(path.Dir(i.Current())), resource.Dir{Path: i.Config(), Owner: "root", Group: user, Mode: i.open(0o750)})
	if i.Data != "" {
		list = append(list, resource.Dir{Path: i.Data, Owner: user, Group: user, Mode: 0o750, Keep: true})
	}
	pinned, err := i.release()
	if err != nil {
		return nil, nil, err
	}
	list = append(list, pinned)
	files, err := s.files(i)
	if err != nil {
		return nil, nil, err
	}
	secrets, err := s.secrets(i, random)
	if err != nil {
		return nil, nil, err
	}
	files = append(files, secrets...)
	if i.Component.Check != "" {
		list = append(list, resource.Check{Dir: i.Config(), Command: strings.ReplaceAll(i.Component.Check, "$release", i.ReleaseDir()), Release: pinned.Key()})
	}
	list = append(list, i.dirsOf(files)...)
	for _, f := range files {
		list = append(list, f.File)
	}
	scripts, err := s.scripts(i, secrets)
	if err != nil {
		return nil, nil, err
	}
	list = append(list, scripts...)
	link := resource.Link{Path: i.Current(), Target: i.Release.Version}
	list = append(list, link, i.manifest(files))
	if !i.Component.Runs() {
		return nil, list, nil
	}
	file, err := i.unitFile(s)
	if err != nil {
		return nil, nil, err
	}
	restart := []string{file.Key(), link.Key(), pinned.Key()}
	if groups := i.groups(); len(groups) > 0 { // a process keeps the groups it started with
		restart = append(restart, resource.User{Name: user}.Key())
	}
	return &file, append(list, i.service(files, restart...)), nil
}

// groups are the supplementary groups of its user, with those that its setting groups adds.
func (i Instance) groups() []string {
	more, _ := i.Value("groups").([]string)
	return slices.Concat(i.Component.Groups, more)
}

// open adds what everybody may do with the configuration of a component without a program: another program reads it.
func (i Instance) open(mode fs.FileMode) fs.FileMode {
	if i.Component.Runs() {
		return mode
	}
	return mode | mode>>3&0o005
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

// secrets are readable by the component alone, or by root when systemd hands them over. A generated one is drawn here and
// written only where none is.
func (s *Stack) secrets(i Instance, random Random) ([]effectFile, error) {
	var files []effectFile
	for _, secret := range i.Component.Secrets {
		if !i.Has(secret) {
			continue
		}
		f := resource.File{Path: i.SecretPath(secret.Name), Owner: i.User(), Group: i.User(), Mode: 0o600, Secret: true, WithData: i.Data != ""}
		value := ""
		if given, ok := i.Value(secret.Setting).(inventory.Secret); ok {
			var err error
			if value, err = oneLine(given); err == nil && secret.URL {
				err = checkURL(value)
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", secret.Setting, err)
			}
		} else {
			value, f.Once = random(), s.rotate != i.Component.Name
		}
		f.Content = []byte(value)
		if secret.Env != "" {
			f.Content, f.Owner, f.Group = environmentLine(secret.Env, value), "root", "root"
		}
		files = append(files, effectFile{f, "restart"})
	}
	return files, nil
}

// oneLine resolves a secret and refuses what no file format here can hold.
func oneLine(secret inventory.Secret) (string, error) {
	value, err := secret.Resolve()
	if err != nil {
		return "", err
	}
	if value == "" || strings.ContainsAny(value, "\n\r\x00") {
		return "", fault.Misuse(errors.New("the secret is empty or has a line break"), "Give it one line of text.")
	}
	return value, nil
}

// checkURL does not say what it was given: that is a secret.
func checkURL(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsAny(value, " \t\"'<>") {
		return fault.Misuse(errors.New("the secret is not an http or https address"), "Copy the whole address, such as https://hooks.slack.com/services/T…/B…/….")
	}
	return nil
}

// environmentLine is one line of an EnvironmentFile= (systemd.exec(5)), which sh reads alike.
func environmentLine(name, value string) []byte {
	return []byte(name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(value) + "\"\n")
}

// SecretIn reads a secret out of its file's content.
func SecretIn(s templates.Secret, content string) string {
	content = strings.TrimRight(content, "\n")
	if s.Env == "" {
		return content
	}
	quoted := strings.TrimSuffix(strings.TrimPrefix(content, s.Env+`="`), `"`)
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, "\\`", "`", `\$`, `$`).Replace(quoted)
}

func (i Instance) service(files []effectFile, restart ...string) resource.Service {
	service := resource.Service{Unit: i.Unit(), Exe: i.ReleaseDir() + "/" + i.Component.Exec[0], Releases: path.Dir(i.Current())}
	for _, f := range files {
		switch f.effect {
		case "reload":
			service.Reload = append(service.Reload, f.Key())
		case "restart":
			service.Restart = append(service.Restart, f.Key())
		}
	}
	service.Restart = append(service.Restart, restart...)
	return service
}

// dirsOf lists the folders below the configuration folder that files need, parents first.
func (i Instance) dirsOf(files []effectFile) []resource.Resource {
	var dirs []string
	for _, f := range files {
		for dir := path.Dir(f.Path); dir != i.Config() && strings.HasPrefix(dir, i.Config()+"/"); dir = path.Dir(dir) {
			if !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	slices.Sort(dirs)
	var list []resource.Resource
	for _, dir := range dirs {
		list = append(list, resource.Dir{Path: dir, Owner: "root", Group: i.User(), Mode: i.open(0o750)})
	}
	return list
}

// Manifest is what monctl leaves on a host about a component, so that status, uninstall and other tools know what is
// there without the inventory.
type Manifest struct {
	Component string `json:"component"`
	Version   string `json:"version"`
	Arch      string `json:"arch"`
	Port      int    `json:"port,omitempty"`
	Address   string `json:"address,omitempty"` // for requests on the host itself
	Ready     string `json:"ready,omitempty"`
	Unit      string `json:"unit,omitempty"` // "" when it is files alone
	User      string `json:"user,omitempty"` // of its own; "" when it has none
	Config    string `json:"config"`
	Data      string `json:"data,omitempty"`
	Release   string `json:"release"`
	// InPlaceOf is what the inventory named when this was installed instead; it stays until somebody says otherwise.
	InPlaceOf []string `json:"in_place_of,omitempty"`
	// Files are those of its configuration and its secrets, so that one that is not wanted any more can be taken away.
	Files []string `json:"files,omitempty"`
}

// ManifestPath is where the manifest of a component is.
func ManifestPath(component string) string {
	return templates.StateRoot + "/components/" + component + ".json"
}

func (i Instance) manifest(files []effectFile) resource.File {
	m := Manifest{
		Component: i.Component.Name, Version: i.Release.Version, Arch: string(i.Arch), Config: i.Config(), Data: i.Data,
		Release: path.Dir(i.Current()), InPlaceOf: i.InPlaceOf,
	}
	if i.Component.Runs() {
		m.Port, m.Address, m.Ready, m.Unit = i.Port, i.Local(), i.Component.Ready, i.Unit()
	}
	if user := i.User(); user != "root" {
		m.User = user
	}
	for _, f := range files {
		m.Files = append(m.Files, f.Path)
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
