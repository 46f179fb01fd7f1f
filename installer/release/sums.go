package release

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// sumLine is a line of a checksum file: 64 hex digits, then for all but a bare sum space, an optional "*" of
// binary mode, an optional "./" and the name. promu, sha256sum, Grafana and cAdvisor all write one of these.
var sumLine = regexp.MustCompile(`^([0-9A-Fa-f]{64})(?:[ \t]+\*?(?:\./)?(\S.*))?$`)

// ParseSums finds the SHA-256 of a file in a checksum file, in lower case. A sum without a name counts only when
// bare is set, for a checksum file that belongs to one file, and only when it stands alone.
func ParseSums(text []byte, file string, bare bool) (string, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return "", fmt.Errorf("the checksum file is empty")
	}
	found, named, bareSums := "", 0, 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		m := sumLine.FindStringSubmatch(line)
		if m == nil {
			return "", fmt.Errorf("the checksum file has an unknown line: %.80q", line)
		}
		sum, name := strings.ToLower(m[1]), m[2]
		if name == "" {
			bareSums++
		} else {
			named++
		}
		if name == file || name == "" && bare {
			if found != "" && found != sum {
				return "", fmt.Errorf("the checksum file has two sums for %s", file)
			}
			found = sum
		}
	}
	switch {
	case bareSums > 0 && (named > 0 || bareSums > 1):
		return "", fmt.Errorf("the checksum file has a sum without a name among others")
	case found == "":
		return "", fmt.Errorf("the checksum file does not list %s (it lists %d others)", file, named)
	}
	return found, nil
}
