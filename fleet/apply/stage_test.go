package apply

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sent reads a stream to its end and returns it with the size that was announced.
func sent(t *testing.T, members []member) ([]byte, int64) {
	t.Helper()
	body, size, err := stream(members)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	all, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return all, size
}

func TestStreamIsAsLongAsAnnounced(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "x.tar.gz")
	if err := os.WriteFile(archive, bytes.Repeat([]byte("release"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{0, 1, 511, 512, 513, 100_000} {
		all, size := sent(t, []member{
			bytesMember("apply.sh", bytes.Repeat([]byte("x"), length)),
			fileMember("releases/0.tar.gz", archive, 7000, "unused"),
		})
		if int64(len(all)) != size {
			t.Errorf("member of %d bytes: announced %d bytes, sent %d", length, size, len(all))
		}
		var names []string
		for r := tar.NewReader(bytes.NewReader(all)); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, h.Name)
		}
		if got := strings.Join(names, " "); got != "sums apply.sh releases/0.tar.gz" {
			t.Errorf("members are %s", got)
		}
	}
}

// receive runs the real receiving script with sh, in a folder instead of /var/lib/monctl.
func receive(t *testing.T, dir string, input []byte) (stdout string, exit int) {
	t.Helper()
	script := strings.ReplaceAll(receiveScript, "/var/lib/monctl", dir)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Stdin = bytes.NewReader(input)
	var out bytes.Buffer
	cmd.Stdout = &out
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

func TestReceiveRunsWhatArrivedWhole(t *testing.T) {
	all, _ := sent(t, []member{bytesMember("apply.sh", []byte("cat \"$stage/files/0\"\n")), bytesMember("files/0", []byte("hello"))})
	dir := filepath.Join(t.TempDir(), "monctl")
	out, exit := receive(t, dir, all)
	if out != "hello" || exit != 0 {
		t.Errorf("the script said %q, exit %d", out, exit)
	}
	left, err := filepath.Glob(dir + "/.host/stage.*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A cut link reads as end of file on the host. Wherever it is cut, nothing may run.
func TestReceiveRunsNothingOfACutStream(t *testing.T) {
	all, _ := sent(t, []member{
		bytesMember("apply.sh", []byte("echo ran\n")),
		bytesMember("files/0", bytes.Repeat([]byte("config\n"), 300)),
	})
	end := len(all) - 1024 // of the last member: what follows is the end mark of the archive
	for _, cut := range []int{0, 1, 511, 512, 700, 1024, 1500, 2048, end - 600, end - 513} {
		out, exit := receive(t, filepath.Join(t.TempDir(), "monctl"), all[:cut])
		if strings.Contains(out, "ran") || exit == 0 {
			t.Errorf("cut after %d of %d bytes: exit %d, said %q", cut, len(all), exit, out)
		}
	}
}

func TestReceiveRunsNothingOfADamagedStream(t *testing.T) {
	all, _ := sent(t, []member{bytesMember("apply.sh", []byte("echo ran\n")), bytesMember("files/0", bytes.Repeat([]byte("a"), 600))})
	damaged := bytes.Replace(all, bytes.Repeat([]byte("a"), 600), append(bytes.Repeat([]byte("a"), 599), 'b'), 1)
	out, exit := receive(t, filepath.Join(t.TempDir(), "monctl"), damaged)
	if strings.Contains(out, "ran") || exit != exitMismatch {
		t.Errorf("exit %d, said %q", exit, out)
	}
}
