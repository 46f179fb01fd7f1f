package doctor

import "strings"

func securityCommandLine() Check {
	const id = "security/command-line"
	return Check{
		ID: id, Title: "no secret is on a command line",
		Judge: perComponent(id, anyComponent, func(_ Host, c Component) []Finding {
			for _, arg := range c.Process.Args {
				if strings.Contains(arg, "***") {
					return one(Warn, c.Name+" was given a secret on its command line", "every user of the host can read it in ps", "put it into a file (…_file, my.cnf, web.yml) or the environment", Says("argument", arg))
				}
			}
			return nil
		}),
		Doc: Doc{
			Symptom:  "`ps aux` shows a password or token.",
			Cause:    "A flag such as `--mysqld.password=…` or an address with `user:password@`.",
			Evidence: "The arguments of the process; the value was replaced by *** on the way here.",
			Fix:      "A file or an environment variable instead; then change the secret, since it was readable.",
			Risk:     "low",
			Source:   "proc(5) /proc/pid/cmdline",
		},
	}
}
