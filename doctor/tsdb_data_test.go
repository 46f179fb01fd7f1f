package doctor

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestProbeOfAThousandBlocks runs the probe over a folder of a long history, in every shell that is here, and wants it
// cheap: a number of programs that does not grow with the blocks.
func TestProbeOfAThousandBlocks(t *testing.T) {
	const blocks = 1000
	data := filepath.Join(t.TempDir(), "with space")
	for i := range blocks {
		dir := filepath.Join(data, fmt.Sprintf("01%024d", i))
		meta := fmt.Sprintf("{\n\t\"ulid\": \"x\",\n\t\"minTime\": %d,\n\t\"maxTime\": %d,\n\t\"compaction\": {\"parents\": [{\"minTime\": 1}]}\n}\n", i*1000, i*1000+999)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"meta.json": meta, "index": "x"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range []string{"wal/00000003", "wal/00000004", "wal/checkpoint.00000002/00000000", "chunks_head/000001", "01BROKEN00000000000000000A/index", "x.tmp-for-creation/a"} {
		path := filepath.Join(data, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// What the probe sees of a process is its command line.
	process := exec.Command("/bin/sh", "-c", "read line; exit", "prometheus", "--storage.tsdb.path="+data)
	if _, err := process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Process.Kill(); _ = process.Wait() })
	for _, shell := range [][]string{{"sh"}, {"bash"}, {"busybox", "sh"}} {
		if _, err := exec.LookPath(shell[0]); err != nil {
			t.Logf("%s is not here", shell[0])
			continue
		}
		t.Run(shell[0], func(t *testing.T) {
			cmd := exec.Command(shell[0], append(shell[1:], "-c", dataScript)...)
			cmd.Env = append(os.Environ(), "LC_ALL=C")
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			d := only(t, string(out), process.Process.Pid)
			if len(d.Blocks) != blocks || d.Blocks[999].Min.UnixMilli() != 999000 || d.Blocks[999].Max.UnixMilli() != 999999 {
				t.Errorf("%d blocks, the last %+v", len(d.Blocks), d.Blocks[len(d.Blocks)-1])
			}
			if d.WAL.Count != 2 || d.WAL.First != 3 || d.WAL.gap() || d.Chunks.Count != 1 || d.Checkpoint != "checkpoint.00000002" || len(d.Left) != 1 {
				t.Errorf("got %+v %+v %q %q", d.WAL, d.Chunks, d.Checkpoint, d.Left)
			}
			if strings.Join(d.Broken, ", ") != "01BROKEN00000000000000000A has no meta.json" {
				t.Errorf("broken: %q", d.Broken)
			}
			if d.Path != data || d.ID == "" || d.FS == "" || d.Size == 0 || d.Inside || len(d.Foreign) != 0 || d.UID != os.Getuid() {
				d.Blocks = nil
				t.Errorf("got %+v", d)
			}
			if spent := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(); spent.Seconds() > 5 {
				t.Errorf("the probe took %v of processor", spent)
			} else {
				t.Logf("the probe took %v of processor", spent)
			}
		})
	}
}

// TestProbeOfADefaultFolder has a program without the flag, which has a default of its own, as Debian's: the probe finds its log open.
func TestProbeOfADefaultFolder(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	data := filepath.Join(dir, "metrics2")
	if err := os.MkdirAll(filepath.Join(data, "wal"), 0o755); err != nil {
		t.Fatal(err)
	}
	segment, err := os.Create(filepath.Join(data, "wal", "00000007"))
	if err != nil {
		t.Fatal(err)
	}
	defer segment.Close()
	program := filepath.Join(dir, "prometheus")
	if err := os.Symlink(sleep, program); err != nil {
		t.Fatal(err)
	}
	process := exec.Command(program, "60")
	process.ExtraFiles = []*os.File{segment}
	startReal(t, process)
	out, err := exec.Command("sh", "-c", dataScript).Output()
	if err != nil {
		t.Fatal(err)
	}
	if d := only(t, string(out), process.Process.Pid); d.Path != data || d.Missing || d.WAL.Last != 7 {
		t.Errorf("got %+v", d)
	}
}

// only picks the folder of one process out of what the probe printed.
func only(t *testing.T, out string, pid int) dataDir {
	t.Helper()
	dirs, _, err := Host{Probes: map[string]Answer{dataProbe: {Values: values(out)}}}.dataDirs()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		if d.PID == pid {
			return d
		}
	}
	t.Fatalf("the process %d was not found in:\n%.2000s", pid, out)
	return dataDir{}
}

// TestProbeWithoutRoot demands that a folder which may not be entered is not called missing.
func TestProbeWithoutRoot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to be somebody else")
	}
	data := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	process := exec.Command("/bin/sh", "-c", "read line; exit", "prometheus", "--storage.tsdb.path="+data)
	if _, err := process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Process.Kill(); _ = process.Wait() })
	cmd := exec.Command("sh", "-c", dataScript)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	d := only(t, string(out), process.Process.Pid)
	if d.Missing || !d.Unreadable {
		t.Errorf("got %+v", d)
	}
	h := Host{Name: "vm1", Probes: map[string]Answer{dataProbe: {Values: values(string(out))}}}
	h.Components = []Component{{Kind: "prometheus", Running: true, Process: Process{PID: process.Process.Pid}}}
	found := tsdbDataPath().Judge(Fleet{Hosts: []Host{h}})
	if len(found) != 1 || found[0].Level != Unknown || !strings.Contains(found[0].Title, "needs root") {
		t.Errorf("got %+v", found)
	}
}
