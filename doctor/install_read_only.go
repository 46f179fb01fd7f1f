package doctor

func installReadOnly() Check {
	const id = "install/read-only"
	return Check{
		ID:    id,
		Title: "the disks of the stack can be written to",
		Judge: perHost(id, judgeReadOnly),
		Doc: Doc{
			Symptom:  "`read-only file system` in the journal of every component that stores something.",
			Cause:    "The kernel made the file system read-only after an I/O error (errors=remount-ro), or it is mounted so.",
			Evidence: "The option `ro` of the mount that holds a component's data, in /proc/self/mounts.",
			Fix:      "Read `dmesg` for the I/O error first; check the disk and the file system, then mount it again.",
			Risk:     "writing to a failing disk loses more; copy the data first",
			Source:   "mount(8), ext4(5) errors=",
		},
	}
}

func judgeReadOnly(h Host) []Finding {
	var all []Finding
	for _, c := range h.Components {
		dir := c.dataDir()
		m, ok := h.Mount(dir)
		if dir == "" || !ok || !m.ReadOnly {
			continue
		}
		all = append(all, Finding{
			Component: c.Name, Level: Fail, Title: "the data of " + c.Name + " lies on a read-only file system", Cause: "an I/O error made the kernel stop writing, or it is mounted read-only",
			Fix: "dmesg | grep -i -e error -e remount, before anything is mounted again", Evidence: []Evidence{Says("data", dir), Says("mount", m.Path+" "+m.Type+" ro")},
		})
	}
	return all
}
