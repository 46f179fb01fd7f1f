package installer

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/templates"
)

func TestLogsThatAnAgentMayNotRead(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can look with another user's eyes")
	}
	dir, err := os.MkdirTemp("", "logs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"open.log": 0o644, "closed.log": 0o640} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "below", "x.log"), 0o755); err != nil {
		t.Fatal(err)
	}
	agent := desired.Instance{Component: &templates.Component{Name: "alloy", Exec: []string{"alloy"}}}
	for pattern, want := range map[string]string{
		"/open.log":      "",
		"/not-there.log": "",
		"/*.log":         "monctl-alloy may not read " + dir + "/closed.log",
		"/below":         dir + "/below is a folder, not a log file",
		"/**/x.log":      dir + "/below/x.log is a folder",
	} {
		out, err := exec.Command("sh", "-c", readable("nobody", []string{dir + pattern})).Output()
		if err != nil {
			t.Fatal(err)
		}
		got := unreadable(agent, string(out))
		if want == "" && got != nil || want != "" && (got == nil || !strings.Contains(got.Error(), want) || strings.Contains(got.Error(), "open.log")) {
			t.Errorf("%s: %v, want %q", pattern, got, want)
		}
	}
}
