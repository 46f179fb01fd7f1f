package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monctl/monctl/fleet/look"
	"github.com/monctl/monctl/fleet/resource"
)

const (
	regular   = "regular file"
	directory = "directory"
	symlink   = "symbolic link"
)

func sum(content string) string {
	s := sha256.Sum256([]byte(content))
	return hex.EncodeToString(s[:])
}

// seenPath is a host on which one path is as given.
func seenPath(name string, p look.Path) look.Seen {
	return look.Seen{Paths: map[string]look.Path{name: p}}
}

func TestCompare(t *testing.T) {
	dir := resource.Dir{Path: "/d", Owner: "root", Group: "app", Mode: 0o750}
	file := resource.File{Path: "/f", Owner: "root", Group: "app", Mode: 0o640, Content: []byte("new")}
	once := resource.File{Path: "/f", Owner: "root", Group: "app", Mode: 0o640, Content: []byte("new"), Once: true}
	release := resource.Release{Dir: "/opt/x/1", Mark: "aa", Binaries: []string{"x", "bin/y"}}
	link := resource.Link{Path: "/opt/x/current", Target: "1"}
	unpacked := func(mark string, modes ...uint32) look.Seen {
		s := look.Seen{Marks: map[string]string{"/opt/x/1": mark}, Paths: map[string]look.Path{}}
		for n, mode := range modes {
			s.Paths["/opt/x/1/"+release.Binaries[n]] = look.Path{Kind: regular, Mode: mode}
		}
		return s
	}
	tests := []struct {
		name   string
		want   resource.Resource
		seen   look.Seen
		action Action // "" when nothing is needed
		why    string
	}{
		{"user missing", resource.User{Name: "u"}, look.Seen{}, Create, "missing"},
		{"user there", resource.User{Name: "u"}, look.Seen{Users: map[string]bool{"u": true}}, "", ""},
		{"user unwanted", resource.NoUser{Name: "u"}, look.Seen{Users: map[string]bool{"u": true}}, Remove, "not wanted any more"},
		{"user gone", resource.NoUser{Name: "u"}, look.Seen{}, "", ""},

		{"user in its groups", resource.User{Name: "u", Groups: []string{"adm", "none"}}, look.Seen{Users: map[string]bool{"u": true}, Known: map[string]bool{"adm": true}, Groups: map[string][]string{"u": {"u", "adm"}}}, "", ""},
		{"user lacks a group", resource.User{Name: "u", Groups: []string{"adm"}}, look.Seen{Users: map[string]bool{"u": true}, Known: map[string]bool{"adm": true}, Groups: map[string][]string{"u": {"u"}}}, Update, "is not in group adm"},

		{"script done", resource.Script{Name: "s"}, look.Seen{Scripts: map[string]string{"s": ""}}, "", ""},
		{"script not done", resource.Script{Name: "s"}, look.Seen{Scripts: map[string]string{"s": "no account"}}, Execute, "no account"},
		{"script not looked at", resource.Script{Name: "s"}, look.Seen{}, Execute, "was not looked at"},

		{"dir missing", dir, look.Seen{}, Create, "missing"},
		{"dir good", dir, seenPath("/d", look.Path{Kind: directory, Owner: "root", Group: "app", Mode: 0o750}), "", ""},
		{"dir is a file", dir, seenPath("/d", look.Path{Kind: regular, Owner: "root", Group: "app", Mode: 0o750}), Update, "is a regular file, not a directory"},
		{"dir is a link", dir, seenPath("/d", look.Path{Kind: symlink, Owner: "root", Group: "app", Mode: 0o777}), Update, "is a symbolic link, not a directory"},
		{"dir owner", dir, seenPath("/d", look.Path{Kind: directory, Owner: "joe", Group: "app", Mode: 0o750}), Update, "owner is joe:app, not root:app"},
		{"dir group", dir, seenPath("/d", look.Path{Kind: directory, Owner: "root", Group: "root", Mode: 0o750}), Update, "owner is root:root, not root:app"},
		{"dir mode", dir, seenPath("/d", look.Path{Kind: directory, Owner: "root", Group: "app", Mode: 0o755}), Update, "mode is 0755, not 0750"},
		{"dir set-gid", dir, seenPath("/d", look.Path{Kind: directory, Owner: "root", Group: "app", Mode: 0o2750}), Update, "mode is 2750, not 0750"},

		{"file missing", file, look.Seen{}, Create, "missing"},
		{"file good", file, seenPath("/f", look.Path{Kind: regular, Owner: "root", Group: "app", Mode: 0o640, SHA256: sum("new")}), "", ""},
		{"file content", file, seenPath("/f", look.Path{Kind: regular, Owner: "root", Group: "app", Mode: 0o640, SHA256: sum("old")}), Update, "content differs"},
		{"file unread", file, seenPath("/f", look.Path{Kind: regular, Owner: "root", Group: "app", Mode: 0o640}), Update, "content differs"},
		{"file content and owner", file, seenPath("/f", look.Path{Kind: regular, Owner: "joe", Group: "app", Mode: 0o640, SHA256: sum("old")}), Update, "content differs"},
		{"file owner", file, seenPath("/f", look.Path{Kind: regular, Owner: "joe", Group: "app", Mode: 0o640, SHA256: sum("new")}), Update, "owner is joe:app, not root:app"},
		{"file mode", file, seenPath("/f", look.Path{Kind: regular, Owner: "root", Group: "app", Mode: 0o644, SHA256: sum("new")}), Update, "mode is 0644, not 0640"},
		{"file is a link to the same", file, seenPath("/f", look.Path{Kind: symlink, Owner: "root", Group: "app", Mode: 0o777, SHA256: sum("new")}), Update, "is a symbolic link, not a regular file"},
		{"file is a dir", file, seenPath("/f", look.Path{Kind: directory, Owner: "root", Group: "app", Mode: 0o640}), Update, "is a directory, not a regular file"},
		{"once missing", once, look.Seen{}, Create, "missing"},
		{"once with other content", once, seenPath("/f", look.Path{Kind: regular, Owner: "root", Group: "app", Mode: 0o640, SHA256: sum("old")}), "", ""},
		{"once with another mode", once, seenPath("/f", look.Path{Kind: regular, Owner: "root", Group: "app", Mode: 0o644, SHA256: sum("old")}), Update, "mode is 0644, not 0640"},

		{"release missing", release, look.Seen{}, Create, "missing"},
		{"release good", release, unpacked("aa", 0o755, 0o555), "", ""},
		{"release of another archive", release, unpacked("bb", 0o755, 0o755), Update, "unpacked from another archive"},
		{"release without a mark", release, look.Seen{Paths: unpacked("aa", 0o755, 0o755).Paths}, Create, "missing"},
		{"release lacks a program", release, unpacked("aa", 0o755), Update, "bin/y is missing or cannot be executed"},
		{"release not executable", release, unpacked("aa", 0o755, 0o744), Update, "bin/y is missing or cannot be executed"},

		{"link missing", link, look.Seen{}, Create, "missing"},
		{"link good", link, seenPath(link.Path, look.Path{Kind: symlink, Target: "1", Owner: "joe", Mode: 0o777}), "", ""},
		{"link elsewhere", link, seenPath(link.Path, look.Path{Kind: symlink, Target: "0"}), Update, "points to 0"},
		{"link is a dir", link, seenPath(link.Path, look.Path{Kind: directory}), Update, "is a directory, not a link"},

		{"gone is there", resource.Gone{Path: "/f"}, seenPath("/f", look.Path{Kind: regular}), Remove, "not wanted any more"},
		{"gone is gone", resource.Gone{Path: "/f"}, look.Seen{}, "", ""},
		{"purge", resource.Purge{Path: "/f"}, seenPath("/f", look.Path{Kind: directory}), Remove, "its data is deleted for good"},
		{"purged", resource.Purge{Path: "/f"}, look.Seen{}, "", ""},

		{"stopped: no unit", resource.Stopped{Unit: "x"}, look.Seen{}, "", ""},
		{"stopped: is", resource.Stopped{Unit: "x"}, seenUnit(look.Unit{Active: "inactive", File: "disabled"}), "", ""},
		{"stopped: runs", resource.Stopped{Unit: "x"}, seenUnit(look.Unit{Active: "active", File: "disabled"}), Stop, "is active"},
		{"stopped: starts over and over", resource.Stopped{Unit: "x"}, seenUnit(look.Unit{Active: "activating", File: "disabled"}), Stop, "is activating"},
		{"stopped: starts at boot", resource.Stopped{Unit: "x"}, seenUnit(look.Unit{Active: "failed", File: "enabled"}), Stop, "is enabled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, needed := compare(tt.want, tt.seen, nil)
			if needed != (tt.action != "") || c.Action != tt.action || c.Why != tt.why {
				t.Errorf("got %q %q %v, want %q %q", c.Action, c.Why, needed, tt.action, tt.why)
			}
			if needed && !cmp.Equal(c.Resource, tt.want) {
				t.Errorf("the change is of %v", c.Resource)
			}
		})
	}
}

// seenUnit is a host on which unit x is as given.
func seenUnit(u look.Unit) look.Seen { return look.Seen{Units: map[string]look.Unit{"x": u}} }

// TestServicePrecedence: of several reasons the one that asks for most is acted on, and the most telling one is said.
func TestServicePrecedence(t *testing.T) {
	service := resource.Service{
		Unit: "x", Exe: "/opt/x/2/x", Releases: "/opt/x",
		Restart: []string{"file /etc/systemd/system/x", "link /opt/x/current"}, Reload: []string{"file /etc/x/x.yml"},
	}
	good := look.Unit{Active: "active", File: "enabled", Exe: "/opt/x/2/x"}
	with := func(change func(*look.Unit)) look.Unit {
		u := good
		change(&u)
		return u
	}
	restart, reload := []string{"file /etc/systemd/system/x"}, []string{"file /etc/x/x.yml"}
	both := append(append([]string{}, restart...), reload...)
	tests := []struct {
		name     string
		unit     look.Unit
		pending  string
		changed  []string
		action   Action
		why      string
		enabling bool
	}{
		{"all well", good, "", nil, "", "", false},
		{"another file changed", good, "", []string{"file /etc/y"}, "", "", false},
		{"no unit", look.Unit{}, "", nil, Start, "is not running", true},
		{"inactive", with(func(u *look.Unit) { u.Active = "inactive" }), "", nil, Start, "is not running", false},
		{"failed", with(func(u *look.Unit) { u.Active = "failed" }), "", nil, Start, "is failed", false},
		{"activating", with(func(u *look.Unit) { u.Active = "activating" }), "", nil, Start, "is activating", false},
		{"start before restart", with(func(u *look.Unit) { u.Active = "failed"; u.NeedReload = true }), "restart", both, Start, "is failed", false},
		{"start and enable", with(func(u *look.Unit) { u.Active = "inactive"; u.File = "disabled" }), "", nil, Start, "is not running", true},
		{"new unit file", good, "", restart, Restart, "new /etc/systemd/system/x", false},
		{"new link", good, "", []string{"link /opt/x/current"}, Restart, "new /opt/x/current", false},
		{"restart before reload", good, "", both, Restart, "new /etc/systemd/system/x", false},
		{"restart and enable", with(func(u *look.Unit) { u.File = "disabled" }), "", restart, Restart, "new /etc/systemd/system/x", true},
		{"restart owed", good, "restart", nil, Restart, "an interrupted run changed what it reads", false},
		{"restart owed before reload", good, "restart", reload, Restart, "an interrupted run changed what it reads", false},
		{"older release", with(func(u *look.Unit) { u.Exe = "/opt/x/1/x" }), "", nil, Restart, "runs /opt/x/1/x", false},
		{"older release before reload", with(func(u *look.Unit) { u.Exe = "/opt/x/1/x" }), "reload", reload, Restart, "runs /opt/x/1/x", false},
		{"an emulator", with(func(u *look.Unit) { u.Exe = "/usr/bin/qemu-aarch64-static" }), "", nil, "", "", false},
		{"a folder that begins alike", with(func(u *look.Unit) { u.Exe = "/opt/xy/1/x" }), "", nil, "", "", false},
		{"unknown program", with(func(u *look.Unit) { u.Exe = "" }), "", nil, "", "", false},
		{"unit file newer than systemd's view", with(func(u *look.Unit) { u.NeedReload = true }), "", nil, Restart, "its unit file changed since it was read", false},
		{"unit file newer, before reload", with(func(u *look.Unit) { u.NeedReload = true }), "", reload, Restart, "its unit file changed since it was read", false},
		{"new configuration", good, "", reload, Reload, "new /etc/x/x.yml", false},
		{"new configuration before what is owed", good, "reload", reload, Reload, "new /etc/x/x.yml", false},
		{"reload owed", good, "reload", nil, Reload, "an interrupted run changed what it reads", false},
		{"reload and enable", with(func(u *look.Unit) { u.File = "disabled" }), "", reload, Reload, "new /etc/x/x.yml", true},
		{"not at boot", with(func(u *look.Unit) { u.File = "disabled" }), "", nil, Enable, "does not start at boot", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen := seenUnit(tt.unit)
			if tt.unit == (look.Unit{}) {
				seen.Units = nil
			}
			if tt.pending != "" {
				seen.Pending = map[string]string{"x": tt.pending}
			}
			changed := map[string]bool{}
			for _, key := range tt.changed {
				changed[key] = true
			}
			c, needed := compare(service, seen, changed)
			if needed != (tt.action != "") || c.Action != tt.action || c.Why != tt.why || c.Enabling != tt.enabling {
				t.Errorf("got %q %q enabling=%v, want %q %q enabling=%v", c.Action, c.Why, c.Enabling, tt.action, tt.why, tt.enabling)
			}
		})
	}
}

func TestChangedSecretRunsItsScript(t *testing.T) {
	secret := resource.File{Path: "/s", Content: []byte("new"), Mode: 0o600}
	script := resource.Script{Name: "account", After: []string{secret.Key()}}
	p := Of("h", []resource.Resource{secret, script}, look.Seen{Scripts: map[string]string{"account": ""}})
	if len(p.Changes) != 2 || p.Changes[1].Action != Execute || p.Changes[1].Why != "new /s" {
		t.Errorf("%+v", p.Changes)
	}
}
