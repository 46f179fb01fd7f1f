package look

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/local"
	"github.com/monctl/monctl/fleet/resource"
)

// shells are those that a host may have as /bin/sh and that are here.
func shells(t *testing.T) []string {
	t.Helper()
	found := []string{"/bin/sh"}
	for _, other := range []string{"dash", "bash"} {
		if name, err := exec.LookPath(other); err == nil {
			found = append(found, name)
		}
	}
	return found
}

// run gives a script to a real shell, as fleet/shell does: C locale, nothing on standard input.
func run(t *testing.T, shell, script string, env ...string) string {
	t.Helper()
	cmd := exec.Command(shell)
	cmd.Args = append(cmd.Args, "-c", script)
	cmd.Env = append(append(os.Environ(), "LC_ALL=C"), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", shell, err, stderr.String())
	}
	return string(out)
}

// tree writes what a host may have below a folder and gives resources that ask for all of it, and for what is missing.
func tree(t *testing.T, root string) []resource.Resource {
	t.Helper()
	for name, content := range map[string]string{
		"etc/x.yml": "hello\n", "etc/empty": "", "etc/it's \"odd\" $HOME; `id` *": "odd\n",
		"opt/1/bin/x": "#!/bin/sh\n", "opt/1/.monctl": "abc\n", "opt/2/x": "half unpacked",
	} {
		file := filepath.Join(root, name)
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(content), 0o640))
	}
	must(t, os.Chmod(filepath.Join(root, "opt/1/bin/x"), 0o755))
	must(t, os.Chmod(filepath.Join(root, "etc"), 0o2750|fs.ModeSetgid))
	must(t, os.Symlink("1", filepath.Join(root, "opt/current")))
	must(t, os.Symlink("nowhere", filepath.Join(root, "opt/broken")))
	at := func(name string) string { return filepath.Join(root, name) }
	return []resource.Resource{
		resource.Dir{Path: at("etc")},
		resource.Dir{Path: at("missing dir")},
		resource.File{Path: at("etc/x.yml")},
		resource.File{Path: at("etc/empty")},
		resource.File{Path: at("etc/it's \"odd\" $HOME; `id` *")},
		resource.File{Path: at("etc/missing")},
		resource.File{Path: at("opt")},
		resource.Release{Dir: at("opt/1"), Binaries: []string{"bin/x", "bin/missing"}},
		resource.Release{Dir: at("opt/2"), Binaries: []string{"x"}},
		resource.Release{Dir: at("opt/3")},
		resource.Link{Path: at("opt/current")},
		resource.Link{Path: at("opt/broken")},
		resource.Link{Path: at("etc/empty")},
		resource.Link{Path: at("opt/missing")},
		resource.User{Name: "root"},
		resource.User{Name: "nobody-of-that-name"},
		resource.NoUser{Name: "roo"},
		resource.User{Name: "*"},
		resource.Service{Unit: "monctl-no-such-unit.service"},
		resource.Stopped{Unit: "-dash.service"},
		resource.Gone{Path: at("gone")},
		resource.Purge{Path: at("-n")},
		resource.Check{Dir: at("etc"), Command: "touch " + at("touched")},
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fingerprint is a hash of all that can change below a folder: names, kinds, modes, owners, times and content.
func fingerprint(t *testing.T, root string) string {
	t.Helper()
	h := sha256.New()
	must(t, filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(name)
		if err != nil {
			return err
		}
		s := info.Sys().(*syscall.Stat_t)
		fmt.Fprintf(h, "%q %v %d %d %d %v %v\n", name, info.Mode(), s.Uid, s.Gid, s.Ino, s.Mtim, s.Ctim)
		if info.Mode().IsRegular() {
			b, err := os.ReadFile(name)
			h.Write(b)
			return err
		}
		return nil
	}))
	return hex.EncodeToString(h.Sum(nil))
}

func TestLookChangesNothing(t *testing.T) {
	for _, shell := range shells(t) {
		root := t.TempDir()
		resources := tree(t, root)
		before := fingerprint(t, root)
		run(t, shell, Script(resources))
		if after := fingerprint(t, root); after != before {
			t.Errorf("%s: the look changed something below %s", shell, root)
		}
		must(t, os.Chmod(filepath.Join(root, "etc/empty"), 0o600)) // the fingerprint can tell
		if fingerprint(t, root) == before {
			t.Error("the fingerprint does not see a change")
		}
	}
}

func TestLookSees(t *testing.T) {
	for _, shell := range shells(t) {
		root := t.TempDir()
		seen, err := Parse(run(t, shell, Script(withoutUnits(tree(t, root)))))
		if err != nil {
			t.Fatalf("%s: %v", shell, err)
		}
		me := owner(t, root)
		sum := func(content string) string {
			s := sha256.Sum256([]byte(content))
			return hex.EncodeToString(s[:])
		}
		at := func(name string) string { return filepath.Join(root, name) }
		odd := "etc/it's \"odd\" $HOME; `id` *"
		want := map[string]Path{
			at("etc"):         {Kind: "directory", Mode: 0o2750},
			at("etc/x.yml"):   {Kind: "regular file", Mode: 0o640, Size: 6, SHA256: sum("hello\n")},
			at("etc/empty"):   {Kind: "regular file", Mode: 0o640, SHA256: sum("")},
			at(odd):           {Kind: "regular file", Mode: 0o640, Size: 4, SHA256: sum("odd\n")},
			at("opt"):         {Kind: "directory", Mode: 0o755},
			at("opt/1/bin/x"): {Kind: "regular file", Mode: 0o755, Size: 10},
			at("opt/2/x"):     {Kind: "regular file", Mode: 0o640, Size: 13},
			at("opt/current"): {Kind: "symbolic link", Mode: 0o777, Size: 1, Target: "1"},
			at("opt/broken"):  {Kind: "symbolic link", Mode: 0o777, Size: 7, Target: "nowhere"},
		}
		for name, p := range want {
			p.Owner, p.Group = me[0], me[1]
			if p.Kind == "directory" {
				p.Size = seen.Paths[name].Size // the file system's business
			}
			want[name] = p
		}
		if diff := cmp.Diff(want, seen.Paths); diff != "" {
			t.Errorf("%s: paths (-want +got):\n%s", shell, diff)
		}
		if diff := cmp.Diff(map[string]string{at("opt/1"): "abc"}, seen.Marks); diff != "" {
			t.Errorf("%s: marks:\n%s", shell, diff)
		}
		if diff := cmp.Diff(map[string]bool{"root": true}, seen.Users); diff != "" {
			t.Errorf("%s: users:\n%s", shell, diff)
		}
	}
}

// withoutUnits leaves out what only systemd can answer.
func withoutUnits(resources []resource.Resource) []resource.Resource {
	return slices.DeleteFunc(resources, func(r resource.Resource) bool {
		switch r.(type) {
		case resource.Service, resource.Stopped:
			return true
		}
		return false
	})
}

// TestAt looks over a real shell of this machine.
func TestAt(t *testing.T) {
	conn, err := local.Open(t.Context(), fleet.SudoNever, local.Options{})
	must(t, err)
	root := t.TempDir()
	seen, err := At(t.Context(), conn, withoutUnits(tree(t, root)))
	must(t, err)
	if p := seen.Paths[filepath.Join(root, "etc/x.yml")]; p.Kind != "regular file" || p.Mode != 0o640 {
		t.Errorf("%+v", p)
	}
	must(t, conn.Close())
	if _, err := At(t.Context(), conn, nil); err == nil || !strings.HasPrefix(err.Error(), "look: ") {
		t.Errorf("over a closed connection: %v", err)
	}
}

// owner gives user and group of the temp folder as stat(1) names them.
func owner(t *testing.T, name string) []string {
	t.Helper()
	out, err := exec.Command("stat", "-c", "%U %G", name).Output()
	must(t, err)
	return strings.Fields(string(out))
}

func TestEqualResourcesGiveAnEqualScript(t *testing.T) {
	root := t.TempDir()
	resources := tree(t, root)
	if first, second := Script(resources), Script(resources); first != second {
		t.Error("two scripts for the same resources")
	}
	if empty := Script(nil); strings.Contains(empty, "\nlook_paths ") || !strings.Contains(empty, "\nlook_state\n") {
		t.Errorf("script for nothing:\n%s", empty)
	}
}

// TestLookAsksSystemdOnce puts a systemctl of our own first in PATH, which gives a recorded answer.
func TestLookAsksSystemdOnce(t *testing.T) {
	recorded, err := filepath.Abs("testdata/systemctl-show.txt")
	must(t, err)
	bin := t.TempDir()
	calls := filepath.Join(bin, "calls")
	must(t, os.WriteFile(filepath.Join(bin, "systemctl"), []byte("#!/bin/sh\necho \"$*\" >>"+calls+"\ncat "+recorded+"\n"), 0o755))
	out := run(t, "/bin/sh", Script([]resource.Resource{resource.Service{Unit: "ssh.service"}, resource.Stopped{Unit: "monctl-gone.service"}}),
		"PATH="+bin+":"+os.Getenv("PATH"))
	seen, err := Parse(out)
	must(t, err)
	asked, err := os.ReadFile(calls)
	must(t, err)
	if !strings.HasSuffix(string(asked), "-- ssh.service monctl-gone.service\n") || strings.Count(string(asked), "\n") != 1 {
		t.Errorf("systemctl was called with:\n%s", asked)
	}
	if len(seen.Units) == 0 {
		t.Error("no unit seen")
	}
}

func TestLookAtScriptsAndGroups(t *testing.T) {
	me := owner(t, ".")
	resources := []resource.Resource{
		resource.Script{Name: "good one", Look: "test -n \"$HOME\" && echo ignored"},
		resource.Script{Name: "bad", Look: "echo 'it | has\n" + `"two"` + " lines' && echo second >&2 && exit 3"},
		resource.Script{Name: "silent", Look: "exit 1"},
		resource.Script{Name: "reads", Look: "read -r x || exit 0; exit 1"}, // nothing on its standard input
		resource.User{Name: me[0], Groups: []string{me[1], "no-such-group"}},
		resource.User{Name: "no-such-user", Groups: []string{me[1]}},
	}
	for _, sh := range shells(t) {
		seen, err := Parse(run(t, sh, Script(resources)))
		if err != nil {
			t.Fatalf("%s: %v", sh, err)
		}
		bad := seen.Scripts["bad"]
		delete(seen.Scripts, "bad")
		if diff := cmp.Diff(map[string]string{"good one": "", "silent": "is not done", "reads": ""}, seen.Scripts); diff != "" {
			t.Errorf("%s: %s", sh, diff)
		}
		if !strings.HasPrefix(bad, "it ") || !strings.HasSuffix(bad, "second") || strings.ContainsAny(bad, "\n|") {
			t.Errorf("%s: %q", sh, bad)
		}
		if !seen.Known[me[1]] || seen.Known["no-such-group"] || !slices.Contains(seen.Groups[me[0]], me[1]) || seen.Groups["no-such-user"] != nil {
			t.Errorf("%s: known %v, groups %v", sh, seen.Known, seen.Groups)
		}
	}
}
