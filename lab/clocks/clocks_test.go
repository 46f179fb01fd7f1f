// Package clocks proves that monctl doctor names a clock that is really wrong, and cures it: a whole virtual machine
// boots with its clock 31768 s ahead, and an NTP server on the lab's bridge knows the true time.
package clocks

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/monctl/monctl/lab/hosts"
)

const (
	name  = "test-clocks"
	ahead = 31768 * time.Second
)

// serveNTP answers as a stratum 2 server with this machine's time (RFC 5905, figure 8). systemd-timesyncd asks port 123 only.
func serveNTP(t *testing.T, address string) {
	t.Helper()
	conn, err := net.ListenPacket("udp", address)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	put := func(p []byte, at time.Time) {
		binary.BigEndian.PutUint32(p, uint32(at.Unix()+2208988800))
		binary.BigEndian.PutUint32(p[4:], uint32(uint64(at.Nanosecond())<<32/1e9))
	}
	go func() {
		query := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(query)
			if err != nil {
				return
			}
			if n < 48 {
				continue
			}
			now, p := time.Now(), make([]byte, 48)
			p[0], p[1], p[2], p[3] = 4<<3|4, 2, 6, 0xec
			copy(p[12:], []byte{127, 0, 0, 1})
			put(p[16:], now.Add(-time.Minute))
			copy(p[24:32], query[40:48])
			put(p[32:], now)
			put(p[40:], now)
			_, _ = conn.WriteTo(p, from)
		}
	}()
}

// doctor runs the built command and gives the objects it printed, by type.
func doctor(t *testing.T, monctl string, lab *hosts.Lab, want int, words ...string) map[string][]map[string]any {
	t.Helper()
	words = append([]string{
		"doctor", "time-drift", "root@v1", "--json", "--ssh-config", lab.SSHConfig(), "--known-hosts", lab.KnownHosts(),
	}, words...)
	cmd := exec.CommandContext(t.Context(), monctl, words...)
	cmd.Dir = t.TempDir()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != want {
		t.Fatalf("exit %d, want %d:\n%s%s", code, want, out.String(), errs.String())
	}
	objects := map[string][]map[string]any{}
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		var o map[string]any
		must(t, json.Unmarshal(lines.Bytes(), &o))
		kind, _ := o["type"].(string)
		objects[kind] = append(objects[kind], o)
	}
	return objects
}

func offsetOf(t *testing.T, objects map[string][]map[string]any) (offset, bound float64) {
	t.Helper()
	for _, c := range objects["clock"] {
		if c["host"] == "v1" {
			return c["offset_seconds"].(float64), c["bound_seconds"].(float64)
		}
	}
	t.Fatalf("no clock of v1: %v", objects)
	return 0, 0
}

func TestAWrongClockIsNamedAndCured(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, for a virtual machine")
	}
	o := hosts.Options{Name: name, Log: func(line string) { t.Log(line) }}
	t.Cleanup(func() { must(t, hosts.Down(context.WithoutCancel(t.Context()), "", name)) })
	vm, err := hosts.UpVM(t.Context(), o, time.Now().Add(ahead))
	must(t, err)
	cache, err := hosts.Cache("")
	must(t, err)
	lab, err := hosts.Open(cache, name)
	must(t, err)
	monctl := filepath.Join(t.TempDir(), "monctl")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", monctl, "github.com/monctl/monctl/cmd/monctl")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	serveNTP(t, lab.Gateway()+":123")
	must(t, giveTimesyncd(t, vm, lab.Gateway()))

	// By the time that date runs there, what it was told is some seconds old.
	_, err = vm.Exec(t.Context(), fmt.Sprintf("date -s @%d", time.Now().Add(ahead).Unix()))
	must(t, err)
	found := doctor(t, monctl, lab, 3, "--ntp", lab.Gateway())
	offset, bound := offsetOf(t, found)
	t.Logf("%.6f s ± %.6f s", offset, bound)
	if d := offset - ahead.Seconds(); d < -60 || d > 0 || bound > 0.1 {
		t.Errorf("offset %g s ± %g s, want about %v", offset, bound, ahead)
	}
	causes := map[string]bool{}
	for _, f := range found["finding"] {
		if f["muted_by"] == nil && f["level"] != "note" {
			causes[f["check"].(string)] = true
		}
	}
	if !causes["clock/offset"] || !causes["clock/daemon"] || len(causes) != 2 {
		t.Errorf("causes: %v, want clock/offset and clock/daemon", causes)
	}

	cured := doctor(t, monctl, lab, 0, "--ntp", lab.Gateway(), "--fix", "--yes")
	if len(cured["fix"]) == 0 {
		t.Errorf("no fix was shown: %v", cured)
	}
	offset, bound = offsetOf(t, doctor(t, monctl, lab, 0, "--ntp", lab.Gateway()))
	if offset < -0.5 || offset > 0.5 {
		t.Errorf("after the fix the clock is %g s ± %g s off", offset, bound)
	}
}

// giveTimesyncd installs a time daemon without enabling it, from a package that this machine downloads.
func giveTimesyncd(t *testing.T, vm *hosts.Host, server string) error {
	t.Helper()
	dir := t.TempDir()
	download := exec.CommandContext(t.Context(), "apt-get", "download", "-q", "systemd-timesyncd")
	download.Dir = dir
	if out, err := download.CombinedOutput(); err != nil {
		t.Skipf("systemd-timesyncd cannot be downloaded: %v: %s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	text, err := exec.CommandContext(t.Context(), "base64", "-w", "0", files[0]).Output()
	if err != nil {
		return err
	}
	_, err = vm.Exec(t.Context(), strings.Join([]string{
		"set -e", "mkdir -p /etc/systemd/timesyncd.conf.d", "printf '[Time]\\nNTP=" + server + "\\n' >/etc/systemd/timesyncd.conf.d/lab.conf",
		"base64 -d >/root/t.deb <<'END'\n" + string(text) + "\nEND", "dpkg -i --force-depends /root/t.deb >/dev/null 2>&1", "systemctl disable --now systemd-timesyncd",
	}, "\n"))
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
