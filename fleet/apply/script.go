package apply

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/plan"
	"github.com/monctl/monctl/fleet/resource"
)

//go:embed host.sh
var hostFunctions string

//go:embed receive.sh
var receiveScript string

// writer turns a plan into the script that applies it and the files that travel with it.
type writer struct {
	journal, steps strings.Builder
	members        []member
	files          map[string]int // path on the host to the number of its file in the stream
	saved          int
}

// write returns the members of the stream for a plan, the script among them.
func write(id string, p plan.Plan) ([]member, error) {
	w := &writer{files: map[string]int{}}
	w.addFiles(p.Changes)
	w.owe(p.Changes)
	reload := reloadBefore(p.Changes)
	for n, c := range p.Changes {
		if n == reload {
			w.daemonReload(p.Changes)
		}
		if err := w.change(c); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Resource.Key(), err)
		}
	}
	if reload == len(p.Changes) {
		w.daemonReload(p.Changes)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nid=%s\ncd \"$stage\" || exit 73\n", hostFunctions, fleet.Quote(id))
	fmt.Fprintf(&b, "write_journal() {\n\tjournal_begin || return\n%s\tjournal_sync\n}\nstep journal write_journal\n", w.journal.String())
	b.WriteString(w.steps.String())
	b.WriteString("echo applied >\"$open/state\"\necho @applied\n")
	return append([]member{bytesMember("apply.sh", []byte(b.String()))}, w.members...), nil
}

// addFiles numbers the files first, because a check lays them over its directory before they are in place.
func (w *writer) addFiles(changes []plan.Change) {
	for _, c := range changes {
		if f, ok := c.Resource.(resource.File); ok {
			n := len(w.files)
			w.files[f.Path] = n
			w.members = append(w.members, bytesMember("files/"+strconv.Itoa(n), f.Content))
		}
	}
}

// note adds a line to the journal function; its failure ends the function.
func (w *writer) note(words ...string) {
	fmt.Fprintf(&w.journal, "\t%s || return\n", fleet.QuoteAll(words...))
}

// step adds one announced change.
func (w *writer) step(key string, words ...string) {
	fmt.Fprintf(&w.steps, "step %s %s\n", fleet.Quote(key), fleet.QuoteAll(words...))
}

func (w *writer) nextSaved() string {
	w.saved++
	return strconv.Itoa(w.saved)
}

func (w *writer) change(c plan.Change) error {
	key := c.Resource.Key()
	switch r := c.Resource.(type) {
	case resource.User:
		w.user(c.Action, r)
	case resource.Script:
		w.script(r)
	case resource.Dir:
		kind := "dir"
		if r.Keep {
			kind = "tree"
		}
		w.note("j_"+kind, r.Path)
		w.step(key, "do_"+kind, r.Owner, r.Group, octal(r.Mode), r.Path)
	case resource.File:
		if r.Once && r.WithData {
			w.note("j_once", r.Path)
		} else {
			w.note("j_path", r.Path, w.nextSaved())
		}
		w.step(key, "do_file", r.Owner, r.Group, octal(r.Mode), strconv.Itoa(w.files[r.Path]), r.Path)
	case resource.Link:
		w.note("j_path", r.Path, w.nextSaved())
		w.step(key, "do_link", r.Target, r.Path)
	case resource.Release:
		return w.release(r)
	case resource.Check:
		w.step(key, w.check(r)...)
	case resource.Gone:
		n := w.nextSaved()
		w.note("j_gone", r.Path, n)
		w.step(key, "do_gone", r.Path, n)
	case resource.Move:
		w.note("j_move", r.From, r.To)
		w.step(key, "do_move", r.From, r.To, r.Owner, r.Group, octal(r.Mode))
	case resource.Purge:
		w.step(key, "do_purge", r.Path)
	case resource.NoUser:
		w.note("j_nouser", r.Name)
		w.step(key, "do_nouser", r.Name)
	case resource.Stopped:
		w.note("j_unit", r.Unit)
		w.step(key, "do_stop", r.Unit)
	case resource.Service:
		w.service(c.Action, r.Unit)
	default:
		return fmt.Errorf("apply: resource of type %T is not known", r)
	}
	return nil
}

func (w *writer) user(action plan.Action, r resource.User) {
	if action == plan.Update { // a group too many takes nothing from anybody, so it stays when the change is undone
		w.step(r.Key(), append([]string{"do_groups", r.Name}, r.Groups...)...)
		return
	}
	w.note("j_user", r.Name)
	w.step(r.Key(), append([]string{"do_user", r.Name}, r.Groups...)...)
}

func (w *writer) script(r resource.Script) {
	n := strconv.Itoa(len(w.members))
	w.members = append(w.members, bytesMember("scripts/"+n+".sh", []byte(r.Run)), bytesMember("scripts/"+n+".env", r.Env))
	w.step(r.Key(), "do_script", n)
}

func (w *writer) release(r resource.Release) error {
	archive, strip := "releases/"+strconv.Itoa(len(w.members))+".tar.gz", strconv.Itoa(r.Payload.Strip)
	w.note("j_release", r.Dir)
	switch {
	case r.Payload.URL != "":
		archive, strip = "fetched.tar.gz", "auto"
		w.step("download "+r.Payload.URL, "do_fetch", r.Payload.URL, r.Payload.SHA256, archive)
	case r.Payload.Path != "":
		w.members = append(w.members, fileMember(archive, r.Payload.Path, r.Payload.Size, r.Payload.SHA256))
	default:
		return errors.New("apply: the release has no archive")
	}
	w.step(r.Key(), append([]string{"do_release", r.Dir, archive, strip, r.Mark, elfMachine(r.Machine)}, r.Binaries...)...)
	return nil
}

// elfMachine is the e_machine field of an ELF header as od prints its two little-endian bytes (ELF gABI, figure 4-4).
func elfMachine(arch string) string {
	return map[string]string{"amd64": "3e00", "arm64": "b700", "armv7": "2800"}[arch]
}

func (w *writer) check(r resource.Check) []string {
	words := []string{"do_check", r.Dir, r.Command}
	for _, name := range slices.Sorted(maps.Keys(w.files)) {
		n := w.files[name]
		if rel, below := strings.CutPrefix(name, r.Dir+"/"); below {
			words = append(words, strconv.Itoa(n), rel)
		}
	}
	return words
}

// owe notes the state of every unit and what it must get. The marks precede every change, so that a run cut off
// anywhere still knows what it owes a unit.
func (w *writer) owe(changes []plan.Change) {
	for _, c := range changes {
		if r, ok := c.Resource.(resource.Service); ok {
			w.note("j_unit", r.Unit)
			if what := owed(c.Action); what != "" {
				w.note("do_owe", what, r.Unit)
			}
		}
	}
}

// reloadBefore is the place before which systemd has to read its unit files again, once for all of them: after the last
// change of a unit file, or before the first service that starts or is enabled; -1 for nowhere.
func reloadBefore(changes []plan.Change) int {
	at := -1
	for n, c := range changes {
		switch r := c.Resource.(type) {
		case resource.File:
			if isUnitFile(r.Path) {
				at = n + 1
			}
		case resource.Gone:
			if isUnitFile(r.Path) {
				at = n + 1
			}
		case resource.Service:
			if at < 0 && c.Action != plan.Reload {
				at = n
			}
		}
	}
	return at
}

// daemonReload enables units and lets systemd read its unit files, all in one call each.
func (w *writer) daemonReload(changes []plan.Change) {
	var enable []string
	for _, c := range changes {
		if r, ok := c.Resource.(resource.Service); ok && c.Enabling {
			enable = append(enable, r.Unit)
		}
	}
	if len(enable) > 0 {
		w.step("enable "+strings.Join(enable, " "), append([]string{"systemctl", "--no-reload", "--quiet", "enable", "--"}, enable...)...)
	}
	w.step("systemctl daemon-reload", "systemctl", "daemon-reload")
}

// service starts, restarts or reloads one unit, and strikes out what it was owed.
func (w *writer) service(action plan.Action, unit string) {
	switch owed(action) {
	case "restart":
		fmt.Fprintf(&w.steps, "systemctl reset-failed -- %s 2>/dev/null\n", fleet.Quote(unit))
		w.step("start "+unit, "systemctl", "restart", "--", unit)
	case "reload":
		w.step("reload "+unit, "do_reload", unit)
	default:
		return
	}
	fmt.Fprintf(&w.steps, "do_paid %s\n", fleet.Quote(unit))
}

// owed is what a unit must get when its change is applied: "restart", "reload" or nothing.
func owed(a plan.Action) string {
	switch a {
	case plan.Start, plan.Restart:
		return "restart"
	case plan.Reload:
		return "reload"
	}
	return ""
}

func isUnitFile(name string) bool { return strings.HasPrefix(name, "/etc/systemd/system/") }

func octal(mode fs.FileMode) string { return fmt.Sprintf("%04o", mode.Perm()) }
