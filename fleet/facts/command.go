package facts

import (
	"regexp"
	"strings"
	"unicode"
)

var secretFlag = regexp.MustCompile(`(?i)^(--?[\w.-]*(?:passw|passphrase|secret|token|credential|api-?key)[\w.-]*)(=?)`)

// commandLine joins the arguments of /proc/PID/cmdline, which the script parted by the unit separator, and hides values of
// flags that sound secret: the line is shown to people who may not look into that process.
func commandLine(raw string) string {
	args := strings.Split(strings.TrimRight(raw, "\x1f\n "), "\x1f")
	for i, arg := range args {
		m := secretFlag.FindStringSubmatch(arg)
		switch {
		case m == nil:
		case m[2] != "":
			args[i] = m[1] + "=***"
		case i+1 < len(args) && !strings.HasPrefix(args[i+1], "-"):
			args[i+1] = "***"
		}
	}
	return printable(strings.Join(args, " "))
}

// printable keeps what a process calls itself from acting on a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}
