package desired

import (
	"maps"
	"slices"
	"strings"
)

// hardening is what every unit starts from (systemd.exec(5)). A component takes back what its work needs, by name.
func hardening() map[string]string {
	return map[string]string{
		"CapabilityBoundingSet":   "",
		"LockPersonality":         "yes",
		"NoNewPrivileges":         "yes",
		"PrivateDevices":          "yes",
		"PrivateTmp":              "yes",
		"ProtectClock":            "yes",
		"ProtectControlGroups":    "yes",
		"ProtectHome":             "yes",
		"ProtectHostname":         "yes",
		"ProtectKernelLogs":       "yes",
		"ProtectKernelModules":    "yes",
		"ProtectKernelTunables":   "yes",
		"ProtectSystem":           "strict",
		"RemoveIPC":               "yes",
		"RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
		"RestrictNamespaces":      "yes",
		"RestrictRealtime":        "yes",
		"RestrictSUIDSGID":        "yes",
		"SystemCallArchitectures": "native",
	}
}

// directives are the [Service] lines of an instance, sorted by name.
func directives(i Instance) []string {
	set := hardening()
	if i.Data != "" {
		set["ReadWritePaths"] = i.Data
	}
	if caps := strings.Join(i.Component.Unit.Capabilities, " "); caps != "" {
		set["CapabilityBoundingSet"], set["AmbientCapabilities"] = caps, caps
	}
	maps.Copy(set, i.Component.Unit.Service)
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		lines = append(lines, name+"="+set[name])
	}
	return lines
}
