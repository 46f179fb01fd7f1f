package apply

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
)

const nasty = `/etc/monctl/it's "$(touch /tmp/no)";x`

// changes is a plan with every kind of resource.
func changes() []plan.Change {
	unit := resource.File{Path: "/etc/systemd/system/x.service", Owner: "root", Group: "root", Mode: 0o644, Content: []byte("unit")}
	return []plan.Change{
		{Resource: resource.User{Name: "x", Groups: []string{"adm"}}, Action: plan.Create},
		{Resource: resource.Dir{Path: nasty, Owner: "root", Group: "x", Mode: 0o750}, Action: plan.Create},
		{Resource: resource.Dir{Path: "/var/lib/monctl/x", Owner: "x", Group: "x", Mode: 0o750, Keep: true}, Action: plan.Create},
		{Resource: resource.Release{Dir: "/opt/monctl/x/1", Mark: "m", Binaries: []string{"x"}, Machine: "arm64", Payload: resource.Payload{Path: "/p", Size: 3, SHA256: "s"}}, Action: plan.Create},
		{Resource: resource.Check{Dir: "/etc/monctl/x", Command: "promtool check"}, Action: plan.Run},
		{Resource: unit, Action: plan.Create},
		{Resource: resource.File{Path: "/etc/monctl/x/x.yml", Owner: "root", Group: "x", Mode: 0o640, Content: []byte("config")}, Action: plan.Update},
		{Resource: resource.File{Path: "/var/lib/monctl/x/secret", Owner: "x", Group: "x", Mode: 0o600, Content: []byte("s"), Once: true, WithData: true, Secret: true}, Action: plan.Create},
		{Resource: resource.Script{Name: "x account", Run: "true", Env: []byte("ADMIN=\"s3cret\"\n")}, Action: plan.Execute},
		{Resource: resource.User{Name: "known", Groups: []string{"adm"}}, Action: plan.Update},
		{Resource: resource.Link{Path: "/opt/monctl/x/current", Target: "1"}, Action: plan.Update},
		{Resource: resource.Service{Unit: "x.service"}, Action: plan.Start, Enabling: true},
		{Resource: resource.Service{Unit: "y.service"}, Action: plan.Reload},
		{Resource: resource.Stopped{Unit: "z.service"}, Action: plan.Stop},
		{Resource: resource.Gone{Path: "/etc/old", Tree: true}, Action: plan.Remove},
		{Resource: resource.Purge{Path: "/var/lib/monctl/old"}, Action: plan.Remove},
		{Resource: resource.NoUser{Name: "old"}, Action: plan.Remove},
	}
}

func script(t *testing.T, list []plan.Change) string {
	t.Helper()
	members, err := write("id", plan.Plan{Host: "h", Changes: list})
	if err != nil {
		t.Fatal(err)
	}
	r, err := members[0].open()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	_, own, found := strings.Cut(string(b), "\nid=")
	if !found {
		t.Fatal("the script does not name its run")
	}
	return own
}

// inOrder fails unless the parts stand in text one after the other.
func inOrder(t *testing.T, text string, parts ...string) {
	t.Helper()
	at := 0
	for _, p := range parts {
		i := strings.Index(text[at:], p)
		if i < 0 {
			t.Errorf("%q does not follow what should be before it, in:\n%s", p, text)
			return
		}
		at += i
	}
}

func TestJournalComesBeforeEveryChange(t *testing.T) {
	text := script(t, changes())
	inOrder(t, text, "j_user x", "j_tree", "j_release", "j_path", "j_once", "j_gone", "j_nouser", "journal_sync", "step journal write_journal", "do_user")
	first := strings.Index(text, "do_user")
	for _, line := range strings.Split(text[first:], "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "j_") {
			t.Errorf("noted after the first change: %s", line)
		}
	}
}

func TestUnitsAreReadOnceAndBeforeTheyStart(t *testing.T) {
	text := script(t, changes())
	inOrder(t, text, "do_owe restart x.service", "step journal", "do_file root root 0644", "enable -- x.service", "systemctl daemon-reload",
		"systemctl restart -- x.service", "do_paid x.service", "do_reload y.service", "do_paid y.service", "echo applied")
	if n := strings.Count(text, "step 'systemctl daemon-reload'"); n != 1 {
		t.Errorf("%d times daemon-reload in:\n%s", n, text)
	}
}

func TestConfigurationIsCheckedBeforeItIsReplaced(t *testing.T) {
	inOrder(t, script(t, changes()), "do_release /opt/monctl/x/1", "do_check /etc/monctl/x", "do_file root x 0640")
}

func TestScriptIsValidAndQuoted(t *testing.T) {
	text := script(t, changes())
	if !strings.Contains(text, fleet.Quote(nasty)) {
		t.Errorf("the path is not quoted in:\n%s", text)
	}
	for _, sh := range []string{"sh", "bash"} {
		cmd := exec.CommandContext(t.Context(), sh, "-n")
		cmd.Stdin = strings.NewReader(hostFunctions + "id=" + text)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s -n: %v\n%s", sh, err, out)
		}
	}
}

func TestReleaseWithoutArchiveIsAnError(t *testing.T) {
	_, err := write("id", plan.Plan{Changes: []plan.Change{{Resource: resource.Release{Dir: "/opt/x/1"}, Action: plan.Create}}})
	if err == nil {
		t.Error("no error")
	}
}

func TestOutcome(t *testing.T) {
	tests := []struct {
		name, out string
		res       fleet.Result
		step      string
		undone    bool
		ok        bool
	}{
		{name: "applied", out: "@begin a\n@done a\n@applied", ok: true},
		{name: "failed and undone", out: "@begin file /x\n@fail file /x\n@err no space\n@undone", res: fleet.Result{Exit: 65}, step: "file /x", undone: true},
		{name: "failed, not undone", out: "@fail file /x\n@err e\n@undofail restore /y: busy\n@undopartly", res: fleet.Result{Exit: 65}, step: "file /x"},
		{name: "shell died", out: "@begin a", res: fleet.Result{Exit: 137}},
		{name: "end without the last word", out: "@begin a\n@done a"},
		{name: "cut", res: fleet.Result{Exit: exitUnpack, Stderr: "tar: Unexpected EOF"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var o outcome
			for _, line := range strings.Split(tt.out, "\n") {
				o.line(line, nil)
			}
			err := o.err("h", tt.res)
			if (err == nil) != tt.ok {
				t.Fatalf("error is %v", err)
			}
			var step *StepError
			if errors.As(err, &step) != (tt.step != "") {
				t.Fatalf("error is %#v", err)
			}
			if step != nil && (step.Step != tt.step || step.Undone != tt.undone) {
				t.Errorf("step is %+v", step)
			}
		})
	}
}

// TestScriptsGetTheirSecretsInAFile: neither the script of the plan nor a command line has them, and an update of a user is
// not undone by removing that user.
func TestScriptsGetTheirSecretsInAFile(t *testing.T) {
	text := script(t, changes())
	if strings.Contains(text, "s3cret") {
		t.Error("a secret is in the script")
	}
	inOrder(t, text, "step 'script x account' do_script", "do_groups known adm")
	if strings.Contains(text, "j_user known") {
		t.Error("an undo would remove a user that was there before")
	}
	stage := t.TempDir()
	for name, content := range map[string]string{"1.env": "ADMIN=\"it's \\$HOME \\\"x\\\"\"\n", "1.sh": "printf '%s|%s' \"$ADMIN\" \"$#\"; cat; exit 7\n"} {
		if err := os.MkdirAll(filepath.Join(stage, "scripts"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(stage, "scripts", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", hostFunctions+"stage=$1; do_script 1", "sh", stage)
	cmd.Stdin = strings.NewReader("not for it")
	out, err := cmd.Output()
	if want := `it's $HOME "x"|0`; string(out) != want || err == nil || cmd.ProcessState.ExitCode() != 7 {
		t.Errorf("got %q (%v), want %q and exit 7", out, err, want)
	}
}
