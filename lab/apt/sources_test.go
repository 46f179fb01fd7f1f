package apt

import (
	"os"
	"path/filepath"
	"testing"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestOwnReadsBothForms(t *testing.T) {
	cases := map[string]struct{ file, text string }{
		"deb822": {"apt/sources.list.d/debian.sources", `Types: deb
# a comment: with a colon
URIs: http://packages.example/security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://packages.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /keys/debian.gpg
`},
		"one line": {"apt/sources.list", `# deb http://off.example/ bookworm main
deb-src http://source.example/ bookworm main
deb [arch=amd64 signed-by=/keys/debian.gpg] http://packages.example/debian bookworm main
`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "os-release", "ID=debian\nVERSION_CODENAME=bookworm\n")
			write(t, dir, c.file, c.text)
			got, suite, err := Own(dir)
			if err != nil {
				t.Fatal(err)
			}
			if got.URI != "http://packages.example/debian" || suite != "bookworm" || got.SignedBy != "/keys/debian.gpg" {
				t.Errorf("Own = %+v, %q", got, suite)
			}
		})
	}
}

func TestOwnSaysWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "os-release", "VERSION_CODENAME=bookworm\n")
	if _, _, err := Own(dir); err == nil {
		t.Error("no error on a machine without package sources")
	}
}
