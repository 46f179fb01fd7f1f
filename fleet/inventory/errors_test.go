package inventory

import (
	"errors"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet/fault"
)

const ok = "hosts: {a: }\n"

func TestErrors(t *testing.T) {
	t.Setenv("MONCTL_TEST_BAD", "a b;c")
	for name, c := range map[string]struct {
		src  string
		want []string // "line:column: message", all of them
	}{
		"unknown key": {"hosts:\n  a:\n    adress: b\n", []string{`3:5: hosts.a: unknown key "adress" (did you mean "address"?)`}},
		"unknown key far from any": {ok + "colour: red\n", []string{
			`2:1: top level: unknown key "colour"; known are defaults, hosts, components, apps, mirror, fetch, fallback, parallel, catalog`,
		}},
		"unknown default":  {ok + "defaults: {users: x}\n", []string{`2:12: defaults: unknown key "users" (did you mean "user"?)`}},
		"unknown mirror":   {ok + "mirror: {git_hub: https://x}\n", []string{`2:10: mirror: unknown key "git_hub" (did you mean "github"?)`}},
		"list for a value": {"hosts: {a: {user: [x]}}\n", []string{"1:19: hosts.a.user: want text, have a list"}},
		"value for a mapping": {"hosts: vm1\n", []string{
			"1:8: hosts: want a mapping of names, have a value",
		}},
		"list for a mapping":       {"- a\n- b\n", []string{"1:1: top level: want a mapping with `hosts:`, have a list"}},
		"list for a host":          {"hosts: {a: [b]}\n", []string{"1:12: hosts.a: want an address or a mapping, have a list"}},
		"word for a number":        {"hosts: {a: {port: ssh}}\n", []string{`1:19: hosts.a.port: want a whole number, have "ssh"`}},
		"fraction for a number":    {ok + "parallel: 1.5\n", []string{`2:11: parallel: want a whole number, have "1.5"`}},
		"empty value":              {"hosts: {a: {user: }}\n", []string{"1:13: hosts.a.user: want text, have nothing"}},
		"empty text":               {"hosts: {a: {user: ''}}\n", []string{"1:19: hosts.a.user: is empty: give a value or remove the line"}},
		"empty setting":            {ok + "components:\n  p:\n    retention:\n", []string{"4:5: components.p.retention: is empty: give a value or remove the line"}},
		"empty list item":          {ok + "components: {p: {x: [a, ~]}}\n", []string{"2:25: components.p.x: is empty: give a value or remove the line"}},
		"duplicate key":            {"hosts:\n  a: b\n  a: c\n", []string{`3:3: duplicate key "a": first in line 2`}},
		"duplicate key inside":     {"hosts:\n  a: {user: x, user: y}\n", []string{`2:16: duplicate key "user": first in line 2`}},
		"same machine":             {"hosts:\n  a: u@10.0.0.1\n  b: {address: 10.0.0.1, user: u, port: 22}\n", []string{`3:3: hosts.b: is the same machine as host "a" in line 2`}},
		"localhost twice":          {"hosts:\n  a: localhost\n  b: localhost\n", []string{`3:3: hosts.b: is the same machine as host "a" in line 2`}},
		"no such host":             {"hosts: {vm1: }\ncomponents: {p: {hosts: [vm2]}}\n", []string{`2:26: components.p.hosts: there is no host "vm2" (did you mean "vm1"?)`}},
		"host twice":               {ok + "components: {p: {hosts: [a, a]}}\n", []string{`2:29: components.p.hosts: host "a" is listed twice`}},
		"all and more":             {ok + "components: {p: {hosts: [all, a]}}\n", []string{"2:26: components.p.hosts: `all` is every host: leave out the others", `2:31: components.p.hosts: host "a" is listed twice`}},
		"component twice":          {"hosts: {a: {components: [p, p]}}\n", []string{`1:29: hosts.a.components: component "p" is listed twice`}},
		"name with substitution":   {"hosts:\n  $(reboot): b\n", []string{`2:3: hosts: name "$(reboot)": want ` + nameRule}},
		"name with space":          {"hosts: {'a b': c}\n", []string{`1:9: hosts: name "a b": want ` + nameRule}},
		"name with dash":           {"hosts: {-oProxy: c}\n", []string{`1:9: hosts: name "-oProxy": want ` + nameRule}},
		"name with slash":          {"hosts: {../a: c}\n", []string{`1:9: hosts: name "../a": want ` + nameRule}},
		"name all":                 {"hosts: {all: c}\n", []string{`1:9: hosts: name "all" is taken: it means every host`}},
		"component name":           {ok + "components: {'a;b': {}}\n", []string{`2:14: components: name "a;b": want ` + nameRule}},
		"component name at host":   {"hosts: {a: {components: [$x]}}\n", []string{`1:26: hosts.a.components: component "$x": want ` + nameRule}},
		"address with semicolon":   {"hosts: {a: {address: b;reboot}}\n", []string{`1:22: hosts.a: address "b;reboot": want a host name or an IP address`}},
		"address as option":        {"hosts: {a: -oProxyCommand=x}\n", []string{`1:12: hosts.a: address "-oProxyCommand=x": want a host name or an IP address`}},
		"address with user":        {"hosts: {a: {address: u@b}}\n", []string{"1:22: hosts.a.address: want the address alone: user and port are keys of their own"}},
		"scrape address":           {"hosts: {a: {scrape_address: 'b c'}}\n", []string{`1:29: hosts.a.scrape_address: address "b c": want a host name or an IP address`}},
		"user":                     {"hosts: {a: {user: 'x`y`'}}\n", []string{"1:19: hosts.a.user: user \"x`y`\": want a login name"}},
		"user as option":           {"hosts: {a: '-l@b'}\n", []string{`1:12: hosts.a: user "-l": want a login name`}},
		"user by reference":        {"hosts: {a: {user: {env: MONCTL_TEST_BAD}}}\n", []string{"1:19: hosts.a.user: the value of {env: MONCTL_TEST_BAD} is not valid here"}},
		"number by reference":      {"hosts: {a: {port: {env: MONCTL_TEST_BAD}}}\n", []string{"1:19: hosts.a.port: want a whole number, have {env: MONCTL_TEST_BAD}"}},
		"unset reference":          {"hosts: {a: {user: {env: MONCTL_TEST_UNSET}}}\n", []string{"1:19: hosts.a.user: {env: MONCTL_TEST_UNSET}: environment variable is not set"}},
		"jump":                     {ok + "defaults: {jump: 'a,b c'}\n", []string{`2:18: defaults.jump: address "b c": want a host name or an IP address`}},
		"port 0":                   {"hosts: {a: {port: 0}}\n", []string{"1:19: hosts.a.port: want a whole number from 1 to 65535, have 0"}},
		"port 65536":               {ok + "defaults: {port: 65536}\n", []string{"2:18: defaults.port: want a whole number from 1 to 65535, have 65536"}},
		"port in short form":       {"hosts: {a: 'b:70000'}\n", []string{`1:12: hosts.a: port "70000": want a whole number from 1 to 65535`}},
		"half a port":              {"hosts: {a: 'b:'}\n", []string{`1:12: hosts.a: address "b:": no port after the colon`}},
		"bare IPv6 and port":       {"hosts: {a: 'fe80::1:x:22'}\n", []string{`1:12: hosts.a: address "fe80::1:x:22": want host:port, or [IPv6]:port`}},
		"open bracket":             {"hosts: {a: '[::1'}\n", []string{`1:12: hosts.a: address "[::1": want [IPv6]:port`}},
		"parallel":                 {ok + "parallel: 0\n", []string{"2:11: parallel: want a whole number from 1 to 512, have 0"}},
		"fetch":                    {ok + "fetch: hosts\n", []string{`2:8: fetch: want controller or host, have "hosts" (did you mean "host"?)`}},
		"sudo":                     {ok + "defaults: {sudo: always}\n", []string{`2:18: defaults.sudo: want auto or never, have "always"`}},
		"key and keys":             {"hosts: {a: {key: x, keys: [y]}}\n", []string{"1:28: hosts.a.keys: `key` is given too: keep one of them"}},
		"label name":               {"hosts: {a: {labels: {a-b: c}}}\n", []string{`1:22: hosts.a.labels: label name "a-b": want letters, digits and underscore, not a digit first`}},
		"default label name":       {ok + "defaults: {labels: {9: c}}\n", []string{`2:21: defaults.labels: label name "9": want letters, digits and underscore, not a digit first`}},
		"mirror":                   {ok + "mirror: ftp://x\n", []string{"2:9: mirror: want a URL such as https://mirror.example/path"}},
		"mirror without host":      {ok + "mirror: {github: /srv/mirror}\n", []string{"2:18: mirror.github: want a URL such as https://mirror.example/path"}},
		"empty file":               {"", []string{"1:1: the file has no content: it wants at least `hosts:`"}},
		"only comments":            {"# nothing\n", []string{"1:1: the file has no content: it wants at least `hosts:`"}},
		"no hosts":                 {"fetch: host\n", []string{"1:1: hosts: there are none: add at least one host under `hosts:`"}},
		"empty hosts":              {"hosts:\n", []string{"1:1: hosts: there are none: add at least one host under `hosts:`"}},
		"tab":                      {"hosts:\n\ta: b\n", []string{"2:1: tab in the indentation: YAML wants spaces"}},
		"open quote":               {"hosts: {a: 'b}\n", []string{"1:12: not YAML: could not find end character of single-quoted text"}},
		"open bracket of YAML":     {"hosts: [a\n", []string{"1:8: not YAML: sequence end token ']' not found"}},
		"colon in value":           {"hosts:\n  a: b: c\n", []string{"2:6: not YAML: mapping value is not allowed in this context; look at the indentation, or quote a value that has a colon"}},
		"two documents":            {ok + "---\n" + ok, []string{"2:1: a second YAML document begins here: one file has one inventory"}},
		"unknown alias":            {"hosts: {a: *b}\n", []string{"1:12: unknown alias *b: its anchor &b must come before it"}},
		"alias of itself":          {"hosts: &a {b: *a}\n", []string{"1:15: unknown alias *a: its anchor &a must come before it"}},
		"tag":                      {"hosts: {a: !!str 5}\n", []string{"1:12: YAML tags such as !!str are not supported: quote the value to make it text"}},
		"merge of a value":         {"hosts: {a: {<<: b}}\n", []string{"1:17: << wants a mapping or an alias of one"}},
		"infinite":                 {ok + "components: {p: {x: .inf}}\n", []string{"2:21: .inf is not a finite number"}},
		"huge number":              {ok + "components: {p: {x: 18446744073709551615}}\n", []string{"2:21: 18446744073709551615 is too large for a whole number"}},
		"not UTF-8":                {"hosts: {a: \xff}\n", []string{"1:12: file is not UTF-8 text"}},
		"binary":                   {ok + "\x7fELF", []string{"2:1: control character U+007F"}},
		"terminal escape":          {ok + "#\x1b[2J", []string{"2:2: control character U+001B"}},
		"deep lists":               {strings.Repeat("[", 50_000), []string{"1:33: nested deeper than 32 levels"}},
		"many dashes":              {strings.Repeat("- ", 40_000), []string{"1:65: nested deeper than 32 levels"}},
		"many keys":                {"hosts:\n" + strings.Repeat(" a: b\n", 50_000), []string{"1:1: file is too large: more than 100000 YAML tokens"}},
		"too many errors in order": {"hosts: {a: {port: 0}}\nfetch: x\nparallel: 999\n", []string{"1:19: hosts.a.port: want a whole number from 1 to 65535, have 0", `2:8: fetch: want controller or host, have "x"`, "3:11: parallel: want a whole number from 1 to 512, have 999"}},
	} {
		t.Run(name, func(t *testing.T) {
			inv, err := Parse("monctl.yaml", []byte(c.src))
			if err == nil {
				t.Fatalf("no error, have %+v", inv)
			}
			if fault.KindOf(err) != fault.Usage {
				t.Errorf("kind %v, want Usage", fault.KindOf(err))
			}
			diff(t, messages(t, err), prefixed(c.want))
		})
	}
}

func prefixed(want []string) []string {
	var out []string
	for _, w := range want {
		out = append(out, "monctl.yaml:"+w)
	}
	return out
}

// messages gives the first line of every mistake in err.
func messages(t *testing.T, err error) []string {
	t.Helper()
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		t.Fatalf("%v is not a list of errors", err)
	}
	var out []string
	for _, e := range joined.Unwrap() {
		first, _, _ := strings.Cut(e.Error(), "\n")
		out = append(out, first)
	}
	return out
}

func TestAliasBomb(t *testing.T) {
	var b strings.Builder
	b.WriteString("x0: &x0 [a,a,a,a,a,a,a,a,a,a]\n")
	for i := range 9 {
		names := string(rune('0' + i))
		next := string(rune('1' + i))
		b.WriteString("x" + next + ": &x" + next + " [" + strings.Repeat("*x"+names+",", 10) + "]\n")
	}
	_, err := Parse("monctl.yaml", []byte(b.String()))
	if err == nil || !strings.Contains(err.Error(), "file is too large: more than 50000 values, aliases included") {
		t.Errorf("have %v", err)
	}
}

func TestManyErrorsAreCut(t *testing.T) {
	_, err := Parse("monctl.yaml", []byte(ok+strings.Repeat("x", 30)+": 1\n"+manyKeys(40)))
	have := messages(t, err)
	if len(have) != maxErrors+1 || have[maxErrors] != "monctl.yaml: and 21 more" {
		t.Errorf("have %d: %q", len(have), have[len(have)-1])
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat("k", 20+i) + ": 1\n")
	}
	return b.String()
}

func TestErrorAt(t *testing.T) {
	if _, err := Parse("dir/monctl.yaml", []byte("hosts:\n  é: {port: 0}\n  vm: {port: 22}\n")); err == nil {
		t.Fatal("no error")
	}
	inv, err := Parse("dir/monctl.yaml", []byte("hosts:\n  vm: {port: 22}\ncomponents:\n  p:\n    colour: red\n"))
	if err != nil {
		t.Fatal(err)
	}
	err = inv.ErrorAt(inv.Components[0].Settings["colour"].Pos, "p: no %s", "red")
	want := `dir/monctl.yaml:5:13: p: no red
     4 |   p:
>    5 |     colour: red
       |             ^`
	if err.Error() != want {
		t.Errorf("have\n%s\nwant\n%s", err, want)
	}
	if fault.KindOf(err) != fault.Usage {
		t.Error("not a Usage error")
	}
	if have := inv.ErrorAt(Pos{}, "nowhere").Error(); have != "dir/monctl.yaml: nowhere" {
		t.Errorf("have %q", have)
	}
	if have := inv.ErrorAt(Pos{99, 99}, "beyond").Error(); have != "dir/monctl.yaml:99:99: beyond" {
		t.Errorf("have %q", have)
	}
}

func TestExcerptHidesSecrets(t *testing.T) {
	src := `hosts: {a: }
components:
  grafana:
    admin_password: hunter2 and more
    bad: !!x 1
    slack_api_url: https://hooks.example/T000/hunter2
    token: |
      hunter2
      hunter2
    bad2: !!x 1
    "smtp_password" :
      hunter2
    bad3: !!x 1
    password: {env: NAME}
    bad4: !!x {password: hunter2, user: x}
    url: https://me:hunter2@db.example/
    bad5: !!x 1
`
	_, err := Parse("monctl.yaml", []byte(src))
	if err == nil {
		t.Fatal("no error")
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the secret is shown:\n%s", err)
	}
	for _, want := range []string{"password: {env: NAME}", "admin_password: ***", "https://me:***@db.example/", "bad5"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%s", want, err)
		}
	}
}

func TestSuggest(t *testing.T) {
	for word, want := range map[string]string{
		"adress": ` (did you mean "address"?)`, "suer": ` (did you mean "user"?)`, "port": ` (did you mean "port"?)`,
		"x": "", "zebra": "", "": "", strings.Repeat("a", 1000): "",
	} {
		if have := Suggest(word, []string{"address", "user", "port"}); have != want {
			t.Errorf("%.10s: have %q, want %q", word, have, want)
		}
	}
}
