package facts

import "fmt"

// archOf says which releases run on a host. The userland decides, not the kernel: a 64-bit ARM kernel with a 32-bit
// userland (Raspberry Pi OS, containers that call themselves armv8l) has no 64-bit C library for what is not static.
func archOf(machine string, bits int) (arch, reason string) {
	switch machine {
	case "":
		return "", "the host did not say what machine it is"
	case "x86_64", "amd64":
		if bits == 32 {
			return "", "32-bit userland on a 64-bit x86 kernel: there are no 32-bit x86 releases"
		}
		arch = "amd64"
	case "aarch64", "arm64":
		if arch = "arm64"; bits == 32 {
			return "armv7", fmt.Sprintf("32-bit userland on a 64-bit kernel (%s)", machine)
		}
	case "armv8l", "armv8b", "armv7l", "armv7hl":
		if machine == "armv8b" {
			return "", "big-endian ARM: there are no releases for it"
		}
		return "armv7", fmt.Sprintf("machine is %s: 32-bit ARM", machine)
	default:
		return "", fmt.Sprintf("machine is %s: there are no releases for it", machine)
	}
	if bits == 0 {
		return arch, fmt.Sprintf("machine is %s; the word size of the userland is unknown", machine)
	}
	return arch, fmt.Sprintf("machine is %s with a %d-bit userland", machine, bits)
}
