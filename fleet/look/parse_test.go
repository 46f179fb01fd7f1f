package look

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func recorded(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("testdata/debian12.txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestParseOfARealHost(t *testing.T) {
	seen, err := Parse(recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	want := Seen{
		Paths: map[string]Path{
			"/etc":              {Kind: "directory", Owner: "root", Group: "root", Mode: 0o755, Size: 180},
			"/etc/passwd":       {Kind: "regular file", Owner: "root", Group: "root", Mode: 0o644, Size: 1134, SHA256: "d7f1098ba1b9abf2a0c331b7cf8d8cc79596dc54e3b751b4ca71249c10637213"},
			"/etc/os-release":   {Kind: "symbolic link", Owner: "root", Group: "root", Mode: 0o777, Size: 21, SHA256: "59a77b5f2666d9c85c489bd1911a6eebbd91ef22fe48b90a3b75f1b21f3844d4", Target: "../usr/lib/os-release"},
			"/bin":              {Kind: "symbolic link", Owner: "root", Group: "root", Mode: 0o777, Size: 7, Target: "usr/bin"},
			"/opt/monctl/x/1/x": {Kind: "regular file", Owner: "root", Group: "root", Mode: 0o755, Size: 10},
		},
		Users: map[string]bool{"root": true, "sshd": true},
		Units: map[string]Unit{
			"ssh.service":    {Load: "loaded", Active: "active", Sub: "running", File: "enabled", MainPID: 31, Exe: "/usr/sbin/sshd"},
			"broken.service": {Load: "loaded", Active: "activating", Sub: "auto-restart", File: "enabled"},
			"ended.service":  {Load: "loaded", Active: "inactive", Sub: "dead", File: "static"},
			"stale.service":  {Load: "loaded", Active: "active", Sub: "running", File: "enabled", MainPID: 83, Exe: "/usr/bin/sleep", NeedReload: true},
		},
		Marks:   map[string]string{"/opt/monctl/x/1": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
		Pending: map[string]string{"broken.service": "restart"},
		Journal: "open",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestTruncatedAnswers cuts the real answer at every byte: half a look is never taken for a whole one.
func TestTruncatedAnswers(t *testing.T) {
	whole := strings.TrimSuffix(recorded(t), "\n")
	for n := range len(whole) {
		if _, err := Parse(whole[:n]); err == nil {
			t.Fatalf("cut after %d bytes, and no error:\n…%s", n, whole[max(0, n-60):n])
		}
	}
}

func TestParseDetails(t *testing.T) {
	for name, tt := range map[string]struct {
		out  string
		want Seen
	}{
		"nothing there":                  {"@pending\n@journal\n@end\n", Seen{}},
		"empty file":                     {"@paths\nregular empty file|u|g|600|0|/f\n@end\n", Seen{Paths: map[string]Path{"/f": {Kind: "regular file", Owner: "u", Group: "g", Mode: 0o600}}}},
		"set-uid, and a name with a bar": {"@paths\nregular file|u|g|4755|9|/a|b\n@end\n", Seen{Paths: map[string]Path{"/a|b": {Kind: "regular file", Owner: "u", Group: "g", Mode: 0o4755, Size: 9}}}},
		"owner without a name":           {"@paths\nsocket|UNKNOWN|UNKNOWN|0|0|/s\n@end\n", Seen{Paths: map[string]Path{"/s": {Kind: "socket", Owner: "UNKNOWN", Group: "UNKNOWN"}}}},
		"replaced program": {
			"@units\nMainPID=7\nExe=/opt/x/1/x (deleted)\nId=x.service\nLoadState=loaded\nActiveState=active\n@asked\n1\n@end\n",
			Seen{Units: map[string]Unit{"x.service": {Load: "loaded", Active: "active", MainPID: 7, Exe: "/opt/x/1/x"}}},
		},
		"restarts": {"@units\nNRestarts=12\nId=x.service\nLoadState=loaded\n@asked\n1\n@end\n", Seen{Units: map[string]Unit{"x.service": {Load: "loaded", Restarts: 12}}}},
		"masked":   {"@units\nId=x.service\nLoadState=masked\nUnitFileState=masked\n@asked\n1\n@end\n", Seen{Units: map[string]Unit{"x.service": {Load: "masked", File: "masked"}}}},
		"no unit":  {"@units\nId=x.service\nLoadState=not-found\n@asked\n1\n@end\n", Seen{}},
		"journal":  {"@journal\napplied\n@end\n", Seen{Journal: "applied"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(tt.out)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(filled(tt.want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// filled has the maps that Parse always makes.
func filled(s Seen) Seen {
	if s.Paths == nil {
		s.Paths = map[string]Path{}
	}
	if s.Users == nil {
		s.Users = map[string]bool{}
	}
	if s.Units == nil {
		s.Units = map[string]Unit{}
	}
	if s.Marks == nil {
		s.Marks = map[string]string{}
	}
	if s.Pending == nil {
		s.Pending = map[string]string{}
	}
	return s
}

func TestGarbage(t *testing.T) {
	for name, tt := range map[string]struct{ out, want string }{
		"nothing":          {"", "ends early"},
		"a banner":         {"Welcome to h1\n", "Welcome to h1"},
		"a menu":           {"@end\nPress | to go on\n", "unexpected output"},
		"few fields":       {"@paths\nregular file|root\n@end\n", "want six fields, got 2"},
		"mode":             {"@paths\ndirectory|r|r|89|1|/d\n@end\n", "mode: "},
		"size":             {"@paths\ndirectory|r|r|755|x|/d\n@end\n", "size: "},
		"sum":              {"@sums\nabc  /f\n@end\n", "not a sha256sum line"},
		"link":             {"@links\n/f\n@end\n", "want two fields"},
		"unknown section":  {"@other\na|b\n@end\n", "unexpected output"},
		"systemd is mute":  {"@units\n@asked\n3\n@end\n", "systemd answered for 0 of 3 units"},
		"systemd stutters": {"@units\nId=a\n\nLoadState=loaded\n@asked\n2\n@end\n", "systemd answered for 1 of 2 units"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(tt.out); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "look: ") {
				t.Errorf("want %q in: %v", tt.want, err)
			}
		})
	}
}

// FuzzParse: whatever a host prints is an error or a look, never a panic; and only an answer with its last section is one.
func FuzzParse(f *testing.F) {
	f.Add(recorded(f))
	f.Add("@paths\n||||||\n@links\n|\n@units\n=\nId=\n@asked\n0\n@end\n")
	f.Fuzz(func(t *testing.T, out string) {
		seen, err := Parse(out)
		if err != nil {
			return
		}
		if !strings.Contains(out, "@end") || seen.Paths == nil || seen.Users == nil || seen.Units == nil || seen.Marks == nil || seen.Pending == nil {
			t.Errorf("%q gives %+v", out, seen)
		}
		for id, u := range seen.Units {
			if id == "" || u.Load == "not-found" {
				t.Errorf("unit %q: %+v", id, u)
			}
		}
	})
}
