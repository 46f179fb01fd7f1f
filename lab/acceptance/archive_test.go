package acceptance

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
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
	const root = "node_exporter-1.12.1.linux-amd64/"
	changed := bytes.Clone(good)
	changed[len(changed)/2] ^= 1
	cases := []struct {
		name    string
		content []byte
		vouched bool
		words   []string
	}{
		{"checksum mismatch", changed, false, []string{"checksum mismatch", r.SHA256}},
		{"another length", append(bytes.Clone(good), 0), false, []string{"checksum mismatch", r.SHA256}},
		{"wrong machine under the right name", arm, true, []string{"node_exporter", "arm64", "amd64"}},
		{"truncated", good[:len(good)/2], true, []string{r.File(), "unexpected EOF"}},
		{"path that escapes", repacked(t, good, regular("../../../../../../tmp/monctl-escaped")), true, []string{"points outside the archive"}},
		{"absolute path", repacked(t, good, regular("/tmp/monctl-escaped")), true, []string{`"/tmp/monctl-escaped" is an absolute path`}},
		{"link that escapes", repacked(t, good, &tar.Header{Name: root + "etc", Linkname: "../../../etc", Typeflag: tar.TypeSymlink}), true, []string{"../../../etc"}},
		{"device", repacked(t, good, &tar.Header{Name: root + "null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}), true, []string{root + "null"}},
		{"no program in it", repacked(t, nil, regular(root+"other")), true, []string{"node_exporter"}},
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

func regular(name string) *tar.Header {
	return &tar.Header{Name: name, Mode: 0o755, Typeflag: tar.TypeReg}
}

// repacked is a good archive, or none, with one more member.
func repacked(t *testing.T, good []byte, more *tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	zip := gzip.NewWriter(&b)
	out := tar.NewWriter(zip)
	if good != nil {
		copyMembers(t, out, good)
	}
	if err := errors.Join(out.WriteHeader(more), out.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func copyMembers(t *testing.T, out *tar.Writer, archive []byte) {
	t.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	in := tar.NewReader(zip)
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = out.WriteHeader(header)
		}
		if err == nil {
			_, err = io.Copy(out, in)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
