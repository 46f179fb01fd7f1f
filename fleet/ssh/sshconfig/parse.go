// Package sshconfig reads the files of ssh_config(5) and answers what they say about one host: Host and Match blocks,
// Include, first value wins, tokens. It follows OpenSSH where a person would notice; the tests compare it with ssh -G.
//
// It knows nothing of connections: it hands out words.
package sshconfig

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// directive is one line: a keyword in lower case and its words.
type directive struct {
	place   string // file:line
	keyword string
	words   []string
}

// Files are the configuration files of one run, in order of precedence. Each is read once. It is safe for use by several
// goroutines.
type Files struct {
	home  string
	paths []string

	mu   sync.Mutex
	read map[string][]directive
}

// New names the files, most important first. Files that do not exist are empty ones.
func New(paths ...string) *Files {
	home, _ := os.UserHomeDir()
	return &Files{home: home, paths: paths, read: map[string][]directive{}}
}

// Usual are the files that ssh reads.
func Usual() *Files {
	f := New()
	f.paths = []string{filepath.Join(f.home, ".ssh/config"), "/etc/ssh/ssh_config"}
	return f
}

// file returns the directives of one file.
func (f *Files) file(path string) ([]directive, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d, ok := f.read[path]; ok {
		return d, nil
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	d, err := parse(path, text)
	if err != nil {
		return nil, err
	}
	f.read[path] = d
	return d, nil
}

func parse(path string, text []byte) (all []directive, err error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		d := directive{place: fmt.Sprintf("%s:%d", path, n)}
		keyword, rest := splitKeyword(lines.Text())
		if keyword == "" {
			continue
		}
		d.keyword = strings.ToLower(keyword)
		if d.words, err = words(rest); err != nil {
			return nil, fmt.Errorf("%s: %w", d.place, err)
		}
		if len(d.words) == 0 {
			return nil, fmt.Errorf("%s: %s has no value", d.place, keyword)
		}
		all = append(all, d)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// splitKeyword takes the keyword off a line; spaces or one equals sign follow it.
func splitKeyword(line string) (keyword, rest string) {
	line = strings.TrimSpace(line)
	if strings.HasPrefix(line, "#") {
		return "", ""
	}
	end := strings.IndexAny(line, " \t=")
	if end < 0 {
		return line, ""
	}
	rest = strings.TrimLeft(line[end:], " \t")
	return line[:end], strings.TrimLeft(strings.TrimPrefix(rest, "="), " \t")
}

// words splits the values of a line. Words may be in quotes; a # where a word would begin starts a comment.
func words(s string) (all []string, err error) {
	for {
		s = strings.TrimLeft(s, " \t\r")
		if s == "" || s[0] == '#' {
			return all, nil
		}
		var w string
		if w, s, err = word(s); err != nil {
			return nil, err
		}
		all = append(all, w)
	}
}

// word takes one word off s. A backslash keeps a quote or a backslash, and a space outside of quotes.
func word(s string) (w, rest string, err error) {
	var b strings.Builder
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && (strings.IndexByte(`"'\`, s[i+1]) >= 0 || quote == 0 && s[i+1] == ' '):
			i++
			b.WriteByte(s[i])
		case quote == 0 && strings.IndexByte(" \t\r", c) >= 0:
			return b.String(), s[i:], nil
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case c == quote && quote != 0:
			quote = 0
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", "", fmt.Errorf("quote %c is not closed", quote)
	}
	return b.String(), "", nil
}
