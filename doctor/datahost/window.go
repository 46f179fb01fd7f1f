package datahost

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/apply"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
)

// The lines around what is added to a configuration, by which it is found and taken away again.
const (
	windowBegins = "# monctl data: a stop-gap, to be taken away again with: monctl data repair %s --close-window"
	windowMark   = "# monctl data: a stop-gap"
	windowEnds   = "# monctl data: end of the stop-gap"
)

var (
	errHasStorage = errors.New("the configuration has a section storage already")
	errNoWindow   = errors.New("the configuration has no window that monctl added")
)

// withWindow adds the setting to the text of a configuration, at its end, in lines of its own.
func withWindow(text, name string, window time.Duration) (string, error) {
	var sections map[string]any
	if err := yaml.Unmarshal([]byte(text), &sections); err != nil {
		return "", fmt.Errorf("the configuration is not understood: %w", err)
	}
	text, _ = withoutWindow(text)
	if _, has := sections["storage"]; has && !strings.Contains(text, windowMark) {
		var left map[string]any
		if err := yaml.Unmarshal([]byte(text), &left); err != nil || left["storage"] != nil {
			return "", errHasStorage
		}
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return text + fmt.Sprintf(windowBegins, name) + "\nstorage:\n  tsdb:\n    out_of_order_time_window: " + minutes(window) + "\n" + windowEnds + "\n", nil
}

// withoutWindow takes the lines away again.
func withoutWindow(text string) (string, error) {
	var kept strings.Builder
	inside, found := false, false
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, windowMark):
			inside, found = true, true
		case strings.HasPrefix(line, windowEnds):
			inside = false
		case !inside:
			kept.WriteString(line)
		}
	}
	if !found || inside {
		return text, errNoWindow
	}
	return kept.String(), nil
}

// minutes writes a duration as Prometheus reads it, rounded up.
func minutes(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Minute-1)/time.Minute), 10) + "m"
}

// configFile is the configuration that the process was started with.
func (t Target) configFile() string {
	file := t.reply(askFlags)["config.file"]
	if file == "" {
		file = t.Component.Flags["config.file"]
	}
	if file == "" {
		file = "prometheus.yml"
	}
	if !path.IsAbs(file) {
		file = path.Join(t.Component.Process.Dir, file)
	}
	return file
}

// OpenWindow sets the out-of-order window in the configuration and restarts the unit: a reload does not free a frozen scrape
// clock. The change is journalled on the host and checked with promtool before; when it cannot be made it is undone there.
func (s *Session) OpenWindow(ctx context.Context, window time.Duration, step func(string)) error {
	return s.edit(ctx, step, func(text string) (string, error) { return withWindow(text, s.Name.String(), window) })
}

// CloseWindow takes it away again.
func (s *Session) CloseWindow(ctx context.Context, step func(string)) error {
	return s.edit(ctx, step, withoutWindow)
}

func (s *Session) edit(ctx context.Context, step func(string), change func(string) (string, error)) error {
	file := s.configFile()
	old, err := s.readConfig(ctx, file)
	if err != nil {
		return fmt.Errorf("%s: read %s: %w", s.Name, file, err)
	}
	text, err := change(string(old.Content))
	if err != nil {
		return fault.Refuse(fmt.Errorf("%s: %s: %w", s.Name, file, err), "Nothing was changed. By hand: storage.tsdb.out_of_order_time_window in %s, then systemctl restart %s", file, s.Component.Unit)
	}
	old.Content = []byte(text)
	return s.configure(ctx, file, step,
		plan.Change{Resource: old, Action: plan.Update}, plan.Change{Resource: resource.Service{Unit: s.Component.Unit}, Action: plan.Restart})
}

// configure makes changes, after promtool found the configuration well as it will be. They are journalled on the host.
func (s *Session) configure(ctx context.Context, file string, step func(string), changes ...plan.Change) error {
	check := resource.Check{Dir: path.Dir(file), Command: s.promtool() + " check config " + fleet.Quote(path.Base(file))}
	p := plan.Plan{Host: s.Host.Name, Changes: append([]plan.Change{{Resource: check, Action: plan.Run}}, changes...)}
	id := "data-" + strconv.FormatInt(time.Now().Unix(), 10)
	if err := apply.Run(ctx, s.conn, id, p, apply.Progress{Step: step}); err != nil {
		return err
	}
	return apply.Commit(ctx, s.conn)
}

// promtool is a command line that finds it beside the program that runs, or in the PATH.
func (s *Session) promtool() string {
	beside := path.Join(path.Dir(strings.TrimSuffix(s.Component.Process.Exe, " (deleted)")), "promtool")
	if s.Component.Manifest != nil { // the process may be run by an emulator
		beside = path.Join(s.Component.Manifest.Release, "current", "promtool")
	}
	return `tool=` + fleet.Quote(beside) + `; [ -x "$tool" ] || tool=$(command -v promtool) || { echo "there is no promtool on this host to check the configuration with" >&2; exit 1; }; "$tool"`
}

// readConfig reads a file with its owner and mode.
func (s *Session) readConfig(ctx context.Context, file string) (resource.File, error) {
	res, err := s.conn.Run(ctx, fleet.Cmd{Script: "f=$(readlink -f -- " + fleet.Quote(file) + `) && stat -c '%U %G %a %n' -- "$f" && cat -- "$f"`})
	if err != nil {
		return resource.File{}, err
	}
	head, content, _ := strings.Cut(res.Stdout, "\n")
	w := strings.SplitN(head, " ", 4)
	if res.Exit != 0 || len(w) != 4 {
		return resource.File{}, errors.New(strings.TrimSpace(res.Stderr))
	}
	mode, err := strconv.ParseUint(w[2], 8, 32)
	return resource.File{Owner: w[0], Group: w[1], Mode: fs.FileMode(mode), Path: w[3], Content: []byte(content)}, err
}
