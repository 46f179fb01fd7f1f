package desired

import (
	"fmt"
	"strings"
	"testing"
)

// every is an operator's component with a setting of each type.
const every = `name: every
title: Every
about: has every type of setting
license: MIT
docs: https://example.org/
release: {source: url, folder: "https://example.org/{version}", file: "every-{arch}", archs: {amd64: x64}, binaries: [every], format: binary}
port: 1234
data: true
settings:
  - {name: text, type: string, default: "", about: any text}
  - {name: choice, type: string, choices: [red, green], default: red, about: one of two}
  - {name: flag, type: bool, default: false, about: yes or no}
  - {name: number, type: int, default: 5, about: a number}
  - {name: pause, type: duration, default: 5m, about: a time}
  - {name: room, type: size, default: "", about: a size}
  - {name: account, type: name, default: joe, about: a name}
  - {name: place, type: path, default: "", about: a path}
  - {name: site, type: url, default: "", about: an address}
  - {name: more, type: words, about: words}
  - {name: tags, type: labels, about: labels}
  - {name: key, type: secret, about: a secret}
exec: [every, "--number={{ .Set.number }}"]
ready: /
`

func TestSettings(t *testing.T) {
	catalog := load(t, folder(t, map[string]string{"every/component.yaml": every, "every/releases.tsv": noPins}))
	tests := []struct {
		setting, value string
		want           any    // nil for an error
		message        string // a part of it
	}{
		{"text", `"50% $x # ;"`, "50% $x # ;", ""},
		{"text", `""`, "", ""},
		{"text", `"a\nb"`, nil, "line breaks are not allowed"},
		{"text", "7", nil, "want a text, got 7"},
		{"text", "[a]", nil, "want a text, got [a]"},
		{"choice", "green", "green", ""},
		{"choice", "blue", nil, "want one of red, green"},
		{"flag", "true", true, ""},
		{"flag", `"true"`, nil, "want true or false, got true"},
		{"flag", "1", nil, "want true or false, got 1"},
		{"number", "-7", -7, ""},
		{"number", `"7"`, nil, "want a number, got 7"},
		{"number", "7.5", nil, "want a number, got 7.5"},
		{"port", "65535", 65535, ""},
		{"port", "0", nil, "0 is not a TCP port"},
		{"port", "65536", nil, "65536 is not a TCP port"},
		{"pause", "1y2w3d4h5m6s7ms", "1y2w3d4h5m6s7ms", ""},
		{"pause", "0s", "0s", ""},
		{"pause", `""`, nil, "is empty"},
		{"pause", "15 d", nil, `"15 d" is not a duration`},
		{"pause", "1m1h", nil, `"1m1h" is not a duration`},
		{"pause", "1.5h", nil, `"1.5h" is not a duration`},
		{"pause", "15", nil, "want a text, got 15"},
		{"room", "20GB", "20GB", ""},
		{"room", "20", nil, "want a text, got 20"},
		{"room", "20gb", nil, `"20gb" is not a size`},
		{"listen", "10.0.0.1", "10.0.0.1", ""},
		{"listen", "fd00::1", "fd00::1", ""},
		{"listen", `""`, "", ""},
		{"listen", "localhost", nil, `"localhost" is not an IP address`},
		{"listen", "10.0.0.1:90", nil, `"10.0.0.1:90" is not an IP address`},
		{"account", "ops@example.org", "ops@example.org", ""},
		{"account", `""`, nil, "is empty"},
		{"account", "a#b", nil, "want letters, digits"},
		{"account", "a b", nil, "want letters, digits"},
		{"account", "${HOME}", nil, "want letters, digits"},
		{"place", "/etc/x+y@z", "/etc/x+y@z", ""},
		{"place", "etc", nil, `"etc" is not a plain absolute path`},
		{"place", "/a/../b", nil, "not a plain absolute path"},
		{"place", "/a/", nil, "not a plain absolute path"},
		{"place", `"/a b"`, nil, "not a plain absolute path"},
		{"place", "/a%b", nil, "not a plain absolute path"},
		{"data_dir", "/srv/x", "/srv/x", ""},
		{"data_dir", "/var/lib/x", "/var/lib/x", ""},
		{"data_dir", "/mnt/disk1/x", "/mnt/disk1/x", ""},
		{"data_dir", `""`, nil, "is empty"},
		{"data_dir", "/srv", nil, "top-level folder"},
		{"data_dir", "/var/lib", nil, "folder of the system"},
		{"data_dir", "/usr/lib", nil, "no data below /usr"},
		{"data_dir", "/home/x/data", nil, "no data below /home"},
		{"data_dir", "/tmp/x", nil, "no data below /tmp"},
		{"data_dir", "/var/tmp/x", nil, "no data below /var"},
		{"data_dir", "/opt/monctl/every", nil, "monctl's own"},
		{"data_dir", "/var/lib/monctl", nil, "monctl's own"},
		{"data_dir", "/var/lib/monctl/.host/x", nil, "monctl's own"},
		{"site", "https://a.example:8443/x?y=%20z&w=1", "https://a.example:8443/x?y=%20z&w=1", ""},
		{"site", "http://[fd00::1]:90/", "http://[fd00::1]:90/", ""},
		{"site", "ftp://a.example/", nil, "not a plain http or https address"},
		{"site", "a.example", nil, "not a plain http or https address"},
		{"site", `"http://a.example/#x"`, nil, "not a plain http or https address"},
		{"site", `"http://a.example/;x"`, nil, "not a plain http or https address"},
		{"site", `"http://a.example/${HOME}"`, nil, "not a plain http or https address"},
		{"site", `"http://a.example/ x"`, nil, "not a plain http or https address"},
		{"more", `[a, "b c", ""]`, []string{"a", "b c", ""}, ""},
		{"more", "[a, 5]", nil, "5 is not a word"},
		{"more", `["a\nb"]`, nil, "is not a word"},
		{"more", "a", nil, "want a list of words"},
		{"args", "[--x]", []string{"--x"}, ""},
		{"tags", "{a: b, c: 5, d: true}", map[string]string{"a": "b", "c": "5", "d": "true"}, ""},
		{"tags", "{a-b: c}", nil, `"a-b" is not a label name`},
		{"tags", "{a: 1.10}", nil, "label a: write the number in quotes"},
		{"tags", "{a: {b: c}}", nil, "label a: want a text"},
		{"tags", "{__name__: x}", nil, "are Prometheus' own"},
		{"tags", "[a]", nil, "want label names with their values"},
		{"key", `"a#b"`, "***", ""},
		{"key", "{env: KEY}", "{env: KEY}", ""},
		{"key", "{file: /x/key}", "{file: /x/key}", ""},
		{"key", "[a]", nil, "want a text, {env: NAME} or {file: PATH}"},
		{"key", "{vault: x}", nil, "want a text, {env: NAME} or {file: PATH}"},
	}
	for _, tt := range tests {
		t.Run(tt.setting+" "+tt.value, func(t *testing.T) {
			s, err := stackOf(t, catalog, "hosts: {h: 10.0.0.1}\ncomponents:\n  every:\n    hosts: [h]\n    "+tt.setting+": "+tt.value+"\n")
			if tt.want == nil {
				at := fmt.Sprintf("monctl.yaml:5:%d: component every: %s: ", len(tt.setting)+7, tt.setting)
				refused(t, err, at, tt.message, ">    5 |     "+tt.setting)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Instances[0].Set[tt.setting]; fmt.Sprintf("%T %v", got, got) != fmt.Sprintf("%T %v", tt.want, tt.want) && tt.setting != "key" {
				t.Errorf("got %T %v, want %T %v", got, got, tt.want, tt.want)
			} else if tt.setting == "key" && fmt.Sprintf("%+v", got) != tt.want {
				t.Errorf("the secret prints as %+v", got)
			}
		})
	}
}

func TestDefaultsAreJudgedToo(t *testing.T) {
	catalog := load(t, folder(t, map[string]string{
		"every/component.yaml": strings.Replace(every, "default: 5m", "default: soon", 1), "every/releases.tsv": noPins,
	}))
	_, err := stackOf(t, catalog, "hosts: {h: {address: 10.0.0.1, components: [every]}}\n")
	if err == nil || !strings.Contains(err.Error(), `component every: component.yaml: setting pause: default: "soon" is not a duration`) {
		t.Error(err)
	}
	s := goodOf(t, load(t, folder(t, map[string]string{"every/component.yaml": every, "every/releases.tsv": noPins})),
		"hosts: {h: {address: 10.0.0.1, components: [every]}}\n")
	if n, ok := s.Instances[0].Set["number"].(int); !ok || n != 5 {
		t.Errorf("default number: %T %v", s.Instances[0].Set["number"], s.Instances[0].Set["number"])
	}
}

func TestUnknownSettings(t *testing.T) {
	_, err := stackOf(t, load(t, ""), `hosts: {h: {address: 10.0.0.1, components: [prometheus]}}
components:
  prometheus:
    retension: 5d
    frobnicate: 1
    port: 99999
`)
	refused(t, err,
		`monctl.yaml:4:5: component prometheus has no setting "retension" (did you mean "retention"?)`,
		`monctl.yaml:5:5: component prometheus has no setting "frobnicate"`+"\n",
		`monctl.yaml:6:11: component prometheus: port: 99999 is not a TCP port`)
	first, second := strings.Index(err.Error(), ":4:5"), strings.Index(err.Error(), ":6:11")
	if first > second {
		t.Errorf("not in the order of the file:\n%v", err)
	}
}

func TestSecretsAreNotInErrors(t *testing.T) {
	_, err := stackOf(t, load(t, ""), `hosts: {h: {address: 10.0.0.1, components: [grafana]}}
components:
  grafana:
    admin_password: [hunter2]
    admin_user: "#"
`)
	refused(t, err, "admin_password: want a text", "admin_user")
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the secret is in the error:\n%v", err)
	}
}

func TestSecretValues(t *testing.T) {
	t.Setenv("GRAFANA_PASSWORD", "line\nbreak")
	for value, message := range map[string]string{
		`""`: "empty or has a line break", "{env: GRAFANA_PASSWORD}": "empty or has a line break", "{env: NOT_SET_ANYWHERE}": "environment variable is not set",
	} {
		s := good(t, "hosts: {h: {address: 10.0.0.1, components: [grafana]}}\ncomponents:\n  grafana:\n    admin_password: "+value+"\n")
		_, err := s.Resources("h", drawn)
		if err == nil || !strings.Contains(err.Error(), message) || !strings.Contains(err.Error(), "h: grafana: admin_password: ") || strings.Contains(err.Error(), "line\n") {
			t.Errorf("%s: %v", value, err)
		}
	}
}
