package mirror

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestSameFilesSameArchive(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "program")
	var sums []string
	for i := range 2 {
		if err := os.WriteFile(program, []byte("ELF"), 0o755); err != nil {
			t.Fatal(err)
		}
		stamp := time.Now().Add(time.Duration(i) * time.Hour)
		if err := os.Chtimes(program, stamp, stamp); err != nil {
			t.Fatal(err)
		}
		entries := []entry{{Name: "LICENSE", Text: "l", Mode: 0o644}, {Name: "bin/x", Path: program, Mode: 0o755}}
		if i == 1 {
			slices.Reverse(entries)
		}
		sum, _, err := pack(filepath.Join(dir, "a.tar.gz"), "x-1", entries)
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, sum)
	}
	if sums[0] != sums[1] {
		t.Errorf("two archives of the same files differ: %q", sums)
	}
}

func TestArchiveHasOneRoot(t *testing.T) {
	var b bytes.Buffer
	entries := components[0].archiveOf(nil, "licence", "here")
	if err := writeArchive(&b, "prometheus-1.linux-amd64", entries); err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for in := tar.NewReader(zip); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, header.Name)
	}
	root := "prometheus-1.linux-amd64/"
	want := []string{root, root + "LICENSE", root + "NOTICE", root + "prometheus.yml"}
	if !slices.Equal(names, want) {
		t.Errorf("archive holds %q, want %q", names, want)
	}
}

func TestUpstreamVersion(t *testing.T) {
	for version, want := range map[string]string{
		"2.42.0+ds-5+deb12u1": "2.42.0", "1.5.0-1+b6": "1.5.0", "2:0.28.1+ds-1": "0.28.1", "1.2.3~rc1-1": "1.2.3",
	} {
		if got := upstreamVersion(version); got != want {
			t.Errorf("upstreamVersion(%q) = %q, want %q", version, got, want)
		}
	}
}
