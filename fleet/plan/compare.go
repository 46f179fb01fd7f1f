package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/look"
	"github.com/monctl/monctl/fleet/resource"
)

// compare returns what r needs, given what was seen and which keys change before it; false when nothing.
func compare(r resource.Resource, seen look.Seen, changed map[string]bool) (Change, bool) {
	action, why := Action(""), ""
	switch r := r.(type) {
	case resource.User:
		action, why = user(seen, r)
	case resource.Script:
		action, why = script(seen, r, changed)
	case resource.Dir:
		action, why = path(seen, r.Path, "directory", r.Owner, r.Group, r.Mode)
	case resource.File:
		action, why = file(seen, r)
	case resource.Release:
		action, why = release(seen, r)
	case resource.Link:
		action, why = link(seen, r)
	case resource.Check:
		action, why = Run, "before anything is replaced"
	case resource.Gone:
		if _, there := seen.Paths[r.Path]; there {
			action, why = Remove, "not wanted any more"
		}
	case resource.Purge:
		if _, there := seen.Paths[r.Path]; there {
			action, why = Remove, "its data is deleted for good"
		}
	case resource.Move:
		if _, there := seen.Paths[r.From]; there {
			action, why = Move, "of another component"
		}
	case resource.NoUser:
		if seen.Users[r.Name] {
			action, why = Remove, "not wanted any more"
		}
	case resource.Stopped:
		action, why = stopped(seen, r)
	case resource.Service:
		return service(r, seen, changed)
	}
	return Change{Resource: r, Action: action, Why: why}, action != ""
}

func user(seen look.Seen, u resource.User) (Action, string) {
	if !seen.Users[u.Name] {
		return Create, "missing"
	}
	for _, g := range u.Groups {
		if seen.Known[g] && !slices.Contains(seen.Groups[u.Name], g) {
			return Update, "is not in group " + g
		}
	}
	return "", ""
}

func script(seen look.Seen, s resource.Script, changed map[string]bool) (Action, string) {
	if key := anyOf(changed, s.After); key != "" {
		return Execute, "new " + key
	}
	if why, looked := seen.Scripts[s.Name]; !looked || why != "" {
		return Execute, cmp.Or(why, "was not looked at")
	}
	return "", ""
}

func path(seen look.Seen, name, kind, owner, group string, mode fs.FileMode) (Action, string) {
	p, there := seen.Paths[name]
	switch {
	case !there:
		return Create, "missing"
	case p.Kind != kind:
		return Update, fmt.Sprintf("is a %s, not a %s", p.Kind, kind)
	case p.Owner != owner || p.Group != group:
		return Update, fmt.Sprintf("owner is %s:%s, not %s:%s", p.Owner, p.Group, owner, group)
	case p.Mode != uint32(mode.Perm()):
		return Update, fmt.Sprintf("mode is %04o, not %04o", p.Mode, mode.Perm())
	}
	return "", ""
}

func file(seen look.Seen, f resource.File) (Action, string) {
	if p, there := seen.Paths[f.Path]; there && p.Kind == "regular file" && !f.Once {
		if sum := sha256.Sum256(f.Content); p.SHA256 != hex.EncodeToString(sum[:]) {
			return Update, "content differs"
		}
	}
	return path(seen, f.Path, "regular file", f.Owner, f.Group, f.Mode)
}

func release(seen look.Seen, r resource.Release) (Action, string) {
	mark, there := seen.Marks[r.Dir]
	switch {
	case !there:
		return Create, "missing"
	case mark != r.Mark:
		return Update, "unpacked from another archive"
	}
	for _, bin := range r.Binaries {
		if p, ok := seen.Paths[r.Dir+"/"+bin]; !ok || p.Mode&0o111 != 0o111 {
			return Update, bin + " is missing or cannot be executed"
		}
	}
	return "", ""
}

func link(seen look.Seen, l resource.Link) (Action, string) {
	p, there := seen.Paths[l.Path]
	switch {
	case !there:
		return Create, "missing"
	case p.Kind != "symbolic link":
		return Update, fmt.Sprintf("is a %s, not a link", p.Kind)
	case p.Target != l.Target:
		return Update, "points to " + p.Target
	}
	return "", ""
}

func stopped(seen look.Seen, s resource.Stopped) (Action, string) {
	u, there := seen.Units[s.Unit]
	switch {
	case !there:
		return "", ""
	case u.Active == "active" || u.Active == "activating":
		return Stop, "is " + u.Active
	case u.File == "enabled":
		return Stop, "is enabled"
	}
	return "", ""
}

// service decides between start, restart and reload. What an interrupted run still owed the unit is read from the
// host's own mark, not from clocks.
func service(s resource.Service, seen look.Seen, changed map[string]bool) (Change, bool) {
	u := seen.Units[s.Unit]
	c := Change{Resource: s, Enabling: u.File != "enabled"}
	switch {
	case u.Active != "active":
		c.Action, c.Why = Start, "is not running"
		if u.Active == "failed" || u.Active == "activating" {
			c.Why = "is " + u.Active
		}
	case anyOf(changed, s.Restart) != "":
		c.Action, c.Why = Restart, "new "+anyOf(changed, s.Restart)
	case seen.Pending[s.Unit] == "restart":
		c.Action, c.Why = Restart, "an interrupted run changed what it reads"
	case s.Exe != "" && u.Exe != s.Exe && strings.HasPrefix(u.Exe, s.Releases+"/"):
		c.Action, c.Why = Restart, "runs "+u.Exe
	case u.NeedReload:
		c.Action, c.Why = Restart, "its unit file changed since it was read"
	case anyOf(changed, s.Reload) != "":
		c.Action, c.Why = Reload, "new "+anyOf(changed, s.Reload)
	case seen.Pending[s.Unit] == "reload":
		c.Action, c.Why = Reload, "an interrupted run changed what it reads"
	case c.Enabling:
		c.Action, c.Why = Enable, "does not start at boot"
	}
	return c, c.Action != ""
}

// anyOf returns the first of keys that changes, without its kind; "" when none does.
func anyOf(changed map[string]bool, keys []string) string {
	for _, key := range keys {
		if changed[key] {
			_, name, _ := strings.Cut(key, " ")
			return name
		}
	}
	return ""
}
