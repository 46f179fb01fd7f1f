package desired

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/monctl/monctl/templates"
)

func TestFaultsOfAnInventory(t *testing.T) {
	for name, tt := range map[string]struct {
		text  string
		words []string
	}{
		"unknown component at a host": {
			"hosts:\n  a:\n    address: 10.0.0.1\n    components: [prometheus, node_exportr]\n",
			[]string{`monctl.yaml:4:30: there is no component "node_exportr" (did you mean "node_exporter"?)`, ">    4 |"},
		},
		"unknown component with settings": {
			"hosts:\n  a: 10.0.0.1\ncomponents:\n  zzz: {hosts: all}\n",
			[]string{`monctl.yaml:4:3: there is no component "zzz"` + "\n"},
		},
		"ports clash": {
			"hosts:\n  a: {address: 10.0.0.1, components: [prometheus, grafana]}\ncomponents:\n  grafana: {port: 9090}\n",
			[]string{"monctl.yaml:2:3: host a: grafana and prometheus both listen on port 9090"},
		},
		"data folders clash": {
			"hosts:\n  a: {address: 10.0.0.1, components: [prometheus, grafana]}\ncomponents:\n  grafana: {data_dir: /srv/m}\n  prometheus: {data_dir: /srv/m/p}\n",
			[]string{"monctl.yaml:2:3: host a: the data folders of grafana (/srv/m) and prometheus (/srv/m/p) are one in the other"},
		},
		"loopback target": {
			"hosts:\n  a: {address: 10.0.0.1, components: [prometheus]}\n  b: {address: 10.0.0.2, components: [node_exporter]}\ncomponents:\n  node_exporter: {listen: 127.0.0.1}\n",
			[]string{"monctl.yaml:3:3: node_exporter on b binds 127.0.0.1, so prometheus on a cannot reach it"},
		},
		"loopback datasource": {
			"hosts:\n  a: {address: 10.0.0.1, components: [prometheus]}\n  b: {address: 10.0.0.2, components: [grafana]}\ncomponents:\n  prometheus: {listen: \"::1\"}\n",
			[]string{"monctl.yaml:2:3: prometheus on a binds ::1, so grafana on b cannot reach it"},
		},
		"localhost without an address": {
			"hosts:\n  here: {address: localhost, components: [node_exporter]}\n  b: {address: 10.0.0.2, components: [prometheus]}\n",
			[]string{"monctl.yaml:2:3: node_exporter on here must be reached from b: give the host a scrape_address"},
		},
		"a forwarded port of this machine": {
			"hosts:\n  a: {address: 127.0.0.1, port: 2222, components: [node_exporter]}\n  b: {address: 10.0.0.2, components: [prometheus]}\n",
			[]string{"monctl.yaml:2:3: node_exporter on a must be reached from b: give the host a scrape_address"},
		},
		"label of Prometheus' own": {
			"hosts:\n  a: {address: 10.0.0.1, labels: {__address__: x, job: y}, components: [prometheus]}\n",
			[]string{"monctl.yaml:2:3: host a: label __address__ is Prometheus' own", "label job is Prometheus' own"},
		},
		"one instance twice": {
			"hosts:\n  a: {address: 10.0.0.1, components: [prometheus]}\n  b: {address: 10.0.0.2, labels: {instance: a}}\n",
			[]string{`monctl.yaml:3:3: hosts a and b have the same label instance "a"`},
		},
		"nothing to run": {"hosts:\n  a: 10.0.0.1\n", []string{"monctl.yaml: no host runs any component"}},
		"all at once": {
			"hosts:\n  a: {address: 10.0.0.1, components: [promethius, grafana]}\ncomponents:\n  grafana: {port: no}\n",
			[]string{`there is no component "promethius"`, "component grafana: port: want a number"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := stackOf(t, load(t, ""), tt.text)
			refused(t, err, append(tt.words, "monctl.yaml")...)
			if err != nil && !strings.Contains(err.Error()+"\n", tt.words[0]) {
				t.Error(err)
			}
		})
	}
}

func TestWhatIsNoFault(t *testing.T) {
	for name, text := range map[string]string{
		"loopback on the same host":                 "hosts:\n  a: {address: 10.0.0.1, components: [prometheus, grafana, node_exporter]}\ncomponents:\n  prometheus: {listen: 127.0.0.1}\n  node_exporter: {listen: \"::1\"}\n",
		"localhost alone":                           "hosts:\n  a: {address: localhost, components: [prometheus, grafana, node_exporter]}\n",
		"localhost with an address":                 "hosts:\n  a: {address: localhost, scrape_address: 10.0.0.1, components: [node_exporter]}\n  b: {address: 10.0.0.2, components: [prometheus]}\n",
		"loopback nobody needs":                     "hosts:\n  a: {address: 10.0.0.1, components: [node_exporter]}\ncomponents:\n  node_exporter: {listen: 127.0.0.1}\n",
		"one port on two hosts":                     "hosts:\n  a: {address: 10.0.0.1, components: [prometheus]}\n  b: {address: 10.0.0.2, components: [grafana]}\ncomponents:\n  grafana: {port: 9090}\n",
		"a forwarded port, but bound to an address": "hosts:\n  a: {address: 127.0.0.1, port: 2222, components: [node_exporter]}\n  b: {address: 10.0.0.2, components: [prometheus]}\ncomponents:\n  node_exporter: {listen: 10.0.0.1}\n",
		"folders with a common beginning":           "hosts:\n  a: {address: 10.0.0.1, components: [prometheus, grafana]}\ncomponents:\n  grafana: {data_dir: /srv/m}\n  prometheus: {data_dir: /srv/mm}\n",
	} {
		t.Run(name, func(t *testing.T) { good(t, text) })
	}
}

func TestAddresses(t *testing.T) {
	s := good(t, `hosts:
  a: {address: 10.0.0.1, scrape_address: 192.168.0.1, components: [prometheus]}
  b: {address: "fd00::2", components: [node_exporter, grafana]}
components:
  node_exporter: {listen: "::"}
  grafana: {listen: 10.9.9.9}
`)
	prometheus, node, grafana := the(t, s, "prometheus", "a"), the(t, s, "node_exporter", "b"), the(t, s, "grafana", "b")
	for want, got := range map[string]string{
		"127.0.0.1:9090": prometheus.From("a"), "192.168.0.1:9090": prometheus.From("b"), ":9090": prometheus.Listen(),
		"[fd00::2]:9100": node.From("a"), "127.0.0.1:9100": node.Local(), "[::]:9100": node.Listen(),
		"10.9.9.9:3000": grafana.From("b"),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := grafana.From("a"); got != grafana.Local() {
		t.Errorf("bound to one address, but reached at %s and %s", got, grafana.Local())
	}
}

// TestOrderIsStable renders the example many times: maps have another order each time.
func TestOrderIsStable(t *testing.T) {
	var first []byte
	for n := range 30 {
		s := example(t)
		var all bytes.Buffer
		for _, h := range s.Inventory.Hosts {
			list, err := s.Resources(h.Name, drawn)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range list {
				fmt.Fprintf(&all, "%+v\n", r)
			}
		}
		if n == 0 {
			first = all.Bytes()
		} else if !bytes.Equal(first, all.Bytes()) {
			t.Fatal(cmp.Diff(string(first), all.String()))
		}
	}
}

// TestOrderOfComponentsAtAHostDoesNotMatter: files are the same whichever component is named first.
func TestOrderOfComponentsAtAHostDoesNotMatter(t *testing.T) {
	text := "hosts:\n  a: {address: 10.0.0.1, components: [%s]}\n  b: {address: 10.0.0.2, components: [%s]}\n"
	one := good(t, fmt.Sprintf(text, "prometheus, grafana, node_exporter, alertmanager", "node_exporter, alertmanager"))
	other := good(t, fmt.Sprintf(text, "alertmanager, node_exporter, grafana, prometheus", "alertmanager, node_exporter"))
	for _, host := range []string{"a", "b"} {
		if diff := cmp.Diff(contents(t, one, host), contents(t, other, host)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestDatasources(t *testing.T) {
	s := good(t, `hosts:
  a: {address: 10.0.0.1, components: [prometheus]}
  b: {address: 10.0.0.2, components: [prometheus, grafana]}
  c: {address: 10.0.0.3, components: [grafana]}
components:
  prometheus: {scrape_interval: 20s}
`)
	first := Datasource{Title: "Prometheus", UID: "monctl-prometheus", Type: "prometheus", URL: "http://10.0.0.1:9090", ScrapeInterval: "20s"}
	second := Datasource{Title: "Prometheus b", UID: "monctl-prometheus-b", Type: "prometheus", URL: "http://10.0.0.2:9090", ScrapeInterval: "20s"}
	if diff := cmp.Diff([]Datasource{first, second}, s.Datasources(the(t, s, "grafana", "c"))); diff != "" {
		t.Error(diff)
	}
	second.URL = "http://127.0.0.1:9090"
	if diff := cmp.Diff([]Datasource{first, second}, s.Datasources(the(t, s, "grafana", "b"))); diff != "" {
		t.Error(diff)
	}
	targets := s.Targets(the(t, s, "prometheus", "a"))
	if len(targets) != 4 { // two of each
		t.Errorf("targets: %+v", targets)
	}
	alone := good(t, "hosts: {c: {address: 10.0.0.3, components: [grafana]}}\n")
	if text := contents(t, alone, "c")["/etc/monctl/grafana/provisioning/datasources/monctl.yaml"]; !strings.Contains(text, "datasources: []") {
		t.Errorf("without a Prometheus:\n%s", text)
	}
}

func TestComponentsStartAfterWhatTheyComeAfter(t *testing.T) {
	after := map[string][]string{"a": {"c"}, "b": {"a"}, "d": {"e"}, "e": {"d"}, "prometheus": {"c"}}
	var s Stack
	for _, name := range []string{"b", "d", "a", "e", "c", "prometheus"} {
		i := Instance{Component: &templates.Component{Name: name, After: after[name], Scrapes: name == "prometheus"}}
		i.Host.Name = "h"
		s.Instances = append(s.Instances, i)
	}
	var got []string
	for _, i := range s.On("h") {
		got = append(got, i.Component.Name)
	}
	if want := []string{"c", "prometheus", "a", "b", "e", "d"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestReleaseOfAnotherMachine(t *testing.T) {
	s := good(t, "hosts: {h: {address: 10.0.0.1, components: [node_exporter]}}\n")
	s.Instances[0].Arch = "riscv64"
	_, err := s.Resources("h", drawn)
	if err == nil || !strings.Contains(err.Error(), "node_exporter 1.2.3 is not published for riscv64") {
		t.Error(err)
	}
}
