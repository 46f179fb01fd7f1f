package facts

import (
	"slices"
	"strconv"
	"strings"
)

// disk reads "path|type|block size|blocks|available|inodes|free inodes" of `stat -f`.
func (p *parser) disk(line string) {
	words := strings.Split(line, "|")
	if len(words) != 7 {
		return
	}
	var n [5]uint64
	for i, word := range words[2:] {
		v, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			return
		}
		n[i] = v
	}
	p.f.Disks = append(p.f.Disks, Disk{
		Path: words[0], Type: words[1], Total: n[0] * n[1], Avail: n[0] * n[2], Inodes: n[3], InodesFree: n[4],
	})
}

// mounts adds what /proc/self/mounts knows (proc(5), fstab(5)): the last mount on the longest path wins. A path behind a
// symbolic link is attributed to the file system of the link; its sizes are right all the same.
func (p *parser) mounts() {
	for i := range p.f.Disks {
		d := &p.f.Disks[i]
		for line := range strings.Lines(p.files["/proc/self/mounts"]) {
			words := strings.Fields(line)
			if len(words) < 4 {
				continue
			}
			point := unescapeMount.Replace(words[1])
			if len(point) < len(d.Mount) || !covers(point, d.Path) {
				continue
			}
			d.Device, d.Mount, d.Type = words[0], point, words[2]
			options := strings.Split(words[3], ",")
			d.ReadOnly = slices.Contains(options, "ro")
			d.NoExec = slices.Contains(options, "noexec")
			d.NoSUID = slices.Contains(options, "nosuid")
		}
	}
}

var unescapeMount = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

func covers(point, path string) bool {
	return point == "/" || path == point || strings.HasPrefix(path, point+"/")
}

// Disk gives the file system of one of Options.Paths.
func (f Facts) Disk(path string) (Disk, bool) {
	for _, d := range f.Disks {
		if d.Path == path {
			return d, true
		}
	}
	return Disk{}, false
}
