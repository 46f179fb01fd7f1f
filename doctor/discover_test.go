package doctor

import "testing"

// TestMonitorIsFound among the processes and units of monctl, which are otherwise no part of the stack.
func TestMonitorIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		process Process
		want    string
	}{
		"serve":              {Process{Exe: "/opt/monctl/monitor/0.2.0/monctl", Args: []string{"/opt/monctl/monitor/0.2.0/monctl", "serve", "--data=/srv/m"}}, "monitor"},
		"options before":     {Process{Exe: "/usr/bin/monctl", Args: []string{"monctl", "--no-color", "serve"}}, "monitor"},
		"as downloaded":      {Process{Exe: "/root/monctl-linux-amd64", Args: []string{"./monctl-linux-amd64", "serve"}}, "monitor"},
		"upgraded under it":  {Process{Exe: "/usr/bin/monctl (deleted)", Args: []string{"monctl", "serve"}}, "monitor"},
		"run by an emulator": {Process{Exe: "/usr/bin/qemu-aarch64-static", Args: []string{"/usr/bin/qemu-aarch64-static", "/opt/monctl", "serve"}}, "monitor"},
		"run by binfmt_misc": {Process{Exe: "/usr/bin/qemu-aarch64-static", Args: []string{
			"/usr/libexec/qemu-binfmt/aarch64-binfmt-P", "/opt/monctl/monitor/current/monctl", "/opt/monctl/monitor/current/monctl", "serve", "--data=/x",
		}}, "monitor"},
		"working on data":         {Process{Exe: "/var/lib/monctl/bin/x/monctl", Args: []string{"monctl", "data", "inspect", "--local", "/serve"}}, ""},
		"its folder called serve": {Process{Exe: "/usr/bin/monctl", Args: []string{"monctl", "install", "serve"}}, ""},
		"without words":           {Process{Exe: "/usr/bin/monctl", Args: []string{"monctl"}}, ""},
		"a shell that starts it":  {Process{Exe: "/bin/sh", Args: []string{"sh", "-c", "monctl serve"}}, ""},
	} {
		if got := componentKind(c.process); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	unit := Unit{Name: "monctl-monitor.service", Properties: map[string]string{
		"UnitFileState": "enabled", "ExecStart": "{ path=/opt/monctl/monitor/current/monctl ; argv[]=/opt/monctl/monitor/current/monctl serve --data=/srv/m --listen=:9095 ; }",
	}}
	h := &Host{Units: []Unit{unit}}
	h.discover(nil)
	if len(h.Components) != 1 || h.Components[0].Kind != "monitor" || h.Components[0].Flags["data"] != "/srv/m" {
		t.Errorf("a stopped one: %+v", h.Components)
	}
}
