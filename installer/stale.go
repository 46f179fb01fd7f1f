package installer

import (
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
)

// stale lists what monctl once put on a host and the inventory does not want there any more, by the host's own manifests:
// whole components, which go before anything else so that their ports are free, and single files of components
// that stay, which go last, when nothing refers to them any more. Data stays, and is named.
func stale(host string, manifests []desired.Manifest, on []desired.Instance, wanted []resource.Resource) (first, last []resource.Resource, kept []Kept) {
	keys := map[string]bool{}
	for _, r := range wanted {
		keys[r.Key()] = true
	}
	for _, m := range manifests {
		n := slices.IndexFunc(on, func(i desired.Instance) bool { return i.Component.Name == m.Component })
		if n < 0 {
			first = append(first, gone(m, false)...)
			if m.Data != "" {
				kept = append(kept, Kept{host, m.Component, m.Data})
			}
			continue
		}
		for _, path := range m.Files {
			file := resource.File{Path: path}
			// What lies in a data folder that is not in use any more belongs to that data.
			ours := strings.HasPrefix(path, m.Config+"/") || m.Data != "" && m.Data == on[n].Data && strings.HasPrefix(path, m.Data+"/")
			if ours && !keys[file.Key()] {
				last = append(last, resource.Gone{Path: path})
			}
		}
	}
	return first, last, kept
}
