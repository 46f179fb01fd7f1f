package inventory

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
)

const whole = `# a fleet
defaults:
  user: ubuntu
  port: 22
  key: keys/id
  jump: ops@bastion:22
  labels: {site: lab}
hosts:
  vm1:
    address: 172.16.85.31
    scrape_address: 10.0.0.31
    labels: {env: prod, rack: 12}
    components: [prometheus, grafana]
  vm2: 172.16.85.11
  vm3: root@[2001:db8::1]:2222
  alias:
  here: localhost
components:
  prometheus:
    version: 3.10
    retention: 15d
    port: 9090
    scrape_interval: 15s
    ratio: 0.5
    wal: true
    external_labels: {env: prod}
    urls:
      - https://a
      - https://b
  node_exporter: {hosts: all, version: 1.12.1}
  alertmanager: lts
  loki: {hosts: [vm3, vm2]}
mirror: https://mirror.example/
fetch: host
parallel: 8
catalog: ./ours
`

func TestParse(t *testing.T) {
	inv, err := Parse("/etc/fleet/monctl.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{"/etc/fleet/keys/id"}
	login := fleet.Host{User: "ubuntu", Port: 22, Keys: keys, Jump: "ops@bastion:22", Sudo: fleet.SudoAuto}
	host := func(name, address string, change func(*fleet.Host)) fleet.Host {
		h := login
		h.Name, h.Address = name, address
		if change != nil {
			change(&h)
		}
		return h
	}
	site := map[string]string{"site": "lab"}
	want := &Inventory{
		Name: "/etc/fleet/monctl.yaml", Dir: "/etc/fleet", src: []byte(whole),
		Hosts: []Host{
			{
				Host: host("vm1", "172.16.85.31", nil), ScrapeAddress: "10.0.0.31", Pos: Pos{9, 3},
				Labels:     map[string]string{"site": "lab", "env": "prod", "rack": "12"},
				Components: []string{"prometheus", "grafana"}, ComponentPos: []Pos{{13, 18}, {13, 30}},
			},
			{Host: host("vm2", "172.16.85.11", nil), Labels: site, Pos: Pos{14, 3}},
			{
				Host:   host("vm3", "2001:db8::1", func(h *fleet.Host) { h.User, h.Port = "root", 2222 }),
				Labels: site, Pos: Pos{15, 3},
			},
			{Host: host("alias", "alias", nil), Labels: site, Pos: Pos{16, 3}},
			{
				Host:   fleet.Host{Name: "here", Address: "localhost", Local: true, Sudo: fleet.SudoAuto},
				Labels: site, Pos: Pos{17, 3},
			},
		},
		Components: []Component{
			{Name: "prometheus", Version: "3.10", Pos: Pos{19, 3}, VersionPos: Pos{20, 14}, Settings: map[string]Setting{
				"retention":       {"15d", Pos{21, 16}, Pos{21, 5}},
				"port":            {int64(9090), Pos{22, 11}, Pos{22, 5}},
				"scrape_interval": {"15s", Pos{23, 22}, Pos{23, 5}},
				"ratio":           {0.5, Pos{24, 12}, Pos{24, 5}},
				"wal":             {true, Pos{25, 10}, Pos{25, 5}},
				"external_labels": {map[string]any{"env": "prod"}, Pos{26, 22}, Pos{26, 5}},
				"urls":            {[]any{"https://a", "https://b"}, Pos{28, 7}, Pos{27, 5}},
			}},
			{
				Name: "node_exporter", Version: "1.12.1", Pos: Pos{30, 3}, VersionPos: Pos{30, 40},
				Hosts: []string{"vm1", "vm2", "vm3", "alias", "here"},
			},
			{Name: "alertmanager", Version: "lts", Pos: Pos{31, 3}, VersionPos: Pos{31, 17}},
			{Name: "loki", Pos: Pos{32, 3}, Hosts: []string{"vm3", "vm2"}},
			{Name: "grafana", Pos: Pos{13, 30}},
		},
		Mirror: Mirror{All: "https://mirror.example"}, Fetch: FetchHost, Fallback: FallbackAsk, Parallel: 8,
		Catalog: "/etc/fleet/ours", CatalogPos: Pos{36, 10},
	}
	diff(t, inv, want)

	diff(t, inv.Assignments(), []Assignment{
		{"prometheus", []string{"vm1"}},
		{"node_exporter", []string{"vm1", "vm2", "vm3", "alias", "here"}},
		{"alertmanager", nil},
		{"loki", []string{"vm2", "vm3"}},
		{"grafana", []string{"vm1"}},
	})
	if h, ok := inv.Host("vm2"); !ok || h.Address != "172.16.85.11" {
		t.Errorf("host vm2 is %+v, %v", h, ok)
	}
	if _, ok := inv.Host("vm9"); ok {
		t.Error("there is a host vm9")
	}
}

// diff compares deeply and shows both sides.
func diff(t *testing.T, have, want any) {
	t.Helper()
	if !reflect.DeepEqual(have, want) {
		t.Errorf("have\n%+v\nwant\n%+v", have, want)
	}
}

func TestDefaultsOfTheFile(t *testing.T) {
	inv, err := Parse(DefaultName, []byte("hosts: {a: }\n"))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, inv, &Inventory{
		Name: DefaultName, Dir: ".", src: []byte("hosts: {a: }\n"), Fetch: FetchController, Fallback: FallbackAsk, Parallel: fleet.DefaultParallel,
		Hosts: []Host{{Host: fleet.Host{Name: "a", Address: "a", Sudo: fleet.SudoAuto}, Pos: Pos{1, 9}}},
	})
}

func TestAnchorsAndMergeKeys(t *testing.T) {
	inv, err := Parse(DefaultName, []byte(`defaults: &way {user: ops, port: 2222}
hosts:
  a: {<<: *way, port: 22}
  b:
    <<: [*way, {jump: bastion}]
    address: other
`))
	if err != nil {
		t.Fatal(err)
	}
	a, b := inv.Hosts[0].Host, inv.Hosts[1].Host
	if a.User != "ops" || a.Port != 22 || b.Port != 2222 || b.Jump != "bastion" || b.Address != "other" {
		t.Errorf("have %+v and %+v", a, b)
	}
}

func TestLocalhostIsLocalOnlyWithoutAWayIn(t *testing.T) {
	inv, err := Parse(DefaultName, []byte(`defaults: {user: ubuntu, key: /k}
hosts:
  short: localhost
  ssh: {address: localhost, port: 2222}
  user: root@localhost
  loop: 127.0.0.1
`))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, false, false} {
		if h := inv.Hosts[i]; h.Local != want {
			t.Errorf("%s: local is %v", h.Name, h.Local)
		}
	}
}

func TestMirrorPerSite(t *testing.T) {
	inv, err := Parse(DefaultName, []byte("hosts: {a: }\nmirror: {github: https://g.example, grafana_api: http://h.example/api/}\n"))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, inv.Mirror, Mirror{GitHub: "https://g.example", GrafanaAPI: "http://h.example/api"})
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, DefaultName)
	if _, err := Load(path); fault.KindOf(err) != fault.Usage || !strings.Contains(fault.Remedy(err), "monctl init") {
		t.Errorf("missing file: %v, remedy %q", err, fault.Remedy(err))
	} else if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v is not ErrNotExist", err)
	}
	if err := os.WriteFile(path, []byte("hosts: {a: b}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inv, err := Load(path)
	if err != nil || inv.Dir != dir || inv.Hosts[0].Address != "b" {
		t.Errorf("have %+v, %v", inv, err)
	}
	if _, err := Load(dir); fault.KindOf(err) != fault.Usage {
		t.Errorf("a folder: %v", err)
	}
	if err := os.WriteFile(path, []byte("hosts: {a: b}\n#"+strings.Repeat("x", maxSize)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("a huge file: %v", err)
	}
}

func TestByteOrderMarkIsIgnored(t *testing.T) {
	if _, err := Parse(DefaultName, []byte("\ufeffhosts: {a: b}\r\n")); err != nil {
		t.Error(err)
	}
}
