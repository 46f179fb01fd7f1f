package sshconfig_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet/ssh/sshconfig"
)

// config has every construct that monctl promises to understand. INCLUDED is replaced by a file name.
const config = `
# comment
Host alias al*as2 !almas2
    HostName 10.0.0.7   # the real one
    User = deploy
    Port=2222
    IdentityFile "~/.ssh/my key"
    IdentityFile ~/.ssh/%h-%r
Host *.example.com !bad.example.com
	User web
	ProxyJump jump1,me@jump2:2200
	UserKnownHostsFile /tmp/a "/tmp/b c"
	IdentitiesOnly yes
Host tokens
	HostName %h.internal
	HostKeyAlias vault
	UserKnownHostsFile ~/kh-%k ${MONCTL_TEST_DIR}/kh
Include INCLUDED
Match host 10.0.0.* user deploy
	HashKnownHosts yes
	ConnectTimeout 3
Match originalhost tokens exec "test %n = tokens"
	Port 7
Match originalhost tokens exec "false"
	User never
Match !host nothing,other localuser nobody-of-this-name
	User wrong
Match final host *.internal
	ConnectTimeout 9
Match all
	User fallback
Host *
	Port 22
`

const included = `
Host deep.example.com
	HostName deep.internal
	Port 44
	IdentityFile ~/.ssh/deep
Match host deep.internal
	ConnectTimeout 5
`

// TestAgainstOpenSSH compares with what ssh -G says.
func TestAgainstOpenSSH(t *testing.T) {
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip("the OpenSSH client is not installed")
	}
	dir := t.TempDir()
	t.Setenv("MONCTL_TEST_DIR", dir)
	path, other := filepath.Join(dir, "config"), filepath.Join(dir, "other")
	write(t, other, included)
	write(t, path, strings.ReplaceAll(config, "INCLUDED", filepath.Join(dir, "oth*")))
	files := sshconfig.New(path)
	for _, q := range []sshconfig.Query{
		{Host: "alias"},
		{Host: "alxas2"},
		{Host: "almas2"},
		{Host: "alias", User: "other", Port: "99"},
		{Host: "ALIAS"},
		{Host: "a.example.com"},
		{Host: "bad.example.com"},
		{Host: "deep.example.com"},
		{Host: "tokens"},
		{Host: "nothing"},
	} {
		want := openSSH(t, path, q)
		a, err := files.Resolve(q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		for keyword, got := range map[string]string{
			"hostname":           a.HostName(),
			"user":               a.User(),
			"port":               a.Port(),
			"proxyjump":          a.Get("ProxyJump"),
			"identityfile":       strings.Join(a.Paths("IdentityFile"), "|"),
			"userknownhostsfile": strings.Join(a.Paths("UserKnownHostsFile"), " "),
			"hostkeyalias":       a.Get("HostKeyAlias"),
			"connecttimeout":     a.Get("ConnectTimeout"),
			"identitiesonly":     yes(a, "IdentitiesOnly"),
			"hashknownhosts":     yes(a, "HashKnownHosts"),
		} {
			if defaults := got == "" || got == "no"; defaults && !strings.Contains(want[keyword], dir) {
				if keyword == "identityfile" || keyword == "userknownhostsfile" || keyword == "connecttimeout" {
					continue // the default, which Get does not give
				}
			}
			if got != want[keyword] {
				t.Errorf("%+v: %s is %q, ssh says %q", q, keyword, got, want[keyword])
			}
		}
	}
}

func yes(a *sshconfig.Answer, keyword string) string {
	if a.Yes(keyword) {
		return "yes"
	}
	return "no"
}

func openSSH(t *testing.T, path string, q sshconfig.Query) map[string]string {
	t.Helper()
	args := []string{"-G", "-F", path}
	if q.User != "" {
		args = append(args, "-l", q.User)
	}
	if q.Port != "" {
		args = append(args, "-p", q.Port)
	}
	out, err := exec.Command("ssh", append(args, q.Host)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ssh -G %s: %v: %s", q.Host, err, out)
	}
	home, _ := os.UserHomeDir()
	said := map[string]string{}
	for line := range strings.Lines(string(out)) {
		keyword, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if keyword == "identityfile" { // printed before expansion
			value = strings.NewReplacer("~", home, "%h", said["hostname"], "%r", said["user"]).Replace(value)
			if said[keyword] != "" {
				value = said[keyword] + "|" + value
			}
		}
		said[keyword] = value
	}
	return said
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"Host a\nUser \"x":         ":2: quote",
		"User":                     ":1: User has no value",
		"Match fog all":            `:1: Match has no criterion "fog"`,
		"Match host":               ":1: Match host needs a value",
		"\nInclude SELF":           "nested more than 16",
		"Host a\n  Port 22 # \"ok": "",
	} {
		path := filepath.Join(t.TempDir(), "config")
		write(t, path, strings.ReplaceAll(text, "SELF", path))
		_, err := sshconfig.New(path).Resolve(sshconfig.Query{Host: "a"})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

func FuzzResolve(f *testing.F) {
	f.Add("Host a !b\nUser = x # y\nMatch host alias,!c user \"d e\"\nPort 1\nMatch final all\nIdentityFile ~/%h ${X}\n")
	f.Add(included)
	path := filepath.Join(f.TempDir(), "config")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(text), "exec") || strings.Contains(strings.ToLower(text), "include") {
			return // it would run commands or read files
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = sshconfig.New(path).Resolve(sshconfig.Query{Host: "alias"})
	})
}
