package hosts

import (
	"fmt"
	"os"
	"strings"
)

// writeSSHFiles lets ssh, and monctl, reach the hosts by name with nothing asked.
func (l *Lab) writeSSHFiles() error {
	var config, known strings.Builder
	for _, h := range l.Hosts {
		fmt.Fprintf(&config, "Host %s\n  HostName %s\n\n", h.Name, h.Address)
		key, err := os.ReadFile(h.publicKey())
		if err != nil {
			return fmt.Errorf("lab %s: %s: read host key: %w", l.Name, h.Name, err)
		}
		fields := strings.Fields(string(key))
		if len(fields) < 2 {
			return fmt.Errorf("lab %s: %s: read host key: not a public key", l.Name, h.Name)
		}
		fmt.Fprintf(&known, "%s,%s %s %s\n", h.Name, h.Address, fields[0], fields[1])
	}
	fmt.Fprintf(&config, "Host *\n  User ubuntu\n  IdentityFile %s\n  IdentitiesOnly yes\n  UserKnownHostsFile %s\n  StrictHostKeyChecking yes\n",
		quoted(l.Key()), quoted(l.KnownHosts()))
	for path, text := range map[string]string{l.SSHConfig(): config.String(), l.KnownHosts(): known.String()} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return fmt.Errorf("lab %s: write SSH files: %w", l.Name, err)
		}
	}
	return nil
}

// quoted is a path as ssh_config takes it when it holds spaces.
func quoted(path string) string { return `"` + path + `"` }
