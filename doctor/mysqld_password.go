package doctor

import "strings"

func mysqldPassword() Check {
	const id = "mysqld/password"
	return Check{
		ID: id, Title: "the exporter reads the password as it is written", On: mysqldKinds, Root: true, Needs: []Shared{Metrics},
		Probe: `
files=/etc/mysqld_exporter/my.cnf
for p in /proc/[0-9]*; do
	line=
	read -r line <"$p/cmdline"
	case $line in *my-cnf*) ;; *) continue ;; esac
	dir=$(readlink "$p/cwd")
	for word in $(tr '\000' '\n' <"$p/cmdline" | sed -n 's/^-*config\.my-cnf=//p'); do
		case $word in /*) ;; *) word=$dir/$word ;; esac
		files="$files $word"
	done
done
seen=
for f in $files; do
	case "$seen " in *" $f "*) continue ;; esac
	seen="$seen $f"
	[ -r "$f" ] || continue
	while IFS= read -r line; do
		case $line in password*=*) ;; *) continue ;; esac
		value=${line#*=}
		value=${value# }
		odd=none
		case $value in
		\"* | \'*) case $value in *\$*) odd=dollar ;; esac ;;
		*[#\;]*) odd=hash ;;
		*\$*) odd=dollar ;;
		esac
		echo "password=$f|$odd"
	done <"$f"
done
echo done=yes`,
		Judge: perHost(id, judgePassword),
		Doc: Doc{
			Symptom:  "`Access denied … (using password: YES)` although the same password works with the mysql client.",
			Cause:    "In my.cnf a `#` or `;` begins a comment (exporters before 0.18), and `$name` is replaced by a variable of the environment.",
			Evidence: "Whether the password lines of the exporter's my.cnf hold such a character without quotes. The password itself never leaves the host.",
			Fix:      "Put it into double quotes, upgrade to 0.18 or later, and choose one without `$`.",
			Risk:     "none",
			Source:   "mysqld_exporter CHANGELOG 0.18.0 #937; config/config.go (ValueMapper = os.ExpandEnv)",
		},
	}
}

func judgePassword(h Host) []Finding {
	var all []Finding
	for _, v := range h.Probes["mysqld/password"].All("password") {
		file, odd, _ := strings.Cut(v, "|")
		for _, c := range h.Of(mysqldKinds...) {
			up, known := c.Metrics.Sum("mysql_up")
			if known && up >= 1 || odd == "none" || c.Flags["config.my-cnf"] != "" && !strings.HasSuffix(file, strings.TrimPrefix(c.Flags["config.my-cnf"], "./")) {
				continue
			}
			f := Finding{Component: c.Name, Level: Warn, Tag: odd, Evidence: []Evidence{Says("file", file)}}
			switch {
			case odd == "hash" && (c.versionOf() == "" || olderThan(c.versionOf(), 0, 18)):
				f.Title, f.Cause, f.Fix = "the password in "+file+" is cut at a # or ;", "without quotes these begin a comment", "put it into double quotes, or upgrade the exporter to 0.18"
			case odd == "dollar":
				f.Title, f.Cause, f.Fix = "a part of the password in "+file+" is replaced", "the exporter takes $name for a variable of its environment", "choose a password without $"
			default:
				continue
			}
			all = append(all, f)
		}
	}
	return all
}
