package acceptance

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
)

// TestBadArchives: what a release must not be is refused before a host is touched.
func TestBadArchives(t *testing.T) {
	t.Parallel()
	h := takeAny(t)
	r := releaseOf(t, "node_exporter", "1.12.1", "amd64")
	good := archiveOf(t, r)
	arm := archiveOf(t, releaseOf(t, "node_exporter", "1.12.1", "arm64"))
	changed := bytes.Clone(good)
	changed[len(changed)/2] ^= 1
	cases := []struct {
		name    string
		content []byte
		vouched bool
		words   []string
	}{
		{"checksum mismatch", changed, false, []string{"sha256", r.SHA256}},
		{"another length", append(bytes.Clone(good), 0), false, []string{"sha256", r.SHA256}},
		{"wrong machine under the right name", arm, true, []string{"node_exporter", "arm64", "amd64"}},
		{"truncated", good[:len(good)/2], true, []string{r.File(), "unexpected EOF"}},
		{"path that escapes", packed(t, "../../../../../../tmp/monctl-escaped"), true, []string{".."}},
		{"absolute path", packed(t, "/tmp/monctl-escaped"), true, []string{"/tmp/monctl-escaped"}},
		{"no program in it", packed(t, "node_exporter-1.12.1.linux-amd64/other"), true, []string{"node_exporter"}},
		{"a web page", []byte("<!DOCTYPE html><html>log in first</html>"), true, []string{r.File()}},
	}
	for _, bad := range cases {
		t.Run(bad.name, func(t *testing.T) {
			before := stateOf(t, h)
			c := newController(t, only(h, "node_exporter"))
			c.replaced(t, r, bad.content, bad.vouched)
			o := c.run(t, "install", "--yes")
			if o.code != failed && o.code != refused {
				t.Fatalf("exit %d\n%s", o.code, o)
			}
			o.want(t, o.code, bad.words...)
			same(t, h, before)
			if _, err := os.Lstat("/tmp/monctl-escaped"); err == nil {
				t.Error("the archive reached out of its folder on this machine")
			}
			if _, err := os.Lstat(filepath.Join(h.Root(), "tmp/monctl-escaped")); err == nil {
				t.Error("the archive reached out of its folder on the host")
			}
			if _, err := os.Stat(filepath.Join(c.dir, "monctl.lock")); err == nil {
				t.Error("a lock file was written")
			}
		})
	}
}

// packed is an archive of one small file.
func packed(t *testing.T, name string) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	out := tar.NewWriter(zip)
	const text = "#!/bin/sh\n"
	if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
