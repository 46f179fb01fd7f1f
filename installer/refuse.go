package installer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/facts"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
)

// unfit says why nothing can be installed on a host. Nothing has been touched then.
func unfit(host string, f facts.Facts) error {
	var missing []string
	for _, tool := range []string{"tar", "gzip", "sha256sum", "flock", "useradd"} {
		if f.Tools[tool] == "" {
			missing = append(missing, tool)
		}
	}
	switch {
	case f.Systemd.PID1 == facts.No:
		return fault.Refuse(fmt.Errorf("%s: systemd is not the init system of this host", host),
			"monctl installs systemd units. On hosts without systemd run the bundled monitor by hand, or take the host out of the inventory.")
	case f.Arch == "":
		return fault.Refuse(fmt.Errorf("%s: no release fits this machine: %s", host, f.ArchReason),
			"Releases exist for amd64, arm64 and armv7. Take the host out of the inventory.")
	case len(missing) > 0:
		return fault.Refuse(fmt.Errorf("%s: %s not found on the host", host, strings.Join(missing, ", ")),
			"Install the packages that bring them: tar, gzip, coreutils, util-linux, passwd (shadow-utils).")
	case f.UID > 0:
		return fault.Refuse(fmt.Errorf("%s: not root there (uid %d)", host, f.UID), "Log in as root, or let sudo be used: sudo: auto.")
	}
	for _, d := range f.Disks {
		switch {
		case d.ReadOnly && d.Path != "/tmp" && d.Path != "/":
			return fault.Refuse(fmt.Errorf("%s: %s is read-only (mounted from %s)", host, d.Path, d.Mount), "Remount it read-write: mount -o remount,rw %s", d.Mount)
		case d.NoExec && d.Path == "/opt":
			return fault.Refuse(fmt.Errorf("%s: /opt is mounted noexec (%s), and releases live there", host, d.Mount), "Remount it with exec: mount -o remount,exec %s", d.Mount)
		}
	}
	return nil
}

// conflicts finds ports that something else holds, so that nothing is touched before a person decided. A unit that the
// plan stops holds none.
func conflicts(host string, instances []desired.Instance, resources []resource.Resource, f facts.Facts) error {
	stops := func(unit string) bool {
		return unit != "" && slices.ContainsFunc(resources, func(r resource.Resource) bool { return r.Key() == resource.Stopped{Unit: unit}.Key() })
	}
	var errs []error
	for _, i := range instances {
		for _, l := range f.Listeners {
			if l.Network != "tcp" || !slices.Contains(i.Ports(), int(l.Address.Port())) || l.Unit == i.Unit() || stops(l.Unit) {
				continue
			}
			who := fmt.Sprintf("pid %d", l.PID)
			if l.Command != "" {
				who += " (" + l.Command + ")"
			}
			if l.Unit != "" {
				who += " of " + l.Unit
			}
			errs = append(errs, fmt.Errorf("%s: port %d that %s needs is held by %s", host, l.Address.Port(), i.Component.Name, who))
			break
		}
	}
	return fault.Refuse(errors.Join(errs...), "Nothing was touched. Stop that program, or give the component another port: (components: NAME: {port: N}).")
}

// unpackedPerByte is a cautious guess of how much a tar.gz of Go programs grows when it is unpacked.
const unpackedPerByte = 4

// space refuses a transfer that cannot fit: the archive below /var/lib, what is in it below /opt.
func space(host string, p plan.Plan, f facts.Facts) error {
	need := map[string]uint64{}
	for _, c := range p.Changes {
		if r, ok := c.Resource.(resource.Release); ok {
			need["/var/lib"] += uint64(r.Payload.Size)
			need["/opt"] += uint64(r.Payload.Size) * unpackedPerByte
		}
	}
	for _, d := range f.Disks {
		if n := need[d.Path]; n > 0 && d.Avail < n {
			return fault.Refuse(fmt.Errorf("%s: %s has %d MB left, and the releases need about %d MB there", host, d.Path, d.Avail>>20, n>>20),
				"Nothing was touched. Free space on %s of %s.", d.Mount, host)
		}
	}
	return nil
}
