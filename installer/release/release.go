// Package release decides which published files make up a version of a component, what their sums are and who
// vouches for them, and turns a file into the payload that is streamed to hosts. The parts below it each do one
// thing: web asks servers, cache keeps verified files, archive looks inside them, lock remembers what was chosen.
// It knows nothing of hosts, of the inventory or of what a component does.
package release

import (
	"github.com/monctl/monctl/installer/release/lock"
	"github.com/monctl/monctl/templates"
)

// Component is what the resolver needs to know of a component: its name, where it is published and the sums
// that are known, the catalogue's merged with the operator's own.
type Component struct {
	Name string
	Spec templates.Release
	Pins templates.Pins
}

// Release is one version of a component with a verified sum for every machine asked for.
type Release struct {
	Component string
	Version   string
	Build     string // Grafana's build id; "" elsewhere
	Files     map[templates.Arch]File
}

// File is one published file. It is all that a host needs to fetch it by itself: From and SHA256.
type File struct {
	Name    string
	URL     string // upstream's own address; this one goes into the lock file
	From    string // where to download it: URL, or the mirror's address
	SHA256  string // 64 hex digits, lower case
	Sources int    // independent origins in the catalogue that state the sum; 0 when none does
	Trust   lock.Trust
	Locked  bool // the lock file states the sum
}

// Locked gives the lock file's entry for the release.
func (r Release) Locked() lock.Entry {
	e := lock.Entry{Version: r.Version, Build: r.Build, Files: make(map[templates.Arch]lock.Sum, len(r.Files))}
	for arch, f := range r.Files {
		e.Files[arch] = lock.Sum{URL: f.URL, SHA256: f.SHA256, Trust: f.Trust}
	}
	return e
}

// Payload is what is streamed to a host: a tar.gz whose content was checked, on this machine's disk.
type Payload struct {
	Path     string
	Size     int64    // bytes
	SHA256   string   // of the tar.gz, which is not the published file when that is a zip, a binary or a jar
	Strip    int      // leading path components to drop while unpacking, 0 or 1
	Binaries []string // paths below the unpacked folder that become 0755
}
