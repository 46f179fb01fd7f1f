package ui

// HostKey is the key a host shows.
type HostKey struct {
	Host        string `json:"host"`
	Name        string `json:"name"` // as known_hosts has it
	Type        string `json:"key_type"`
	Fingerprint string `json:"fingerprint"`
	Known       bool   `json:"known"`
	File        string `json:"file"` // where it is or would be recorded
}

// HostKeys prints keys with their fingerprints.
func (u *UI) HostKeys(keys []HostKey) {
	var rows [][]string
	for _, k := range keys {
		u.Emit("host_key", k)
		state := u.paint.yellow("new")
		if k.Known {
			state = u.paint.dim("known")
		}
		rows = append(rows, []string{k.Host, state, k.Type, k.Fingerprint})
	}
	if len(rows) > 0 {
		u.Table([]string{"HOST", "", "KEY", "FINGERPRINT"}, rows)
	}
}
