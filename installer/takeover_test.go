package installer

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monctl/monctl/fleet/resource"
	"github.com/monctl/monctl/installer/desired"
	"github.com/monctl/monctl/installer/release"
	"github.com/monctl/monctl/templates"
)

// arranged gives what is done to a host when one component takes the place of another, in order.
func arranged(t *testing.T, name string, r release.Release, from desired.Manifest) []resource.Resource {
	t.Helper()
	catalog, err := templates.Load("")
	if err != nil {
		t.Fatal(err)
	}
	c := catalog[name]
	to := desired.Instance{Component: c, Release: r, Data: "/var/lib/monctl/" + name, Arch: templates.AMD64}
	resources := []resource.Resource{
		resource.File{Path: "/etc/systemd/system/" + to.Unit()},
		resource.User{Name: to.User()},
		resource.Dir{Path: to.Data},
		resource.Release{Dir: to.ReleaseDir()},
		resource.Check{Dir: to.Config()},
		resource.Link{Path: to.Current()},
		resource.Service{Unit: to.Unit()},
	}
	return takeover{from: from, to: to}.arrange(resources)
}

func manifestOf(name, version string) desired.Manifest {
	return desired.Manifest{
		Component: name, Version: version, Unit: "monctl-" + name + ".service", User: "monctl-" + name, Config: "/etc/monctl/" + name,
		Data: "/var/lib/monctl/" + name, Release: "/opt/monctl/" + name,
	}
}

// The old one stops when everything else is done, and after somebody has looked whether its samples can be read.
func TestTakeoverStopsLast(t *testing.T) {
	list := arranged(t, "prometheus", release.Release{Version: "2.42.0"}, manifestOf("monitor", "1.2.0"))
	var keys []string
	for _, r := range list {
		keys = append(keys, r.Key())
	}
	want := []string{
		"file /etc/systemd/system/monctl-prometheus.service", "user monctl-prometheus", "release /opt/monctl/prometheus/2.42.0", "check /etc/monctl/prometheus",
		"link /opt/monctl/prometheus/current",
		"script samples of monitor", "stopped monctl-monitor.service", "gone /etc/systemd/system/monctl-monitor.service", "move /var/lib/monctl/prometheus",
		"service monctl-prometheus.service",
		"gone /etc/monctl/monitor", "gone /opt/monctl/monitor", "gone /var/lib/monctl/.host/components/monitor.json", "no user monctl-monitor",
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
}

// Who looks is a monctl that is on the host by then: the old one's, or the new one.
func TestTakeoverAsksTheMonctlOfTheHost(t *testing.T) {
	for name, tt := range map[string]struct {
		to   string
		r    release.Release
		from desired.Manifest
		want string
	}{
		"to prometheus": {"prometheus", release.Release{Version: "2.42.0"}, manifestOf("monitor", "1.2.0"), "/opt/monctl/monitor/current/monctl data inspect --local /var/lib/monctl/monitor --readable-by 2.42.0 "},
		"to monitor":    {"monitor", release.Release{Version: "1.2.0"}, manifestOf("prometheus", "3.13.5"), "/opt/monctl/monitor/1.2.0/monctl data inspect --local /var/lib/monctl/prometheus --readable-by monctl "},
	} {
		list := arranged(t, tt.to, tt.r, tt.from)
		n := slices.IndexFunc(list, func(r resource.Resource) bool { _, ok := r.(resource.Script); return ok })
		if n < 0 {
			t.Fatalf("%s: nobody looks", name)
		}
		if s, _ := list[n].(resource.Script); !strings.HasPrefix(s.Run, tt.want) {
			t.Errorf("%s: %s", name, s.Run)
		}
	}
}
