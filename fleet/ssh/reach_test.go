package ssh_test

import (
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/ssh"
)

func quick(t testing.TB) ssh.Options {
	return ssh.Options{KnownHosts: []string{t.TempDir() + "/known"}, ConfigFiles: []string{}, ConnectTimeout: 300 * time.Millisecond, Logf: t.Logf}
}

// listen serves each connection with serve, and returns how to reach it.
func listen(t testing.TB, serve func(net.Conn)) fleet.Host {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
	return hostAt(l.Addr())
}

func hostAt(a net.Addr) fleet.Host {
	return fleet.Host{Name: "h", Address: "127.0.0.1", Port: a.(*net.TCPAddr).Port, User: "tester"}
}

func TestName(t *testing.T) {
	err := refused(t, fleet.Host{Address: "no..such..name"}, quick(t), ssh.ErrName)
	if !strings.Contains(err.Error(), "no..such..name:22") {
		t.Errorf("%v does not name the address", err)
	}
}

func TestPortRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	refused(t, hostAt(l.Addr()), quick(t), ssh.ErrRefused)
}

// TestUnreachable: a socket whose queue is full drops SYNs, as a firewall does.
func TestUnreachable(t *testing.T) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	must(t, err)
	defer syscall.Close(fd)
	must(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(t, syscall.Listen(fd, 0))
	name, err := syscall.Getsockname(fd)
	must(t, err)
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: name.(*syscall.SockaddrInet4).Port}
	for range 3 {
		if c, err := net.DialTimeout("tcp", addr.String(), 100*time.Millisecond); err == nil {
			defer c.Close()
		}
	}
	err = refused(t, hostAt(addr), quick(t), ssh.ErrUnreachable)
	if !strings.Contains(err.Error(), "no answer within 300ms") {
		t.Errorf("got %v", err)
	}
}

func TestNotSSH(t *testing.T) {
	for name, c := range map[string]struct {
		serve func(net.Conn)
		want  error
		text  string
	}{
		"web server": {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, ssh.ErrNotSSH, `"HTTP/1.1 400 Bad Request`},
		"binary":     {func(c net.Conn) { _, _ = c.Write(make([]byte, 1000)) }, ssh.ErrNotSSH, `\x00`},
		"silent":     {func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, ssh.ErrNotSSH, "sent nothing within 300ms"},
		"closes":     {func(net.Conn) {}, ssh.ErrHandshake, "without a greeting"},
		"half SSH": {func(c net.Conn) {
			_, _ = io.WriteString(c, "SSH-2.0-x\r\n")
			_, _ = io.Copy(io.Discard, c)
		}, ssh.ErrHandshake, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := refused(t, listen(t, c.serve), quick(t), c.want); !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v, want %q", err, c.text)
			}
		})
	}
}
