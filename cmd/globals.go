package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/monctl/monctl/cmd/ui"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/inventory"
	"github.com/monctl/monctl/fleet/local"
	"github.com/monctl/monctl/fleet/ssh"
	"github.com/monctl/monctl/installer"
	"github.com/spf13/pflag"
)

// globals are the flags that every command understands, and what is made of them.
type globals struct {
	file          string
	parallel      int
	json, noColor bool
	verbose       bool
	lockWait      time.Duration
	proveFor      time.Duration
	sshConfig     []string
	knownHosts    []string
	keys          []string
	acceptNew     bool
	trustUpstream bool
	mirror        string
	fetch         string
	cacheDir      string
	catalogDir    string
	fallback      string
	binaries      []string // monctl for other machines

	streams ui.Streams
	ui      *ui.UI
	set     *pflag.FlagSet
	auth    *ssh.Auth
	events  events
	started time.Time
	tail    map[string]any // fields of the JSON summary

	interruption atomic.Pointer[interruption] // of a command that is not about hosts; nil is ofHosts
}

func (g *globals) flags(f *pflag.FlagSet) {
	g.set = f
	f.SortFlags = false
	file := os.Getenv("MONCTL_FILE")
	if file == "" {
		file = inventory.DefaultName
	}
	f.StringVarP(&g.file, "file", "f", file, "inventory `FILE`, or $MONCTL_FILE")
	f.BoolVar(&g.json, "json", false, "one JSON object per line on standard output")
	f.BoolVarP(&g.verbose, "verbose", "v", false, "say more")
	f.BoolVar(&g.noColor, "no-color", false, "no colour (as NO_COLOR and TERM=dumb)")
	f.IntVar(&g.parallel, "parallel", 0, "`N` hosts at once (default 32, or parallel: of the inventory)")
	f.DurationVar(&g.lockWait, "lock-wait", 20*time.Second, "`TIME` to wait for a host that another run holds")
	f.DurationVar(&g.proveFor, "timeout", installer.DefaultProveFor, "`TIME` that a proof may take")
	f.StringArrayVar(&g.sshConfig, "ssh-config", nil, "ssh_config `FILE` instead of ~/.ssh/config")
	f.StringArrayVarP(&g.keys, "key", "i", nil, "private key `FILE` for hosts that the inventory gives none")
	f.StringArrayVar(&g.knownHosts, "known-hosts", nil, "known_hosts `FILE` instead of those of ssh_config")
	f.BoolVar(&g.acceptNew, "accept-new-host-keys", false, "record keys of hosts never seen before, unasked")
	f.BoolVar(&g.trustUpstream, "trust-upstream-sums", false, "accept upstream's own checksum where no other is known")
	f.StringVar(&g.mirror, "mirror", "", "base `URL` that replaces the upstream download sites")
	f.StringVar(&g.fetch, "fetch", "", "`WHO` downloads releases: controller (once) or host (each)")
	f.StringVar(&g.cacheDir, "cache-dir", "", "`FOLDER` of downloaded releases (default ~/.cache/monctl)")
	f.StringVar(&g.catalogDir, "catalog", "", "`FOLDER` of your own components")
	f.StringVar(&g.fallback, "fallback", "", "`WHEN` Prometheus cannot be had, take the bundled monitor: ask, auto or never")
	f.StringArrayVar(&g.binaries, "monctl-binary", nil, "monctl for hosts of another architecture: `linux/arm64=FILE` (can be repeated)")
}

// begin is called when the flags are known.
func (g *globals) begin() error {
	g.ui = ui.New(g.streams, ui.Options{JSON: g.json, Verbose: g.verbose, NoColor: g.noColor})
	g.started = time.Now()
	if g.parallel < 0 {
		return fault.Misuse(fmt.Errorf("--parallel %d: want a number above 0", g.parallel), "")
	}
	if !slices.Contains([]string{"", string(inventory.FetchController), string(inventory.FetchHost)}, g.fetch) {
		return fault.Misuse(fmt.Errorf("--fetch %q: want controller or host", g.fetch), "")
	}
	if !slices.Contains(append(inventory.Fallbacks(), ""), inventory.Fallback(g.fallback)) {
		return fault.Misuse(fmt.Errorf("--fallback %q: want ask, auto or never", g.fallback), "")
	}
	var prompter ssh.Prompter
	if g.ui.Asks() {
		prompter = g.ui
	}
	g.auth = ssh.NewAuth(prompter)
	return namedFiles(g.sshConfig, g.keys)
}

// namedFiles refuses a file of the command line that is not there: without it, the run would go on with other settings
// than the person meant. known_hosts may be new.
func namedFiles(lists ...[]string) error {
	for _, path := range slices.Concat(lists...) {
		if _, err := os.Stat(path); err != nil {
			return fault.Misuse(err, "Name a file that exists, or leave the flag out.")
		}
	}
	return nil
}

// summary adds fields to the object that ends the JSON output.
func (g *globals) summary(fields map[string]any) {
	if g.tail == nil {
		g.tail = map[string]any{}
	}
	for k, v := range fields {
		g.tail[k] = v
	}
}

// end ends the output with the summary and gives back the exit code.
func (g *globals) end(code int) int {
	g.summary(map[string]any{"exit": code})
	if !g.started.IsZero() {
		g.summary(map[string]any{"seconds": time.Since(g.started).Round(time.Millisecond).Seconds()})
	}
	g.ui.Emit("summary", g.tail)
	return code
}

func (g *globals) sshOptions() ssh.Options {
	o := ssh.Options{Auth: g.auth, KnownHosts: g.knownHosts, AcceptNewHostKeys: g.acceptNew}
	if len(g.sshConfig) > 0 {
		o.ConfigFiles = g.sshConfig
	}
	if g.verbose {
		o.Logf = g.ui.Say
	}
	return o
}

// dial opens the shell of a host: through SSH, or on this machine without.
func (g *globals) dial(ctx context.Context, h fleet.Host) (fleet.Conn, error) {
	if h.Local {
		return local.Open(ctx, h.Sudo, local.Options{Password: g.localPassword()})
	}
	return ssh.Dial(ctx, g.withKey(h), g.sshOptions())
}

// withKey gives a host without keys of its own those of the command line.
func (g *globals) withKey(h fleet.Host) fleet.Host {
	if len(h.Keys) == 0 {
		h.Keys = g.keys
	}
	return h
}

func (g *globals) localPassword() func(context.Context) (string, error) {
	if !g.ui.Asks() {
		return nil
	}
	return func(ctx context.Context) (string, error) { return g.ui.Secret(ctx, "sudo password on this machine: ") }
}

// who names the person and the process, for people who find a host locked.
func who() string {
	name, host := "somebody", "somewhere"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return fmt.Sprintf("%s@%s, process %d, since %s", name, host, os.Getpid(), time.Now().Format("15:04:05 MST"))
}

func (g *globals) lockFile(inv *inventory.Inventory) string {
	return filepath.Join(inv.Dir, "monctl.lock")
}

var errNotConfirmed = errors.New("not confirmed")

// confirm asks before something is changed; details, unless nil, shows more on request. Without a person to ask it
// refuses and says how to go on.
func (g *globals) confirm(ctx context.Context, yes bool, question string, details func() error) error {
	if yes {
		return nil
	}
	if !g.ui.Asks() {
		return fault.Refuse(fmt.Errorf("%w: nobody can be asked, because standard input is not a terminal", errNotConfirmed),
			"Nothing was changed. Look at what is shown above, then give --yes.")
	}
	ok, err := g.ui.ConfirmWith(ctx, question, details)
	if err != nil {
		return err
	}
	if !ok {
		return fault.Refuse(errNotConfirmed, "Nothing was changed.")
	}
	return nil
}
