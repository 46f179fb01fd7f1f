// Package resource describes what should be on a host as plain data: users, directories, files, unpacked releases,
// links and services. A resource does nothing by itself; package look reads what is there, package plan compares,
// package apply changes. The package knows nothing of any component.
package resource

import "io/fs"

// Resource is one thing that should be on a host.
type Resource interface {
	// Key names the thing, for people and for references: "file /etc/monctl/prometheus/prometheus.yml".
	Key() string
}

// User is a system user with its own group, without a login shell and without a home.
type User struct {
	Name   string
	Groups []string // supplementary groups; those that a host lacks are skipped
}

// Dir is a directory.
type Dir struct {
	Path, Owner, Group string
	Mode               fs.FileMode
	Keep               bool // holds data: never removed by an undo or an uninstall unless purged
}

// Move is a data folder that another user takes over, at another place of the same file system or where it is. An undo brings it
// back with all that was written since.
type Move struct {
	From, To, Owner, Group string
	Mode                   fs.FileMode
}

// File is a regular file with its whole content.
type File struct {
	Path, Owner, Group string
	Mode               fs.FileMode
	Content            []byte
	Secret             bool // the content never appears in a diff or a log
	Once               bool // written when missing and then left as it is, whatever it holds
	WithData           bool // data beside it may depend on it: an undo leaves it where there is some
}

// Release is an unpacked release archive: a directory that is never changed once it is complete.
type Release struct {
	Dir      string   // /opt/monctl/prometheus/3.13.2
	Mark     string   // sha256 of the published file, hex; written into Dir when it is complete
	Binaries []string // paths inside Dir that must be executable
	Machine  string   // what the binaries must be for: "amd64", "arm64", "armv7"; "" is not checked
	// Payload says where the archive comes from. It is filled in when the plan shows that the host lacks it.
	Payload Payload
}

// Payload is a tar.gz for a host: a file of this machine that is streamed, or an address the host fetches itself.
type Payload struct {
	Path   string // file on this machine
	Size   int64  // bytes
	SHA256 string // hex, of the tar.gz
	Strip  int    // leading path elements to drop from each member
	URL    string // when set, the host downloads it; the leading directory is then found there
}

// Link is a symbolic link.
type Link struct{ Path, Target string }

// Check runs a command against a directory as it will be, before any of its files is replaced.
type Check struct {
	Dir     string // the configuration directory on the host
	Command string // sh, run in a scratch copy of Dir with the new files laid over it; non-zero refuses the change
	Release string // key of the release that brings the command: a new one is a reason to check, too
}

// Service is a systemd unit that is enabled and runs what its inputs say.
type Service struct {
	Unit string // "monctl-prometheus.service"
	Exe  string // what /proc/PID/exe must resolve to; another one below Releases is a process of an older release
	// Releases is the folder of all releases of the component. An executable outside of it is an interpreter or an
	// emulator and says nothing about the release.
	Releases string
	// Restart and Reload list keys of resources; a change of one of them restarts or reloads the unit.
	Restart, Reload []string
}

// Script is work that is neither a file nor a unit: an account in a database. It is idempotent and has no undo.
type Script struct {
	Name  string // "mysqld_exporter account"
	About string // for people: "account monctl in MySQL"
	Look  string // sh that ends with 0 when all is well, and else says why; it changes nothing
	Run   string // sh that makes it so
	// Env is an EnvironmentFile (NAME="value" lines) that Run gets; it is secret.
	Env   []byte
	After []string // keys of resources whose change is a reason to run
}

// Gone is a path that should not be there, of something monctl put there earlier.
type Gone struct {
	Path string
	Tree bool // a directory with all below it
}

// Purge is a data directory that is really deleted, with all below it; no undo brings it back.
type Purge struct{ Path string }

// Stopped is a unit that should neither run nor be enabled.
type Stopped struct{ Unit string }

// NoUser is a system user that should not exist any more.
type NoUser struct{ Name string }

// Key implements Resource.
func (r User) Key() string { return "user " + r.Name }

// Key implements Resource.
func (r Dir) Key() string { return "dir " + r.Path }

// Key implements Resource.
func (r Move) Key() string { return "move " + r.To }

// Key implements Resource.
func (r File) Key() string { return "file " + r.Path }

// Key implements Resource.
func (r Release) Key() string { return "release " + r.Dir }

// Key implements Resource.
func (r Link) Key() string { return "link " + r.Path }

// Key implements Resource.
func (r Check) Key() string { return "check " + r.Dir }

// Key implements Resource.
func (r Service) Key() string { return "service " + r.Unit }

// Key implements Resource.
func (r Script) Key() string { return "script " + r.Name }

// Key implements Resource.
func (r Gone) Key() string { return "gone " + r.Path }

// Key implements Resource.
func (r Purge) Key() string { return "purge " + r.Path }

// Key implements Resource.
func (r Stopped) Key() string { return "stopped " + r.Unit }

// Key implements Resource.
func (r NoUser) Key() string { return "no user " + r.Name }
