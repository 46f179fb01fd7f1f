package ui

import (
	"regexp"
	"slices"
	"strings"
)

// journalLine is a line of journalctl -o short-iso: time, host, program with its process, message.
var journalLine = regexp.MustCompile(`^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)\S* \S+ ([^:\[]+)(?:\[\d+\])?: (.*)$`)

// journalLines is how much of a journal is shown without -v.
const journalLines = 8

// lastWords shortens a journal for people: without host and process, what a restarting unit repeats once, and only the
// last lines of the rest. With all set it is left as it is.
func lastWords(journal string, all bool) string {
	if all {
		return journal
	}
	var kept []string
	seen := map[string]bool{}
	lines := strings.Split(journal, "\n")
	for _, line := range slices.Backward(lines) {
		message := line
		if m := journalLine.FindStringSubmatch(line); m != nil {
			message, line = m[2]+m[3], m[1]+" "+m[2]+": "+m[3]
		}
		if seen[message] || len(kept) == journalLines {
			continue
		}
		seen[message] = true
		kept = append(kept, line)
	}
	slices.Reverse(kept)
	return strings.Join(kept, "\n")
}
