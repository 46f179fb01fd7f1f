package hosts

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/monctl/monctl/lab/proc"
	"golang.org/x/crypto/ssh"
)

func TestOptionsRefuseWhatCannotBe(t *testing.T) {
	cases := map[string]Options{
		"name":   {Name: "../up", DiskMB: 64},
		"hosts":  {Name: "x", AMD64: 100, DiskMB: 64},
		"subnet": {Name: "x", Subnet: 251, DiskMB: 64},
		"disk":   {Name: "x", DiskMB: 1},
	}
	for want, o := range cases {
		if err := o.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestHierarchiesAreThoseOfSystemd(t *testing.T) {
	mounts := `cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
`
	want := []string{"/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"}
	if got := parseHierarchies(mounts); !slices.Equal(got, want) {
		t.Errorf("parseHierarchies = %q, want %q", got, want)
	}
}

func TestPasswordGoesIntoItsOwnLine(t *testing.T) {
	shadow := "root:*:1:::::\npat:!:2:0:99999:7:::\npatrick:!:3:::::\n"
	want := "root:*:1:::::\npat:$6$x:2:0:99999:7:::\npatrick:!:3:::::\n"
	if got := withPassword(shadow, "pat", "$6$x"); got != want {
		t.Errorf("withPassword = %q", got)
	}
}

func TestKeysAreAPair(t *testing.T) {
	private, public, err := newKey("me")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key, comment, _, _, err := ssh.ParseAuthorizedKey(public)
	if err != nil || comment != "me" || string(key.Marshal()) != string(signer.PublicKey().Marshal()) {
		t.Errorf("the halves differ: %v, %q", err, comment)
	}
}

func TestStateSurvives(t *testing.T) {
	cache := t.TempDir()
	l := &Lab{Name: "x", Subnet: 7, Bridge: "mlab-7", dir: labDir(cache, "x")}
	l.Hosts = []*Host{{Name: "h1", Address: "10.231.7.11", Process: proc.ID{PID: 5, Start: 9}, lab: l}}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := l.save(); err != nil {
		t.Fatal(err)
	}
	got, err := Open(cache, "x")
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(l)
	b, _ := json.Marshal(got)
	if string(a) != string(b) || got.Hosts[0].Root() != filepath.Join(cache, "labs/x/hosts/h1/root") {
		t.Errorf("read back %s, want %s", b, a)
	}
	if names, err := List(cache); err != nil || !slices.Equal(names, []string{"x"}) {
		t.Errorf("List = %q, %v", names, err)
	}
}

func TestPlanAddsAndNeverTakesAway(t *testing.T) {
	l := &Lab{Name: "x", Subnet: 7, Bridge: "mlab-7"}
	if got := len(l.plan(Options{AMD64: 2, ARM64: 1})); got != 3 {
		t.Fatalf("%d hosts planned, want 3", got)
	}
	l.plan(Options{AMD64: 1})
	if len(l.Hosts) != 3 || l.Hosts[2].Name != "a1" || l.Hosts[2].Address != "10.231.7.111" {
		t.Errorf("hosts: %+v", l.Hosts)
	}
}
