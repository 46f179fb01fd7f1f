package fleettest

import (
	"errors"
	"io"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/crypto/ssh"
)

// serve speaks SSH on one TCP connection until it ends, and waits for what it started.
func (s *Server) serve(tcp net.Conn) {
	faulty := s.register(tcp)
	defer s.forget(faulty)
	conn, channels, requests, err := ssh.NewServerConn(faulty, s.config())
	if err != nil {
		return
	}
	s.logins.Add(1)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { ssh.DiscardRequests(requests) }) // a keepalive gets a failure, which is an answer
	for c := range channels {
		switch {
		case c.ChannelType() == "session" && s.takeSession():
			wg.Go(func() {
				defer s.dropSession()
				s.session(c)
			})
		case c.ChannelType() == "session":
			_ = c.Reject(ssh.ResourceShortage, "open failed") // what sshd says beyond MaxSessions
		case c.ChannelType() == "direct-tcpip" && s.options.NoForwarding:
			_ = c.Reject(ssh.Prohibited, "administratively prohibited: open failed")
		case c.ChannelType() == "direct-tcpip":
			wg.Go(func() { forward(c) })
		default:
			_ = c.Reject(ssh.UnknownChannelType, "unknown channel type")
		}
	}
	_ = conn.Wait()
}

func (s *Server) takeSession() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.MaxSessions > 0 && s.sessions >= s.options.MaxSessions {
		return false
	}
	s.sessions++
	return true
}

func (s *Server) dropSession() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions--
}

// session runs one command.
func (s *Server) session(c ssh.NewChannel) {
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	for r := range requests {
		if r.Type != "exec" {
			_ = r.Reply(false, nil)
			continue
		}
		var exec struct{ Command string }
		if err := ssh.Unmarshal(r.Payload, &exec); err != nil {
			_ = r.Reply(false, nil)
			return
		}
		_ = r.Reply(true, nil)
		go ssh.DiscardRequests(requests)
		s.execs.Add(1)
		status := s.run(exec.Command, channel)
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{uint32(status)}))
		return
	}
}

// run is the login shell of one session. Like sshd it does not kill the command when the link is lost: the command sees
// end of input.
func (s *Server) run(command string, channel ssh.Channel) int {
	shell := s.options.Shell
	if shell == "" {
		shell = "/bin/sh"
	}
	argv := append(slices.Clone(s.options.Wrap), shell, "-c", command)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = s.env
	cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 255
	}
	if err := cmd.Start(); err != nil {
		_, _ = io.WriteString(channel.Stderr(), err.Error()+"\n")
		return 127
	}
	s.remember(cmd.Process.Pid, true)
	defer s.remember(cmd.Process.Pid, false)
	go func() {
		_, _ = io.Copy(stdin, channel)
		_ = stdin.Close()
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

func (s *Server) remember(pid int, running bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if running {
		s.running[pid] = true
	} else {
		delete(s.running, pid)
	}
}

// forward serves direct-tcpip.
func forward(c ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		Origin     string
		OriginPort uint32
	}
	if err := ssh.Unmarshal(c.ExtraData(), &to); err != nil {
		_ = c.Reject(ssh.ConnectionFailed, "bad request")
		return
	}
	tcp, err := net.Dial("tcp", net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))))
	if err != nil {
		var errno syscall.Errno
		if errors.As(err, &errno) {
			err = errno
		}
		_ = c.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	defer tcp.Close()
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() {
		_, _ = io.Copy(tcp, channel)
		_ = tcp.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(channel, tcp)
	_ = channel.Close()
}
