package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// commands are the arguments of each kind of server for an address, a data folder and a configuration.
var commands = map[string]func(address, data, config string) []string{
	"monctl": func(address, data, config string) []string {
		return []string{"serve", "--listen", address, "--data", data, "--config", config, "--ntp", "none", "--no-host-metrics"}
	},
	"profiled": func(address, data, config string) []string { return []string{address, data, config} },
	"prometheus": func(address, data, config string) []string {
		return []string{"--web.listen-address=" + address, "--storage.tsdb.path=" + data, "--config.file=" + config, "--log.level=error"}
	},
	"victoriametrics": func(address, data, config string) []string {
		return []string{"-httpListenAddr=" + address, "-storageDataPath=" + data, "-promscrape.config=" + config, "-loggerLevel=ERROR", "-search.latencyOffset=0s"}
	},
}

// server is one running process.
type server struct {
	kind
	address, data, config string
	cmd                   *exec.Cmd
}

// prepare gives a server a free port.
func prepare(ctx context.Context, k kind, data, config string) (*server, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &server{kind: k, address: l.Addr().String(), data: data, config: config}, l.Close()
}

// run starts a server and waits until it is ready; it gives the time from exec to the first answer 200.
func (s *server) run(ctx context.Context) (time.Duration, error) {
	s.cmd = exec.CommandContext(ctx, s.file, commands[s.kind.kind](s.address, s.data, s.config)...)
	var log bytes.Buffer
	s.cmd.Stderr = &log
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return 0, err
	}
	path := "/-/ready"
	if s.kind.kind == "victoriametrics" {
		path = "/health"
	}
	for end := began.Add(2 * time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if code, err := s.get(ctx, path, nil); err == nil && code == http.StatusOK {
			return time.Since(began), nil
		}
	}
	return 0, errors.Join(fmt.Errorf("%s did not get ready: %s", s.name, log.String()), s.end(syscall.SIGKILL))
}

// end signals the process and waits for it.
func (s *server) end(sig syscall.Signal) error {
	if err := s.cmd.Process.Signal(sig); err != nil {
		return err
	}
	var exit *exec.ExitError
	if err := s.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

func (s *server) get(ctx context.Context, path string, into *bytes.Buffer) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if into == nil {
		into = &bytes.Buffer{}
	}
	_, err = into.ReadFrom(resp.Body)
	return resp.StatusCode, err
}

// text is the answer to a request that must succeed.
func (s *server) text(ctx context.Context, path string) ([]byte, error) {
	var body bytes.Buffer
	code, err := s.get(ctx, path, &body)
	if err == nil && code != http.StatusOK {
		err = fmt.Errorf("%s: %s: %d %.200s", s.name, path, code, body.String())
	}
	return body.Bytes(), err
}

// cpu is the user and system time of the process so far: fields 14 and 15 of proc(5) stat, in ticks of 10 ms.
func (s *server) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, err
}

// memory is what /proc/PID/status (proc(5)) says of the process, in bytes: resident now, of it anonymous, and the most that was resident.
func (s *server) memory() (resident, anonymous, most float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line) // NAME: KIBIBYTES kB
		for name, into := range map[string]*float64{"VmRSS:": &resident, "RssAnon:": &anonymous, "VmHWM:": &most} {
			if f[0] == name {
				kib, err := strconv.ParseFloat(f[1], 64)
				if err != nil {
					return 0, 0, 0, fmt.Errorf("%s %w", name, err)
				}
				*into = kib * 1024
			}
		}
	}
	return resident, anonymous, most, nil
}

// write makes the configuration that a server scrapes with: its name is a parameter, so that the targets can count.
func write(dir string, k kind, every time.Duration, targets string) (string, error) {
	path := filepath.Join(dir, k.name+".yml")
	text := fmt.Sprintf("global: {scrape_interval: %s, scrape_timeout: %s}\n", every, every)
	if targets != "" {
		text += fmt.Sprintf("scrape_configs:\n- {job_name: load, params: {who: [%s]}, static_configs: [{targets: [%s]}]}\n", k.name, targets)
	}
	return path, os.WriteFile(path, []byte(text), 0o600)
}
