package facts

import (
	"strconv"
	"strings"
	"time"
)

// system reads the small files of /etc, /proc and /sys.
func (p *parser) system() {
	f := &p.f
	f.OS = parseOS(p.files["/etc/os-release"])
	f.BootID = p.line("/proc/sys/kernel/random/boot_id")
	status := fields(p.files["/proc/self/status"])
	if uid := strings.Fields(status["Uid"]); len(uid) == 4 {
		if n, err := strconv.Atoi(uid[1]); err == nil { // the effective one
			f.UID = n
		}
	}
	memory := fields(p.files["/proc/meminfo"])
	f.Memory = Memory{Total: kibibytes(memory["MemTotal"]), Available: kibibytes(memory["MemAvailable"])}
	f.CPUs = countRanges(p.line("/sys/devices/system/cpu/online"))
	if up, _, ok := strings.Cut(p.line("/proc/uptime"), " "); ok {
		if seconds, err := strconv.ParseFloat(up, 64); err == nil && seconds >= 0 && seconds < 1e9 {
			f.Clock.Uptime = time.Duration(seconds * float64(time.Second))
		}
	}
	f.Clock.RTCLocal = rtcLocal(p.files["/etc/adjtime"])
	f.SELinux = p.selinux()
	f.AppArmor = map[string]Tri{"Y": Yes, "N": No}[p.line("/sys/module/apparmor/parameters/enabled")]
	if f.AppArmor == Unknown && f.CPUs > 0 {
		f.AppArmor = No // as with SELinux
	}
	if strings.Contains(p.files["/etc/ufw/ufw.conf"], "\nENABLED=yes") {
		f.Firewall = append(f.Firewall, "ufw")
	}
	p.virt()
}

// selinux: the file is there exactly when SELinux is enabled, so its absence on a host whose /sys could be read at all
// means disabled.
func (p *parser) selinux() string {
	switch p.line("/sys/fs/selinux/enforce") {
	case "1":
		return "enforcing"
	case "0":
		return "permissive"
	}
	if p.f.CPUs > 0 {
		return "disabled"
	}
	return ""
}

// virt prefers the container to the machine around it. The vendors are those of systemd's detect-virt table
// (src/basic/virt.c, dmi_vendor_table).
func (p *parser) virt() {
	if p.f.Virt == "" {
		p.f.Virt = p.line("/run/systemd/container")
	}
	if p.f.Virt != "" {
		return
	}
	vendor, product := p.line("/sys/class/dmi/id/sys_vendor"), p.line("/sys/class/dmi/id/product_name")
	if product == "KVM" {
		p.f.Virt = "KVM"
		return
	}
	for _, v := range []string{
		"Amazon EC2", "QEMU", "VMware", "VMW", "innotek GmbH", "VirtualBox", "Xen", "Bochs", "Parallels", "BHYVE",
		"Hyper-V", "Apple Virtualization", "Google Compute Engine", "Microsoft Corporation", "OpenStack", "DigitalOcean",
		"Hetzner", "Alibaba Cloud",
	} {
		if strings.HasPrefix(vendor, v) || strings.HasPrefix(product, v) {
			p.f.Virt = strings.TrimSpace(vendor + " " + product)
			return
		}
	}
}

// line is the first line of a file that was read, "" otherwise.
func (p *parser) line(path string) string {
	first, _, _ := strings.Cut(p.files[path], "\n")
	return strings.TrimSpace(first)
}

// parseOS reads os-release(5): KEY=value in sh syntax, of which quotes are all that occurs.
func parseOS(content string) OS {
	values := map[string]string{}
	for line := range strings.Lines(content) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		values[key] = value
	}
	return OS{ID: values["ID"], Like: values["ID_LIKE"], VersionID: values["VERSION_ID"], Name: values["PRETTY_NAME"]}
}

// fields reads "Name:   value" lines.
func fields(content string) map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(content) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			out[name] = strings.TrimSpace(value)
		}
	}
	return out
}

// kibibytes reads "16303428 kB" of /proc/meminfo, whose kB are KiB (proc(5)), into bytes.
func kibibytes(value string) uint64 {
	n, _ := strconv.ParseUint(strings.TrimSuffix(value, " kB"), 10, 54)
	return n << 10
}

// countRanges counts "0-3,5": the list format of Linux' cpumasks.
func countRanges(list string) int {
	count := 0
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		a, err := strconv.ParseUint(first, 10, 16)
		b := a
		if isRange && err == nil {
			b, err = strconv.ParseUint(last, 10, 16)
		}
		if err != nil || b < a {
			return 0
		}
		count += int(b-a) + 1
	}
	return count
}

// rtcLocal reads the third line of adjtime(5); without the file the hardware clock is taken to be UTC by everyone.
func rtcLocal(adjtime string) Tri {
	lines := strings.Split(adjtime, "\n")
	if len(lines) < 3 {
		return Unknown
	}
	return map[string]Tri{"LOCAL": Yes, "UTC": No}[strings.TrimSpace(lines[2])]
}

// leadingInt reads the digits that word begins with; 0 without any.
func leadingInt(word string) int {
	end := 0
	for end < len(word) && end < 9 && word[end] >= '0' && word[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(word[:end])
	return n
}
