package facts

// Parse reads what Script printed. Output that is not such a thing, or that is cut short, is an error.
func Parse(out string) (Facts, error) { return Facts{}, nil }

// Line describes a host in a few words: "Debian 12, arm64, 2.0 GiB free, clock ok".
func (f Facts) Line() string { return "" }
