package templates

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func prometheus() Release {
	return Release{
		Source: GitHub, Repo: "prometheus/prometheus", Tag: "v{version}",
		File: "prometheus-{version}.linux-{arch}.tar.gz", Sums: "sha256sums.txt", Index: "prometheus", LTS: "3.13",
		Archs:    map[Arch]string{AMD64: "amd64", ARM64: "arm64", ARMv7: "armv7"},
		Binaries: []string{"prometheus", "promtool"}, Format: TarGz,
	}
}

func grafana() Release {
	return Release{
		Source: Grafana, File: "grafana_{version}_{build}_linux_{arch}.tar.gz", Sums: "{file}.sha256",
		Archs:    map[Arch]string{AMD64: "amd64", ARM64: "arm64", ARMv7: "arm-7"},
		Binaries: []string{"bin/grafana"}, Format: TarGz,
	}
}

func TestReleaseAddresses(t *testing.T) {
	maven := Release{
		Source: URL, Folder: "https://repo1.maven.org/maven2/io/prometheus/jmx/jmx_prometheus_javaagent/{version}/",
		File: "jmx_prometheus_javaagent-{version}.jar", Sums: "{file}.sha256", Archs: map[Arch]string{Any: "noarch"},
		Binaries: []string{"agent.jar"}, Format: Jar,
	}
	mimir := prometheus()
	mimir.Repo, mimir.Tag, mimir.File, mimir.Format, mimir.Binaries = "grafana/mimir", "mimir-{version}", "mimir-linux-{arch}", Binary, []string{"mimir"}
	tests := []struct {
		name           string
		r              Release
		version, build string
		arch           Arch
		url, sums      string
	}{
		{
			"github", prometheus(), "3.15.0", "", AMD64,
			"https://github.com/prometheus/prometheus/releases/download/v3.15.0/prometheus-3.15.0.linux-amd64.tar.gz",
			"https://github.com/prometheus/prometheus/releases/download/v3.15.0/sha256sums.txt",
		},
		{
			"other tag", mimir, "3.2.1", "", ARM64,
			"https://github.com/grafana/mimir/releases/download/mimir-3.2.1/mimir-linux-arm64",
			"https://github.com/grafana/mimir/releases/download/mimir-3.2.1/sha256sums.txt",
		},
		{
			"plus is escaped", grafana(), "13.0.1+security-01", "25720641773", ARMv7,
			"https://dl.grafana.com/grafana/release/13.0.1%2Bsecurity-01/grafana_13.0.1%2Bsecurity-01_25720641773_linux_arm-7.tar.gz",
			"https://dl.grafana.com/grafana/release/13.0.1%2Bsecurity-01/grafana_13.0.1%2Bsecurity-01_25720641773_linux_arm-7.tar.gz.sha256",
		},
		{
			"runs anywhere", maven, "1.6.0", "", ARM64,
			"https://repo1.maven.org/maven2/io/prometheus/jmx/jmx_prometheus_javaagent/1.6.0/jmx_prometheus_javaagent-1.6.0.jar",
			"https://repo1.maven.org/maven2/io/prometheus/jmx/jmx_prometheus_javaagent/1.6.0/jmx_prometheus_javaagent-1.6.0.jar.sha256",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.r.Validate(); err != nil {
				t.Fatal(err)
			}
			file := tt.r.FileName(tt.version, tt.build, tt.arch)
			if got := tt.r.FileURL(tt.version, tt.build, file); got != tt.url {
				t.Errorf("file:\n got %s\nwant %s", got, tt.url)
			}
			if got := tt.r.SumsURL(tt.version, tt.build, file); got != tt.sums {
				t.Errorf("sums:\n got %s\nwant %s", got, tt.sums)
			}
		})
	}
}

func TestOldGrafanaFilesHaveTheirOldAddress(t *testing.T) {
	want := "https://dl.grafana.com/oss/release/grafana-11.4.0.linux-amd64.tar.gz"
	if got := grafana().FileURL("11.4.0", "", "grafana-11.4.0.linux-amd64.tar.gz"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVersionOfTag(t *testing.T) {
	r := prometheus()
	for tag, want := range map[string]string{"v3.15.0": "3.15.0", "v0.300.1": "0.300.1", "3.15.0": "", "v": "", "v3": "", "lib/v3.1.0": ""} {
		if got := r.VersionOf(tag); got != want {
			t.Errorf("VersionOf(%q) = %q, want %q", tag, got, want)
		}
	}
}

func TestReleaseValidateNamesEveryFault(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Release)
		want   string
	}{
		{"source", func(r *Release) { r.Source = "ftp" }, `release.source: "ftp"`},
		{"repo", func(r *Release) { r.Repo = "prometheus" }, `release.repo: "prometheus" is not owner/name`},
		{"repo with a path", func(r *Release) { r.Repo = "a/../b" }, "release.repo"},
		{"tag", func(r *Release) { r.Tag = "" }, "release.tag: is missing"},
		{"file with a folder", func(r *Release) { r.File = "../{version}" }, "release.file"},
		{"no file", func(r *Release) { r.File = "" }, "release.file: is missing"},
		{"placeholder", func(r *Release) { r.File = "x-{os}.tar.gz" }, "release.file: unknown placeholder {os}"},
		{"open placeholder", func(r *Release) { r.File = "x-{version" }, "release.file: unknown placeholder {version"},
		{"file in file", func(r *Release) { r.File = "{file}" }, "release.file: unknown placeholder {file}"},
		{"index", func(r *Release) { r.Index = "a b" }, "release.index"},
		{"lts", func(r *Release) { r.LTS = "3.x" }, "release.lts"},
		{"arch", func(r *Release) { r.Archs = map[Arch]string{"x86_64": "amd64"} }, `release.archs: "x86_64"`},
		{"arch word", func(r *Release) { r.Archs = map[Arch]string{AMD64: "a/b"} }, "release.archs"},
		{"no archs", func(r *Release) { r.Archs = nil }, "release.archs: is empty"},
		{"format", func(r *Release) { r.Format = "rpm" }, "release.format"},
		{"no binaries", func(r *Release) { r.Binaries = nil }, "release.binaries: is empty"},
		{"binary outside", func(r *Release) { r.Binaries = []string{"../sh"} }, "release.binaries"},
		{"absolute binary", func(r *Release) { r.Binaries = []string{"/bin/sh"} }, "release.binaries"},
		{"two in one", func(r *Release) { r.Format = Binary }, "release.binaries: must be one"},
		{"member", func(r *Release) { r.Member = "x"; r.Binaries = []string{"x"} }, "release.member: belongs to format zip"},
		{"folder", func(r *Release) { r.Folder = "https://x" }, "release.folder: belongs to source url"},
		{"one file for all", func(r *Release) { r.File = "prometheus-{version}.tar.gz" }, "is the same for every machine"},
		{"no build", func(r *Release) { r.Source, r.Repo, r.Tag = Grafana, "", "" }, "has no {build}"},
		{"bad folder", func(r *Release) { r.Source, r.Repo, r.Tag, r.Folder = URL, "", "", "file:///etc" }, "release.folder"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := prometheus()
			tt.change(&r)
			err := r.Validate()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestCompareVersions(t *testing.T) {
	ascending := []string{
		"not-a-version", "2.9.0", "2.10.0", "3.0.0-beta.0", "3.0.0-rc.1", "3.0.0", "13.0.1",
		"13.0.1+security-01", "13.0.1+security-2", "13.0.1+security-10", "13.0.2",
	}
	for i, a := range ascending {
		for j, b := range ascending {
			want := min(max(i-j, -1), 1)
			if got := CompareVersions(a, b); got != want {
				t.Errorf("CompareVersions(%s, %s) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestInLine(t *testing.T) {
	for _, tt := range []struct {
		version, line string
		want          bool
	}{{"3.13.2", "3.13", true}, {"3.13.2", "3.1", false}, {"3.1.0", "3.1", true}, {"3.13.2", "3", true}, {"3.13.2", "", true}} {
		if got := InLine(tt.version, tt.line); got != tt.want {
			t.Errorf("InLine(%s, %s) = %v", tt.version, tt.line, got)
		}
	}
}

func sum(digit string) string { return strings.Repeat(digit, 64) }

func rows(lines ...string) []byte {
	return []byte(pinHeader + "\n" + strings.ReplaceAll(strings.Join(lines, "\n"), " ", "\t") + "\n")
}

func mustPins(t *testing.T, lines ...string) Pins {
	t.Helper()
	pins, err := ParsePins("releases.tsv", rows(lines...))
	if err != nil {
		t.Fatal(err)
	}
	return pins
}

func TestParsePinsIsStrict(t *testing.T) {
	good := "1.2.0 amd64 a-1.2.0.tgz  " + sum("a") + " debian;nix"
	tests := []struct{ name, data, want string }{
		{"no header", strings.ReplaceAll(good, " ", "\t"), "f.tsv:1: the first line must name the columns"},
		{"nothing", "", "f.tsv:1: the first line"},
		{"columns", string(rows("1.2.0 amd64")), "f.tsv:2: 2 columns instead of 6"},
		{"empty line", string(rows(good, "")), "f.tsv:3: 1 columns"},
		{"version", string(rows("v1 amd64 f  " + sum("a") + " s")), "f.tsv:2: version"},
		{"arch", string(rows("1.0.0 x86 f  " + sum("a") + " s")), "f.tsv:2: arch"},
		{"file", string(rows("1.0.0 amd64 ../f  " + sum("a") + " s")), "f.tsv:2: file"},
		{"build", string(rows("1.0.0 amd64 f x " + sum("a") + " s")), "f.tsv:2: build"},
		{"short sum", string(rows("1.0.0 amd64 f  abc s")), "f.tsv:2: sha256"},
		{"upper sum", string(rows("1.0.0 amd64 f  " + sum("A") + " s")), "f.tsv:2: sha256"},
		{"no source", string(rows("1.0.0 amd64 f  " + sum("a") + " ")), "f.tsv:2: sources"},
		{"source twice", string(rows("1.0.0 amd64 f  " + sum("a") + " s;s")), "counted twice"},
		{"order", string(rows("1.0.0 amd64 f  "+sum("a")+" s", "1.1.0 amd64 f  "+sum("a")+" s")), "f.tsv:3: version 1.1.0 stands after 1.0.0"},
		{"arch order", string(rows("1.0.0 arm64 f  "+sum("a")+" s", "1.0.0 amd64 f  "+sum("a")+" s")), "f.tsv:3: arch amd64 stands after"},
		{"twice", string(rows(good, good)), "f.tsv:3: version 1.2.0 arch amd64 appears twice"},
		{"conflict", string(rows(good, strings.ReplaceAll(good, sum("a"), sum("b")))), "has two sums"},
		{"two builds", string(rows("1.0.0 amd64 f 1 "+sum("a")+" s", "1.0.0 arm64 f 2 "+sum("a")+" s")), "two builds"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ParsePins("f.tsv", []byte(tt.data)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	if pins, err := ParsePins("f.tsv", append([]byte("# comment\n"), rows(good)...)); err != nil || len(pins) != 1 || len(pins[0].Sources) != 2 {
		t.Errorf("got %v, %v", pins, err)
	}
}

func TestNewest(t *testing.T) {
	pins := mustPins(
		t,
		"4.0.0-rc.1 amd64 f  "+sum("9")+" a;b",
		"3.15.0 amd64 f  "+sum("1")+" a;b",
		"3.15.0 arm64 f  "+sum("2")+" a",
		"3.14.0 amd64 f  "+sum("3")+" a;b",
		"3.14.0 arm64 f  "+sum("4")+" a;b",
		"3.13.4 amd64 f  "+sum("5")+" a;b",
		"3.13.2 amd64 f  "+sum("6")+" a;b",
		"3.13.2 arm64 f  "+sum("7")+" b;c",
		"3.13.2 armv7 f  "+sum("8")+" c",
		"2.0.0 armv7 f  "+sum("8")+" own",
	)
	tests := []struct {
		line    string
		sources int
		archs   []Arch
		want    string
	}{
		{"", 2, []Arch{AMD64}, "3.15.0"},
		{"", 2, []Arch{AMD64, ARM64}, "3.14.0"},
		{"", 1, []Arch{AMD64, ARM64}, "3.15.0"},
		{"3.13", 2, []Arch{AMD64}, "3.13.4"},
		{"3.13", 2, []Arch{AMD64, ARM64}, "3.13.2"},
		{"3", 2, []Arch{ARMv7}, ""},
		{"", 1, []Arch{ARMv7}, "3.13.2"},
		{"9", 1, []Arch{AMD64}, ""},
		{"2", 2, []Arch{ARMv7}, "2.0.0"},
	}
	for _, tt := range tests {
		if got := pins.Newest(tt.line, tt.sources, tt.archs); got != tt.want {
			t.Errorf("Newest(%q, %d, %v) = %q, want %q", tt.line, tt.sources, tt.archs, got, tt.want)
		}
	}
}

func TestMergePins(t *testing.T) {
	ours := mustPins(t, "2.0.0 amd64 f  "+sum("a")+" a", "1.0.0 amd64 f  "+sum("b")+" a")
	merged, err := ours.Merge(mustPins(t, "3.0.0 arm64 f  "+sum("c")+" own", "2.0.0 amd64 f  "+sum("a")+" own;a"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(merged.Versions(), " "); got != "3.0.0 2.0.0 1.0.0" {
		t.Errorf("versions: %s", got)
	}
	if pin, _ := merged.Find("2.0.0", AMD64); len(pin.Sources) != 2 {
		t.Errorf("sources of both: %v", pin.Sources)
	}
	if len(ours[0].Sources) != 1 {
		t.Error("Merge changed its receiver")
	}
	if _, err := ours.Merge(mustPins(t, "2.0.0 amd64 f  "+sum("d")+" own")); err == nil || !strings.Contains(err.Error(), "contradicts") {
		t.Errorf("a contradiction was accepted: %v", err)
	}
}

// TestOwnPins reads the catalogue's own files, so that a wrong row never ships.
func TestOwnPins(t *testing.T) {
	files := map[string]Release{"prometheus": prometheus(), "grafana": grafana(), "node_exporter": {}, "alertmanager": {}}
	for name := range files {
		data, err := os.ReadFile(name + "/releases.tsv")
		if err != nil {
			t.Fatal(err)
		}
		pins, err := ParsePins(name+"/releases.tsv", data)
		if err != nil {
			t.Fatal(err)
		}
		both := pins.Newest("", Attested, []Arch{AMD64, ARM64})
		if both == "" {
			t.Errorf("%s: no version is attested for amd64 and arm64", name)
		}
		for _, p := range pins {
			if slices.Contains(p.Sources, OwnSource) {
				t.Errorf("%s %s: %q is for operators", name, p.Version, OwnSource)
			}
			if !strings.Contains(p.File, p.Version) || !strings.Contains(p.File, p.Build) {
				t.Errorf("%s %s: file name %s", name, p.Version, p.File)
			}
		}
		t.Logf("%s: %s by default, %d rows", name, both, len(pins))
	}
}

func FuzzParsePins(f *testing.F) {
	f.Add(rows("1.2.0 amd64 a.tgz  " + sum("a") + " x;y"))
	f.Add(rows("1.2.0+s-1 any a.jar 12 "+sum("a")+" x", "1.2.0 any a.jar 12 "+sum("b")+" x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pins, err := ParsePins("f.tsv", data)
		if err != nil {
			return
		}
		for _, p := range pins {
			if found, ok := pins.Find(p.Version, p.Arch); !ok || found.SHA256 != p.SHA256 {
				t.Fatalf("%v is not found again", p)
			}
		}
		if again, err := pins.Merge(pins); err != nil || len(again) != len(pins) {
			t.Fatalf("merging with itself: %v", err)
		}
	})
}
