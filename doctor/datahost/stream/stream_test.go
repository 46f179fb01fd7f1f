package stream_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/monctl/monctl/doctor/datahost/stream"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// folder is a small one with what data folders have: nested, empty, binary.
func folder(t *testing.T) string {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "01HBLOCK/chunks"), 0o755))
	must(t, os.MkdirAll(filepath.Join(dir, "empty"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "01HBLOCK/chunks/000001"), bytes.Repeat([]byte{0, 1, 255}, 100_000), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "01HBLOCK/meta.json"), []byte("{}"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "name with  two spaces"), nil, 0o600))
	return dir
}

func sent(t *testing.T, dir string) []byte {
	var b bytes.Buffer
	must(t, stream.Send(&b, dir))
	return b.Bytes()
}

func TestBothEnds(t *testing.T) {
	from, to := folder(t), filepath.Join(t.TempDir(), "new", "backup")
	got, err := stream.Receive(bytes.NewReader(sent(t, from)), to, nil)
	must(t, err)
	if got.Files != 3 || got.Bytes != 300_002 || got.Folder != to {
		t.Errorf("got %+v", got)
	}
	if out, err := exec.Command("diff", "-r", from, to).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	check := exec.Command("sha256sum", "-c", "--strict", to+".sha256")
	check.Dir = to
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := stream.Receive(bytes.NewReader(sent(t, from)), to, nil); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("got %v", err)
	}
}

// TestNothingIsLeft of a stream that was cut at any place, or damaged.
func TestNothingIsLeft(t *testing.T) {
	whole := sent(t, folder(t))
	refused := func(name string, text []byte) {
		to := filepath.Join(t.TempDir(), "backup")
		if got, err := stream.Receive(bytes.NewReader(text), to, nil); err == nil {
			t.Errorf("%s: it was taken: %+v", name, got)
		}
		if left, _ := os.ReadDir(filepath.Dir(to)); len(left) > 0 {
			t.Errorf("%s: %v is left", name, left)
		}
	}
	for cut := 0; cut < len(whole)-1024-512; cut += 7_777 {
		refused("cut", whole[:cut])
	}
	damaged := bytes.Clone(whole)
	damaged[bytes.Index(damaged, []byte{0, 1, 255, 0, 1, 255})+100] ^= 1
	refused("damaged", damaged)
	outside := bytes.Replace(whole, []byte("01HBLOCK/meta.json\x00"), []byte("../../../meta.json\x00"), 1)
	refused("outside", outside)
}

func TestServe(t *testing.T) {
	from, to := folder(t), filepath.Join(t.TempDir(), "backup")
	address, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- stream.Serve(context.Background(), from, "the word", func(a string) { address <- a }) }()
	at := <-address
	stranger, err := net.Dial("tcp", at)
	must(t, err)
	if _, err := stream.Fetch(stranger, "another word", to, nil); err == nil {
		t.Error("a stranger got it")
	}
	conn, err := net.Dial("tcp", at)
	must(t, err)
	_, err = stream.Fetch(conn, "the word", to, nil)
	must(t, err)
	must(t, <-ended)
	if out, err := exec.Command("diff", "-r", from, to).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestOnlyFilesAndFolders(t *testing.T) {
	dir := folder(t)
	must(t, os.Symlink("/etc/passwd", filepath.Join(dir, "link")))
	if err := stream.Send(&bytes.Buffer{}, dir); err == nil || !strings.Contains(err.Error(), "neither a file nor a folder") {
		t.Errorf("got %v", err)
	}
}
