package installer_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/fleet/ssh"
	"github.com/monctl/monctl/installer"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/installer/release/cache"
	"github.com/monctl/monctl/installer/release/web"
	"github.com/monctl/monctl/templates"
)

func TestDrive(t *testing.T) {
	path := os.Getenv("DRIVE")
	if path == "" {
		t.Skip()
	}
	inv, err := inventory.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	cat, err := templates.Load(inv.Catalog)
	if err != nil {
		t.Fatal(err)
	}
	stack, err := desired.StackOf(inv, cat)
	if err != nil {
		t.Fatal(err)
	}
	client := web.New()
	c, err := cache.Open(t.TempDir(), client)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	o := installer.Options{
		Stack: stack, ID: "drive", Holder: "me",
		Dial: func(ctx context.Context, h fleet.Host) (fleet.Conn, error) {
			return ssh.Dial(ctx, h, ssh.Options{ConfigFiles: []string{os.Getenv("DRIVE_SSH")}})
		},
		Releases: installer.Upstream{Resolver: &release.Resolver{Web: client, Mirror: release.MirrorAll(inv.Mirror.All)}, Store: &release.Store{Cache: c}},
		Report: func(e installer.Event) {
			if e.Total == 0 {
				t.Logf("%5d %s %s %v %v", time.Since(start).Milliseconds(), e.Host, e.Doing, e.Finished, e.Err)
			}
		},
	}
	run, err := installer.Prepare(t.Context(), o, true)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	for _, h := range run.Hosts {
		t.Log(h.Name, h.Err)
		for _, ch := range h.Plan.Changes {
			t.Log("   ", ch.Action, ch.Resource.Key(), ch.Why)
		}
	}
	for _, out := range run.Apply(t.Context()) {
		t.Log(out.Host, out.Err, out.RolledBack, out.Journal)
		for _, p := range out.Proofs {
			t.Log("   ", p.What, p.Err)
		}
	}
	t.Log(time.Since(start))
}
