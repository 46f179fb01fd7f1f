package archive

import (
	"fmt"
	"path"
	"strings"
)

// clean gives the path of a member's name, or what is wrong with it. "./" in front and "/" at the end are usual.
func clean(name string) (string, error) {
	p := path.Clean(name)
	switch {
	case name == "":
		return "", fmt.Errorf("a member has no name")
	case path.IsAbs(name):
		return "", fmt.Errorf("%q is an absolute path", name)
	case p == ".." || strings.HasPrefix(p, "../") || strings.Contains("/"+name+"/", "/../"):
		return "", fmt.Errorf("%q points outside the archive", name)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }):
		return "", fmt.Errorf("%q has a control character or a backslash in its name", name)
	}
	return p, nil
}

// inside reports a link that leaves the release folder root ("" or "name/"). A ".." that follows a name is
// refused as well: that name may be a link itself, and then the text does not say where it leads.
func inside(e entry, root string) error {
	outside := fmt.Errorf("link %q leads to %q, outside the release folder", e.path, e.link)
	target := e.link
	if !e.hard {
		if path.IsAbs(target) {
			return outside
		}
		rest := target
		for strings.HasPrefix(rest, "../") || rest == ".." {
			rest = strings.TrimPrefix(strings.TrimPrefix(rest, ".."), "/")
		}
		if strings.Contains("/"+rest+"/", "/../") {
			return outside
		}
		target = path.Join(path.Dir(e.path), target)
	}
	if target == ".." || strings.HasPrefix(target, "../") {
		return outside
	}
	if root != "" && target+"/" != root && !strings.HasPrefix(target, root) {
		return outside
	}
	return nil
}
