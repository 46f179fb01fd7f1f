package plan

import (
	"slices"
	"testing"

	"github.com/monctl/monctl/fleet/look"
	"github.com/monctl/monctl/fleet/resource"
)

// stack is a host's resources in the order of their dependence, as the installer gives them.
func stack(config string) []resource.Resource {
	file := resource.File{Path: "/etc/x/x.yml", Owner: "root", Group: "x", Mode: 0o640, Content: []byte(config)}
	unit := resource.File{Path: "/etc/systemd/system/x", Owner: "root", Group: "root", Mode: 0o644, Content: []byte("unit")}
	return []resource.Resource{
		resource.User{Name: "x"},
		resource.Dir{Path: "/etc/x", Owner: "root", Group: "x", Mode: 0o750},
		resource.Check{Dir: "/etc/x", Command: "true"},
		file, unit,
		resource.Service{Unit: "x", Restart: []string{unit.Key()}, Reload: []string{file.Key()}},
	}
}

// host has all of stack("old").
func host() look.Seen {
	return look.Seen{
		Users: map[string]bool{"x": true},
		Paths: map[string]look.Path{
			"/etc/x":                {Kind: directory, Owner: "root", Group: "x", Mode: 0o750},
			"/etc/x/x.yml":          {Kind: regular, Owner: "root", Group: "x", Mode: 0o640, SHA256: sum("old")},
			"/etc/systemd/system/x": {Kind: regular, Owner: "root", Group: "root", Mode: 0o644, SHA256: sum("unit")},
		},
		Units: map[string]look.Unit{"x": {Active: "active", File: "enabled"}},
	}
}

func summary(p Plan) []string {
	var lines []string
	for _, c := range p.Changes {
		lines = append(lines, string(c.Action)+" "+c.Resource.Key())
	}
	return lines
}

func TestPlan(t *testing.T) {
	other := host()
	other.Paths["/etc/systemd/system/x"] = look.Path{Kind: regular, Owner: "root", Group: "root", Mode: 0o644, SHA256: sum("edited")}
	for name, tt := range map[string]struct {
		want []resource.Resource
		seen look.Seen
		plan []string
	}{
		"nothing to do": {stack("old"), host(), nil},
		"bare host": {stack("old"), look.Seen{}, []string{
			"create user x", "create dir /etc/x", "check check /etc/x", "create file /etc/x/x.yml", "create file /etc/systemd/system/x", "start service x",
		}},
		"new configuration is checked and reloaded":  {stack("new"), host(), []string{"check check /etc/x", "update file /etc/x/x.yml", "reload service x"}},
		"a unit file is not configuration: no check": {stack("old"), other, []string{"update file /etc/systemd/system/x", "restart service x"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := Of("h", tt.want, tt.seen)
			if got := summary(p); !slices.Equal(got, tt.plan) || p.Empty() != (len(tt.plan) == 0) || p.Host != "h" {
				t.Errorf("got  %q\nwant %q", got, tt.plan)
			}
		})
	}
}

// TestCheckIsOfItsOwnFolder: a folder whose name begins alike is another one.
func TestCheckIsOfItsOwnFolder(t *testing.T) {
	p := Of("h", []resource.Resource{resource.Check{Dir: "/etc/x"}, resource.File{Path: "/etc/xy/f"}}, look.Seen{})
	if got := summary(p); !slices.Equal(got, []string{"create file /etc/xy/f"}) {
		t.Errorf("got %q", got)
	}
}

func TestPlanTellsOfAnUnfinishedRun(t *testing.T) {
	for _, state := range []string{"", "open", "applied"} {
		if p := Of("h", nil, look.Seen{Journal: state}); p.Unfinished != state || !p.Empty() {
			t.Errorf("%q: %+v", state, p)
		}
	}
}

func TestNewReleaseIsCheckedWithTheOldConfiguration(t *testing.T) {
	release := resource.Release{Dir: "/opt/x/2", Mark: "new", Binaries: []string{"x"}}
	check := resource.Check{Dir: "/etc/x", Command: "true", Release: release.Key()}
	seen := look.Seen{Marks: map[string]string{}, Paths: map[string]look.Path{}}
	got := summary(Of("h", []resource.Resource{release, check}, seen))
	want := []string{"create release /opt/x/2", "check check /etc/x"}
	if !slices.Equal(got, want) {
		t.Errorf("plan is %v, want %v", got, want)
	}
	seen = look.Seen{Marks: map[string]string{"/opt/x/2": "new"}, Paths: map[string]look.Path{"/opt/x/2/x": {Kind: regular, Mode: 0o755}}}
	if got := summary(Of("h", []resource.Resource{release, check}, seen)); len(got) != 0 {
		t.Errorf("nothing is new, and the plan is %v", got)
	}
}
