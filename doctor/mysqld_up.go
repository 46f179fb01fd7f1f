package doctor

import (
	"regexp"
	"time"
)

var mysqldKinds = []string{"mysqld_exporter"}

func mysqldUp() Check {
	const id = "mysqld/up"
	return Check{
		ID: id, Title: "the exporter gets into MySQL", On: mysqldKinds, Needs: []Shared{Metrics, Journal}, After: []string{"mysqld/password", "mysqld/client-config"},
		Judge: perMetered(id, mysqldKinds, judgeMysqlUp),
		Doc: Doc{
			Symptom:  "`mysql_up 0` while the target is UP; panels of MySQL are empty; `Error pinging mysqld … Access denied for user 'exporter'@'localhost' (using password: YES)`.",
			Cause:    "Wrong password or host part of the account, a MySQL that does not run, a socket path or name that is wrong, or too many connections. The exporter answers all the same.",
			Evidence: "mysql_up of the exporter's own page, and the reason it gave last in its journal.",
			Fix:      "By reason; for access denied: `ALTER USER 'exporter'@'localhost' IDENTIFIED BY …`, or an account for the host part that MySQL sees.",
			Risk:     "low",
			Source:   "mysqld_exporter collector/exporter.go; MySQL error reference 1045, 1130, 1040, 1226",
		},
	}
}

// mysqlReason explains an error of the MySQL driver. The first that matches counts.
type mysqlReason struct {
	tag        string
	what       *regexp.Regexp
	title      string
	cause, fix string
}

var mysqlReasons = []mysqlReason{
	{"denied ::1", regexp.MustCompile(`Access denied for user '[^']*'@'::1'`), "MySQL refuses the exporter's login", "MySQL sees the login from ::1, and the account is for localhost or 127.0.0.1", "set host=127.0.0.1 in my.cnf, or make an account for '::1'"},
	{"denied without", regexp.MustCompile(`Access denied for user .*using password: NO`), "MySQL refuses the exporter's login", "the exporter gave no password: my.cnf has none, or a # cut it off", "put the password into [client] of my.cnf, in double quotes"},
	{"denied", regexp.MustCompile(`Error 1045|Access denied for user`), "MySQL refuses the exporter's login", "wrong password, or no account for the host that MySQL sees (localhost and 127.0.0.1 are two accounts)", "compare my.cnf with SELECT user, host, plugin FROM mysql.user, then ALTER USER"},
	{"host", regexp.MustCompile(`Error 1130|is not allowed to connect`), "MySQL takes no connection from the exporter's host", "no account has that host part", "CREATE USER 'exporter'@'HOST'"},
	{"full", regexp.MustCompile(`Error 1040|Too many connections`), "MySQL has no connection left", "max_connections is used up", "find who holds them: SHOW PROCESSLIST"},
	{"user full", regexp.MustCompile(`Error 1226|max_user_connections`), "the exporter's account has no connection left", "MAX_USER_CONNECTIONS of the account is too low for its scrapes, or they hang", "raise it to 3 at least, and look for scrapes that overlap"},
	{"name", regexp.MustCompile(`no such host|server misbehaving`), "the exporter cannot look up MySQL's name", "host= in my.cnf is not known to the resolver", "correct host= in my.cnf"},
	{"socket", regexp.MustCompile(`dial unix \S+: connect: (no such file or directory|permission denied)`), "the exporter finds no MySQL socket", "socket= in my.cnf is another path than MySQL's, or MySQL does not run", "compare socket= with SHOW VARIABLES LIKE 'socket'"},
	{"refused", regexp.MustCompile(`connection refused`), "nothing listens where the exporter looks for MySQL", "MySQL does not run, listens on another port, or only on a socket (skip-networking)", "systemctl status mysql mariadb mysqld; ss -ltn"},
	{"timeout", regexp.MustCompile(`i/o timeout|context deadline exceeded|invalid connection`), "MySQL does not answer the exporter", "a firewall drops the packets, or MySQL hangs", "open the port for the exporter's host"},
	{"tls", regexp.MustCompile(`x509: |tls: `), "TLS between exporter and MySQL fails", "its certificate is not from a known authority, or is for another name", "ssl-ca in my.cnf, or the socket"},
	{"plugin", regexp.MustCompile(`this authentication plugin is not supported|unknown auth plugin`), "the exporter is too old for the account's login method", "the account uses a plugin that the driver does not know", "upgrade the exporter, or ALTER USER … IDENTIFIED WITH caching_sha2_password"},
}

// mysqlFailure is what the exporter says when it does not get in.
var mysqlFailure = regexp.MustCompile(`(?i)error (pinging|opening connection|connecting)|level=error`)

func judgeMysqlUp(h Host, c Component) []Finding {
	up, ok := c.Metrics.Sum("mysql_up")
	switch {
	case !ok && c.Flags["config.my-cnf"] == "" && len(c.Replies) == 0:
		return unsure("cannot tell: there is no mysql_up on its page", "it may be asked for several servers with /probe only")
	case !ok:
		return unsure("cannot tell: there is no mysql_up on its page", "the page is of another program or of a version never seen")
	case up >= 1:
		return nil
	}
	found := one(Fail, "the exporter does not get into MySQL", "its journal does not say why", "journalctl -u "+c.Name+" -e", Number("mysql_up", up, "1"))
	f := &found[0]
	// The message comes with every scrape; what is older may have been cured.
	s := h.heard(c.Unit, 10*time.Minute, mysqlFailure)
	if s.times == 0 {
		return found
	}
	f.Evidence = append(f.Evidence, Says("journal of "+c.Unit, masked(s.last.Text)))
	for _, r := range mysqlReasons {
		if r.what.MatchString(s.last.Text) {
			f.Tag, f.Title, f.Cause, f.Fix = r.tag, r.title, r.cause, r.fix
			break
		}
	}
	return found
}
