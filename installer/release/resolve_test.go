package release

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/installer/release/lock"
	"github.com/monctl/monctl/templates"
)

var (
	onAMD64 = []templates.Arch{templates.AMD64}
	onBoth  = []templates.Arch{templates.AMD64, templates.ARM64}
)

func hash(digit string) string { return strings.Repeat(digit, 64) }

func pinned() Component {
	return prometheus(
		pin("3.15.0", templates.AMD64, hash("1"), "a", "b"),
		pin("3.15.0", templates.ARM64, hash("2"), "a"),
		pin("3.14.0", templates.AMD64, hash("3"), "a", "b"),
		pin("3.14.0", templates.ARM64, hash("4"), "a", "b"),
		pin("3.13.2", templates.AMD64, hash("5"), "a", "b"),
	)
}

func mustResolve(t *testing.T, r *Resolver, c Component, want string, archs []templates.Arch) Release {
	t.Helper()
	rel, err := r.Resolve(context.Background(), c, want, archs)
	if err != nil {
		t.Fatal(err)
	}
	return rel
}

// refuses checks the words of an error, its kind and that it says what to do.
func refuses(t *testing.T, err error, kind fault.Kind, words, remedy string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Fatalf("got %v, want %q", err, words)
	}
	if fault.KindOf(err) == kind {
		if got := fault.Remedy(err); strings.Contains(got, remedy) && got != "" {
			return
		}
	}
	t.Errorf("%v: kind %v, remedy %q; want kind %v, %q", err, fault.KindOf(err), fault.Remedy(err), kind, remedy)
}

func TestPinnedVersionsNeedNoNetwork(t *testing.T) {
	up := newUpstream(t)
	tests := []struct {
		want  string
		archs []templates.Arch
		out   string
		trust lock.Trust
	}{
		{"", onAMD64, "3.15.0", lock.Attested},
		{"", onBoth, "3.14.0", lock.Attested},
		{"lts", onAMD64, "3.13.2", lock.Attested},
		{"3.14", onBoth, "3.14.0", lock.Attested},
		{"3", onAMD64, "3.15.0", lock.Attested},
		{"3.15.0", []templates.Arch{templates.ARM64}, "3.15.0", lock.Single},
	}
	for _, tt := range tests {
		rel := mustResolve(t, up.resolver(), pinned(), tt.want, tt.archs)
		if rel.Version != tt.out || rel.Files[tt.archs[0]].Trust != tt.trust || len(rel.Files) != len(tt.archs) {
			t.Errorf("%q on %v: got %+v", tt.want, tt.archs, rel)
		}
	}
	if up.requests() != "" {
		t.Errorf("asked %s", up.requests())
	}
	want := File{
		Name: "prometheus-3.15.0.linux-amd64.tar.gz", SHA256: hash("1"), Sources: 2, Trust: lock.Attested,
		URL:  "https://github.com/prometheus/prometheus/releases/download/v3.15.0/prometheus-3.15.0.linux-amd64.tar.gz",
		From: up.URL + "/prometheus/prometheus/releases/download/v3.15.0/prometheus-3.15.0.linux-amd64.tar.gz",
	}
	if diff := cmp.Diff(want, mustResolve(t, up.resolver(), pinned(), "", onAMD64).Files[templates.AMD64]); diff != "" {
		t.Error(diff)
	}
}

func TestRefusedWithoutAskingAnyone(t *testing.T) {
	up := newUpstream(t)
	tests := []struct {
		name, want    string
		archs         []templates.Arch
		c             Component
		kind          fault.Kind
		words, remedy string
	}{
		{"sum not pinned", "3.99.0", onAMD64, pinned(), fault.Refused, "prometheus: 3.99.0: amd64: the sum of this file is not pinned", "--trust-upstream-sums"},
		{"sum pinned for another machine", "3.13.2", onBoth, pinned(), fault.Refused, "3.13.2: arm64: the sum of this file is not pinned", "--trust-upstream-sums"},
		{"not attested for both", "lts", onBoth, pinned(), fault.Refused, "no version of the line 3.13 is attested by 2 independent sources for amd64, arm64", "exact version"},
		{"attested once", "", onAMD64, prometheus(pin("3.15.0", templates.AMD64, hash("1"), "a")), fault.Refused, "no version is attested", "set `version: 3.15.0`"},
		{"machine not shipped", "", []templates.Arch{templates.ARMv7}, pinned(), fault.Usage, "upstream ships no armv7 build", "armv7 hosts"},
		{"no such word", "newest", onAMD64, pinned(), fault.Usage, `version "newest" is none`, "latest, lts"},
		{"a leading v", "v3.15.0", onAMD64, pinned(), fault.Usage, `version "v3.15.0" is none`, "exact version"},
		{"no long-term line", "lts", onAMD64, grafana(), fault.Usage, "no long-term support line", "latest"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := up.resolver().Resolve(context.Background(), tt.c, tt.want, tt.archs)
			refuses(t, err, tt.kind, tt.words, tt.remedy)
		})
	}
	if up.requests() != "" {
		t.Errorf("asked %s", up.requests())
	}
}

func lockOf(version string, sums map[templates.Arch]string, trust lock.Trust) lock.File {
	e := lock.Entry{Version: version, Files: map[templates.Arch]lock.Sum{}}
	for a, s := range sums {
		e.Files[a] = lock.Sum{URL: "https://github.com/x/y/" + string(a), SHA256: s, Trust: trust}
	}
	return lock.File{Components: map[string]lock.Entry{"prometheus": e}}
}

func TestLockedVersionWins(t *testing.T) {
	up := newUpstream(t)
	locked := lockOf("3.14.0", map[templates.Arch]string{templates.AMD64: hash("3")}, lock.Upstream)
	tests := []struct {
		want    string
		upgrade bool
		out     string
		locked  bool
	}{
		{"", false, "3.14.0", true},
		{"latest", false, "3.14.0", true},
		{"3.14", false, "3.14.0", true},
		{"3.14.0", false, "3.14.0", true},
		{"3.15.0", false, "3.15.0", false},
		{"lts", false, "3.13.2", false}, // the locked one is no LTS
		{"", true, "3.15.0", false},
		{"3.14", true, "3.14.0", true},
	}
	for _, tt := range tests {
		r := up.resolver()
		r.Lock, r.Upgrade = locked, tt.upgrade
		rel := mustResolve(t, r, pinned(), tt.want, onAMD64)
		if f := rel.Files[templates.AMD64]; rel.Version != tt.out || f.Locked != tt.locked || f.Trust != lock.Attested {
			t.Errorf("%q, upgrade %v: got %+v", tt.want, tt.upgrade, rel)
		}
	}
	if up.requests() != "" {
		t.Errorf("asked %s", up.requests())
	}
}

func TestLockAlone(t *testing.T) {
	up := newUpstream(t)
	r := up.resolver()
	r.Lock = lockOf("9.9.9", map[templates.Arch]string{templates.AMD64: hash("9")}, lock.Upstream)
	rel := mustResolve(t, r, pinned(), "", onAMD64)
	want := File{Name: "amd64", URL: "https://github.com/x/y/amd64", From: up.URL + "/x/y/amd64", SHA256: hash("9"), Trust: lock.Upstream, Locked: true}
	if diff := cmp.Diff(want, rel.Files[templates.AMD64]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(r.Lock.Components["prometheus"], rel.Locked()); diff != "" {
		t.Errorf("writing it again would change the lock file:\n%s", diff)
	}
	_, err := r.Resolve(context.Background(), pinned(), "", onBoth)
	refuses(t, err, fault.Refused, "arm64: the sum of this file is not pinned", "--trust-upstream-sums")
}

func TestLockAgainstCatalogue(t *testing.T) {
	r := newUpstream(t).resolver()
	r.Lock = lockOf("3.14.0", map[templates.Arch]string{templates.AMD64: hash("f")}, lock.Attested)
	for _, upgrade := range []bool{false, true} {
		r.Upgrade = upgrade
		_, err := r.Resolve(context.Background(), pinned(), "3.14.0", onAMD64)
		refuses(t, err, fault.Refused, "monctl.lock has sha256 "+hash("f")+", the catalogue says "+hash("3"), "One of them is wrong")
	}
}

func TestUpstreamSums(t *testing.T) {
	up := newUpstream(t)
	up.addGitHub("prometheus/prometheus", "2.42.0", true, map[string][]byte{
		"prometheus-2.42.0.linux-amd64.tar.gz": []byte("for amd64"), "prometheus-2.42.0.linux-arm64.tar.gz": []byte("for arm64"),
	})
	up.addGitHub("prometheus/prometheus", "2.37.9", false, map[string][]byte{"prometheus-2.37.9.linux-amd64.tar.gz": []byte("old")})
	r := up.resolver()
	r.TrustUpstream = true
	for want, out := range map[string]string{"latest": "2.42.0", "2.42.0": "2.42.0", "lts": "2.37.9", "": "2.42.0"} {
		rel := mustResolve(t, r, prometheus(), want, onAMD64)
		f := rel.Files[templates.AMD64]
		if rel.Version != out || f.Trust != lock.Upstream || f.Sources != 0 || f.SHA256 != sumOf(up.files[f.From[len(up.URL):]]) {
			t.Errorf("%q: got %+v", want, rel)
		}
	}
	// What was resolved once is found in the lock file the next time, with nobody asked and nothing trusted.
	var l lock.File
	l.Set("prometheus", mustResolve(t, r, prometheus(), "latest", onBoth).Locked())
	up.asked = nil
	again := up.resolver()
	again.Lock = l
	rel := mustResolve(t, again, prometheus(), "latest", onBoth)
	if rel.Files[templates.ARM64].SHA256 != sumOf([]byte("for arm64")) || up.requests() != "" {
		t.Errorf("from the lock: %+v, asked %s", rel, up.requests())
	}
}

func TestLatestWithoutDownloadJSON(t *testing.T) {
	up := newUpstream(t)
	up.addGitHub("prometheus/prometheus", "2.42.0", true, nil)
	for name, wrong := range map[string]http.HandlerFunc{
		"missing":   http.NotFound,
		"a page":    func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html></html>")) },
		"no json":   func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("[")) },
		"not there": func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"prometheus":[]}`)) },
		"no word": func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte(`{"prometheus":[{"version":"new","latest":true,"stable":true}]}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			up.wrong["/download.json"] = wrong
			v, err := up.resolver().Latest(context.Background(), pinned())
			if err != nil || v != "2.42.0" {
				t.Errorf("got %q, %v", v, err)
			}
			if !strings.Contains(up.requests(), "HEAD /prometheus/prometheus/releases/latest") || strings.Contains(up.requests(), "/releases/tag/") {
				t.Errorf("asked %s", up.requests())
			}
		})
	}
}

func TestLatestFailures(t *testing.T) {
	up := newUpstream(t)
	check := func(words string) {
		t.Helper()
		if _, err := up.resolver().Latest(context.Background(), pinned()); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("got %v, want %q", err, words)
		}
	}
	check("404")
	const latest = "/prometheus/prometheus/releases/latest"
	up.goTo[latest] = "/login"
	check("is not a release tag")
	up.goTo[latest] = "/prometheus/prometheus/releases/tag/helm-1"
	check("is not a release tag")
	up.wrong[latest] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }
	check("instead of a redirect")
	own := pinned()
	own.Spec.Source, own.Spec.Index = templates.URL, ""
	_, err := up.resolver().Latest(context.Background(), own)
	refuses(t, err, fault.Usage, "nobody can be asked", "exact version")
}

func TestUpstreamContradictsItself(t *testing.T) {
	up := newUpstream(t)
	up.addGitHub("prometheus/prometheus", "2.42.0", true, map[string][]byte{"prometheus-2.42.0.linux-amd64.tar.gz": []byte("x")})
	sums := "/prometheus/prometheus/releases/download/v2.42.0/sha256sums.txt"
	up.files[sums] = []byte(hash("e") + "  prometheus-2.42.0.linux-amd64.tar.gz\n")
	up.addGrafana("13.0.1+security-01", "257", "amd64", "amd64", []byte("g"))
	up.files["/grafana/release/13.0.1+security-01/grafana_13.0.1+security-01_257_linux_amd64.tar.gz.sha256"] = []byte(hash("e"))
	r := up.resolver()
	r.TrustUpstream = true
	_, err := r.Resolve(context.Background(), prometheus(), "2.42.0", onAMD64)
	refuses(t, err, fault.Refused, "prometheus.io/download.json says sha256", "contradicts itself")
	_, err = r.Resolve(context.Background(), grafana(), "13.0.1+security-01", onAMD64)
	refuses(t, err, fault.Refused, "grafana.com says sha256", "contradicts itself")
}

func TestChecksumFileFaults(t *testing.T) {
	const path = "/prometheus/prometheus/releases/download/v2.42.0/sha256sums.txt"
	tests := []struct {
		name, text, words, remedy string
		kind                      fault.Kind
	}{
		{"empty", "", "the checksum file is empty", "mirror is incomplete", fault.Refused},
		{"another file", hash("1") + "  prometheus-2.42.0.linux-arm64.tar.gz\n", "does not list prometheus-2.42.0.linux-amd64.tar.gz", "3.15.0, 3.14.0, 3.13.2", fault.Refused},
		{"bare", hash("1"), "does not list", "", fault.Refused},
		{"two sums", hash("1") + "  prometheus-2.42.0.linux-amd64.tar.gz\n" + hash("2") + " *prometheus-2.42.0.linux-amd64.tar.gz\n", "two sums", "", fault.Refused},
		{"a page", "<html>sign in</html>", "is a web page", "", fault.Failed},
		{"missing", "missing", "the mirror has no prometheus 2.42.0 for amd64", "Pinned versions near it: 3.15.0, 3.14.0, 3.13.2", fault.Failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			up := newUpstream(t)
			if up.files[path] = []byte(tt.text); tt.text == "missing" {
				delete(up.files, path)
			}
			r := up.resolver()
			r.TrustUpstream = true
			_, err := r.Resolve(context.Background(), pinned(), "2.42.0", onAMD64)
			if tt.name == "a page" {
				if err == nil || !strings.Contains(err.Error(), tt.words) {
					t.Errorf("got %v", err)
				}
				return
			}
			refuses(t, err, tt.kind, tt.words, tt.remedy)
		})
	}
}

func TestGrafana(t *testing.T) {
	up := newUpstream(t)
	up.addGrafana("13.0.1+security-01", "25720641773", "amd64", "amd64", []byte("g"))
	up.addGrafana("13.0.1+security-01", "25720641773", "armv7", "arm-7", []byte("a"))
	r := up.resolver()
	r.TrustUpstream = true
	rel := mustResolve(t, r, grafana(), "latest", []templates.Arch{templates.AMD64, templates.ARMv7})
	f := rel.Files[templates.ARMv7]
	if rel.Version != "13.0.1+security-01" || rel.Build != "25720641773" || f.SHA256 != sumOf([]byte("a")) ||
		f.URL != "https://dl.grafana.com/grafana/release/13.0.1%2Bsecurity-01/grafana_13.0.1%2Bsecurity-01_25720641773_linux_arm-7.tar.gz" {
		t.Errorf("got %+v", rel)
	}
	// The build of one machine is pinned, another one is asked for: both must be of the same build.
	p := templates.Pin{Version: "13.0.1+security-01", Arch: templates.AMD64, Build: "999", SHA256: hash("1"), File: "f", Sources: []string{"a"}}
	_, err := r.Resolve(context.Background(), grafana(p), "13.0.1+security-01", []templates.Arch{templates.AMD64, templates.ARMv7})
	refuses(t, err, fault.Refused, "names build 25720641773, the known one is 999", "another version")

	for name, answer := range map[string]string{
		"another place": `{"url":"https://example.org/evil_linux_amd64.tar.gz","sha256":"` + hash("1") + `"}`,
		"no sum":        `{"url":"https://dl.grafana.com/grafana/release/12.0.0/grafana_12.0.0_1_linux_amd64.tar.gz","sha256":""}`,
		"nothing":       `{}`,
	} {
		up.files["/api/downloads/grafana/versions/12.0.0/packages/amd64/linux"] = []byte(answer)
		if _, err := r.Resolve(context.Background(), grafana(), "12.0.0", onAMD64); err == nil || !strings.Contains(err.Error(), "names neither a build nor a sum") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	_, err = r.Resolve(context.Background(), grafana(), "99.0.0", onAMD64)
	refuses(t, err, fault.Failed, "the mirror has no grafana 99.0.0 for amd64", "Pinned versions near it: none is")
}

func TestMirror(t *testing.T) {
	const base = "http://mirror:8080/repo/"
	all := MirrorAll(base)
	for upstream, want := range map[string]string{
		"https://github.com/a/b":            "http://mirror:8080/repo/a/b",
		"https://dl.grafana.com/grafana/x":  "http://mirror:8080/repo/grafana/x",
		"https://grafana.com/api/x":         "http://mirror:8080/repo/api/x",
		"https://prometheus.io/x.json":      "http://mirror:8080/repo/x.json",
		"https://repo1.maven.org/maven2/a":  "http://mirror:8080/repo/maven2/a",
		"https://github.com.example.org/a":  "http://mirror:8080/repo/a",
		"https://github.com/a%2Bb/c%2Bd.gz": "http://mirror:8080/repo/a%2Bb/c%2Bd.gz",
	} {
		if got := all.Apply(upstream); got != want {
			t.Errorf("%s: got %s, want %s", upstream, got, want)
		}
		if got := (Mirror{}).Apply(upstream); got != upstream {
			t.Errorf("no mirror: got %s", got)
		}
	}
	if got := (Mirror{GitHub: "https://ghe"}).Apply("https://grafana.com/x"); got != "https://grafana.com/x" {
		t.Errorf("another kind was replaced: %s", got)
	}
	for _, bad := range []string{"mirror", "ftp://mirror", "http://", "https://mirror?a=b", "https://mirror/#a"} {
		if MirrorAll(bad).Validate() == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if err := all.Validate(); err != nil {
		t.Error(err)
	}
}

func TestParseSums(t *testing.T) {
	const name = "cadvisor-v0.60.6-linux-amd64"
	for text, bare := range map[string]bool{
		hash("a") + "  " + name + "\n":                             false,
		hash("a") + " *" + name + "\r\n":                           false,
		hash("a") + "  ./" + name:                                  false,
		strings.ToUpper(hash("a")) + "\t" + name:                   false,
		hash("b") + "  other\n\n" + hash("a") + "  " + name + "\n": false,
		hash("a"):        true,
		hash("a") + "\n": true,
		"# made by hand\n" + hash("a") + "  " + name + "\n":                   true,
		hash("a") + "  " + name + "\n" + hash("a") + "  ./" + name + "\n":     false,
		hash("b") + "  " + name + ".sig\n" + hash("a") + "  " + name + "  \n": false,
	} {
		if got, err := ParseSums([]byte(text), name, bare); err != nil || got != hash("a") {
			t.Errorf("%q: got %s, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", " \n", "not a sum", hash("a")[1:] + "  " + name, hash("a") + name, hash("a") + "  x/" + name,
		hash("a") + "\n" + hash("b") + "  " + name, hash("a") + "\n" + hash("a"),
	} {
		if got, err := ParseSums([]byte(text), name, true); err == nil {
			t.Errorf("%q: accepted as %s", text, got)
		}
	}
	if _, err := ParseSums([]byte(hash("a")), name, false); err == nil {
		t.Error("a sum without a name was taken from a list")
	}
}

func FuzzParseSums(f *testing.F) {
	f.Add([]byte(hash("a")+"  file\n"+hash("b")+" *./other"), "file", false)
	f.Add([]byte(hash("a")), "file", true)
	f.Fuzz(func(t *testing.T, text []byte, name string, bare bool) {
		sum, err := ParseSums(text, name, bare)
		if err == nil && (len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "") {
			t.Fatalf("%q is no sum", sum)
		}
		if err == nil && !strings.Contains(strings.ToLower(string(text)), sum) {
			t.Fatalf("%s is not in the text", sum)
		}
	})
}
