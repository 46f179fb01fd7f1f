// Package facts says what a host is: system, architecture, clock, disks, network and who listens on it, gathered
// by one script that changes nothing on the host. What cannot be found out is left at its zero value, which means
// "unknown" for every field, and is never an error. The package judges nothing and knows nothing of any component.
package facts

import (
	"net/netip"
	"time"
)

// Facts is what one host said about itself at one moment.
type Facts struct {
	OS         OS
	Kernel     string // release, `uname -r`: "6.1.0-18-amd64"
	Machine    string // `uname -m`: "x86_64", "aarch64", "armv7l", "armv8l"
	Bits       int    // word size of the userland, 32 or 64; 0 is unknown
	Arch       string // release architecture: "amd64", "arm64", "armv7"; "" when no release fits
	ArchReason string // how Arch was found, or why it is empty
	Hostname   string
	BootID     string // changes with every boot
	UID        int    // of the script; -1 is unknown
	CPUs       int    // online
	Memory     Memory
	Systemd    Systemd
	Tools      map[string]string // name to path, of those that were found
	Disks      []Disk            // in the order of Options.Paths; paths that do not exist are left out
	Clock      Clock
	SELinux    string // "enforcing", "permissive", "disabled"; "" is unknown
	AppArmor   Tri
	Virt       string       // "systemd-nspawn", "docker", "KVM", "VMware Virtual Platform"; "" is unknown or bare metal
	Addresses  []netip.Addr // the host's own, without loopback and link-local ones
	Interface  string       // of the default route
	Firewall   []string     // active ones of "nftables", "firewalld", "ufw", "iptables"
	SSHClient  string       // address the login came from, as the host sees it

	Listeners     []Listener // with Options.Listeners
	ListenersRead bool       // false: Listeners says nothing
	Units         []Unit     // with Options.Units
	UnitsRead     bool       // false: Units says nothing
	Internet      Tri        // with Options.Internet
}

// OS is what /etc/os-release says.
type OS struct {
	ID        string // "debian", "ubuntu", "rocky"
	Like      string // ID_LIKE: "rhel centos fedora"
	VersionID string // "12", "24.04"; "" on rolling releases
	Name      string // PRETTY_NAME: "Debian GNU/Linux 12 (bookworm)"
}

// Memory is in bytes.
type Memory struct{ Total, Available uint64 }

// Systemd says whether systemd is in charge of the host.
type Systemd struct {
	PID1    Tri
	Version int    // 252; 0 is unknown
	State   string // "running", "degraded"; with Options.Units only
}

// Disk is the file system that a path lies on. Sizes are in bytes.
type Disk struct {
	Path, Mount, Type        string // "/opt", "/", "ext4"
	Device                   string
	Total, Avail             uint64 // Avail is what an unprivileged user may still fill
	Inodes, InodesFree       uint64 // 0 of 0 on file systems without a fixed number
	ReadOnly, NoExec, NoSUID bool
}

// Clock is what time the host believes it is.
type Clock struct {
	Time           time.Time     // the host's, with its UTC offset
	Zone           string        // abbreviation: "UTC", "CET"
	Uptime         time.Duration // since boot
	RTCLocal       Tri           // the hardware clock keeps local time
	Daemons        []string      // running time daemons, by unit name without ".service"
	Synced         Tri           // as far as the kernel or the daemon says so without being asked over a socket
	Sent, Received time.Time     // this machine's clock just before and just after the host read Time
}

// Listener is one socket that accepts connections or datagrams.
type Listener struct {
	Network string         // "tcp" or "udp"
	Address netip.AddrPort // unspecified address for all
	PID     int            // 0 is unknown
	Process string         // short name
	Command string         // whole command line
	Unit    string         // owning systemd unit: "ssh.service"
}

// Unit is a service as systemd sees it.
type Unit struct {
	Name         string // "prometheus.service"
	Load         string // "loaded", "not-found", "masked"
	Active       string // "active", "inactive", "failed", "activating"
	Sub          string // "running", "exited", "dead"
	Enabled      string // "enabled", "disabled", "static"; "" is unknown
	FragmentPath string
	MainPID      int
}

// Tri is an answer that may be missing; unknown is never yes.
type Tri int8

// The three answers.
const (
	Unknown Tri = iota
	Yes
	No
)

// String gives "unknown", "yes" or "no".
func (t Tri) String() string {
	switch t {
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "unknown"
}

// MarshalText gives the same words to JSON.
func (t Tri) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads them back; any other word is unknown.
func (t *Tri) UnmarshalText(b []byte) error {
	*t = triOfWord(string(b))
	return nil
}
