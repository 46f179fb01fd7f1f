package sshconfig

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
)

// Query is what is asked about.
type Query struct {
	Host       string // as typed: the name that Host patterns see
	User, Port string // given on the command line, "" if not: they win over the files
}

// Answer holds the values for one host by keyword in lower case. Values are as written: without tokens expanded.
type Answer struct {
	query  Query
	home   string
	values map[string][]string
}

// several are the keywords of which every occurrence counts.
var several = []string{"identityfile", "certificatefile"}

// maxDepth is how deep files may include each other, as in OpenSSH.
const maxDepth = 16

// Resolve finds what the files say about a host. Errors begin with file:line.
func (f *Files) Resolve(q Query) (*Answer, error) {
	r := &resolver{files: f, Answer: &Answer{query: q, home: f.home, values: map[string][]string{}}}
	if q.User != "" {
		r.values["user"] = []string{q.User}
	}
	if q.Port != "" {
		r.values["port"] = []string{q.Port}
	}
	if err := r.pass(); err != nil {
		return nil, err
	}
	if r.wantFinal {
		r.values["hostname"] = []string{strings.ReplaceAll(r.HostName(), "%", "%%")} // settled by now
		r.final = true
		if err := r.pass(); err != nil {
			return nil, err
		}
	}
	return r.Answer, nil
}

type resolver struct {
	*Answer
	files            *Files
	final, wantFinal bool // the second pass, which Match final asks for
}

func (r *resolver) pass() error {
	for _, path := range r.files.paths {
		if err := r.apply(path, true, 0); err != nil {
			return err
		}
	}
	return nil
}

// apply takes the values of one file. Within an Include of a block that does not apply, none of its blocks does.
func (r *resolver) apply(path string, parent bool, depth int) error {
	directives, err := r.files.file(path)
	if err != nil {
		return err
	}
	active := parent
	for _, d := range directives {
		switch d.keyword {
		case "host":
			active = parent && matchList(r.name(), d.words)
		case "match":
			var ok bool
			if ok, err = r.match(d.words); err == nil {
				active = parent && ok
			}
		case "include":
			err = r.include(path, d.words, active, depth)
		default:
			if active {
				r.set(d)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", d.place, err)
		}
	}
	return nil
}

// name is what Host patterns see: the name as typed, and in the final pass what became of it.
func (r *resolver) name() string {
	if r.final {
		return r.HostName()
	}
	return r.query.Host
}

func (r *resolver) set(d directive) {
	_, have := r.values[d.keyword]
	switch {
	case slices.Contains(several, d.keyword):
		if !slices.Contains(r.values[d.keyword], d.words[0]) {
			r.values[d.keyword] = append(r.values[d.keyword], d.words[0])
		}
	case !have:
		r.values[d.keyword] = d.words
	}
}

func (r *resolver) include(from string, patterns []string, active bool, depth int) error {
	if depth >= maxDepth {
		return fmt.Errorf("Include is nested more than %d deep", maxDepth) //nolint:staticcheck // the keyword as ssh_config has it
	}
	for _, p := range patterns {
		p = r.path(p)
		if !filepath.IsAbs(p) {
			p = filepath.Join(r.base(from), p)
		}
		paths, err := filepath.Glob(p)
		if err != nil {
			return fmt.Errorf("Include %s: %w", p, err) //nolint:staticcheck // the keyword as ssh_config has it
		}
		for _, path := range paths {
			if err := r.apply(path, active, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// base is where relative Includes are looked for: ~/.ssh in a user's file, /etc/ssh in the system's.
func (r *resolver) base(from string) string {
	if strings.HasPrefix(from, "/etc/ssh/") {
		return "/etc/ssh"
	}
	return filepath.Join(r.home, ".ssh")
}

// Get returns the first word of a keyword, "" when nothing was said.
func (a *Answer) Get(keyword string) string {
	if v := a.values[strings.ToLower(keyword)]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Line returns the words of a keyword as they were: for values that go to the end of the line.
func (a *Answer) Line(keyword string) string {
	return strings.Join(a.values[strings.ToLower(keyword)], " ")
}

// Yes says whether a keyword is set to yes.
func (a *Answer) Yes(keyword string) bool { return strings.EqualFold(a.Get(keyword), "yes") }

// Paths returns the words of a keyword that names files, with ~ and tokens expanded; nil when nothing was said or
// the one word is "none".
func (a *Answer) Paths(keyword string) (paths []string) {
	for _, v := range a.values[strings.ToLower(keyword)] {
		if !strings.EqualFold(v, "none") {
			paths = append(paths, a.path(a.Expand(v)))
		}
	}
	return paths
}

// HostName is the address to connect to, in lower case.
func (a *Answer) HostName() string {
	name := a.Get("hostname")
	if name == "" {
		name = "%h"
	}
	return strings.ToLower(strings.NewReplacer("%%", "%", "%h", a.query.Host, "%n", a.query.Host).Replace(name))
}

// Port is the port to connect to.
func (a *Answer) Port() string { return or(a.Get("port"), "22") }

// User is the name to log in with: that of the current user when nothing was said.
func (a *Answer) User() string { return or(a.Get("user"), localUser()) }

// Expand replaces the tokens of ssh_config(5) and ${NAME} in a value.
func (a *Answer) Expand(s string) string {
	local, _ := os.Hostname()
	short, _, _ := strings.Cut(local, ".")
	s = strings.NewReplacer("%%", "%", "%h", a.HostName(), "%n", a.query.Host, "%p", a.Port(), "%r", a.User(), "%u", localUser(),
		"%d", a.home, "%l", local, "%L", short, "%i", fmt.Sprint(os.Getuid()), "%k", or(a.Get("hostkeyalias"), a.query.Host),
		"%j", a.Line("proxyjump")).Replace(s)
	return expandEnv(s)
}

// expandEnv replaces ${NAME}. A lone dollar sign stays, and what was put in is not looked at again.
func expandEnv(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(before + os.Getenv(name))
		s = after
	}
}

// path replaces ~ at the beginning.
func (a *Answer) path(p string) string {
	if p == "~" || strings.HasPrefix(p, "~/") {
		return filepath.Join(a.home, p[1:])
	}
	return p
}

func localUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

func or(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}
