package doctor

import (
	"fmt"
	"slices"

	"github.com/monctl/monctl/fleet/facts"
)

// From these shares of free space on, and below these sizes, a file system of the stack is worth a word. node-mixin
// warns at 5 % and calls 3 % critical; a large disk with gigabytes left is not full at 4 %.
const (
	diskWarnShare, diskFailShare = 0.05, 0.01
	diskPlenty                   = 20 << 30 // bytes free that are never a warning
	diskNothing                  = 64 << 20 // bytes free that are as good as none, on disks above 1 GiB
	diskSmall                    = 1 << 30
)

func installDisk() Check {
	const id = "install/disk"
	return Check{
		ID:    id,
		Title: "there is room on the disks of the stack",
		Judge: perHost(id, judgeDisk),
		Doc: Doc{
			Symptom:  "`no space left on device` in the journal; WAL not written, compaction fails, Grafana cannot save; installs fail half-way.",
			Cause:    "The file system of the data, of /, /var, /opt or /tmp is full or nearly so.",
			Evidence: "statfs: free bytes for an unprivileged user of the total. A warning below 5 % (and below 20 GiB), a failure below 1 % or 64 MiB.",
			Fix:      "Free space elsewhere first (`journalctl --vacuum-size=500M`, package caches); then lower the retention. Prometheus needs room to compact before it can free any.",
			Risk:     "vacuuming loses old log lines",
			Source:   "node_exporter docs/node-mixin NodeFilesystemAlmostOutOfSpace; Prometheus docs storage.md",
		},
	}
}

func judgeDisk(h Host) []Finding {
	var all []Finding
	for _, m := range h.stackMounts() {
		if m.Total == 0 {
			continue
		}
		share := float64(m.Avail) / float64(m.Total)
		level := OK
		switch {
		case share < diskFailShare && m.Avail < diskPlenty, m.Avail < diskNothing && m.Total > diskSmall:
			level = Fail
		case share < diskWarnShare && m.Avail < diskPlenty:
			level = Warn
		}
		if level == OK {
			continue
		}
		all = append(all, Finding{
			Level: level, Tag: m.Path, Title: fmt.Sprintf("the disk of %s is nearly full: %s free", m.Path, percent(float64(m.Avail), float64(m.Total))),
			Cause:    "what is stored grew beyond the disk",
			Fix:      "du -xh --max-depth=2 " + m.Path + " | sort -h | tail, then free space or lower the retention",
			Evidence: []Evidence{Number("free on "+m.Path, float64(m.Avail), "bytes"), Number("size", float64(m.Total), "bytes")},
		})
	}
	return all
}

// stackMounts are the file systems that the stack writes to: of /, /var, /opt and /tmp, and of each component's data.
func (h Host) stackMounts() []facts.Disk {
	paths := []string{"/", "/var", "/opt", "/tmp"}
	for _, c := range h.Components {
		if dir := c.dataDir(); dir != "" {
			paths = append(paths, dir)
		}
	}
	var list []facts.Disk
	for _, p := range paths {
		m, ok := h.Mount(p)
		if ok && !slices.ContainsFunc(list, func(o facts.Disk) bool { return o.Path == m.Path }) {
			list = append(list, m)
		}
	}
	return list
}

// dataDir is where a component keeps what it collects, as far as its command line or monctl's own layout says; absolute, or "".
func (c Component) dataDir() string {
	for _, flag := range []string{"storage.tsdb.path", "storage.path", "homepath.data"} {
		if dir := c.Flags[flag]; dir != "" {
			if dir[0] == '/' {
				return dir
			}
			if c.Process.Dir != "" {
				return c.Process.Dir + "/" + dir
			}
		}
	}
	if c.Manifest != nil {
		return "/var/lib/monctl/" + c.Kind
	}
	switch c.Kind {
	case "grafana", "loki":
		return "/var/lib/" + c.Kind
	}
	return ""
}
