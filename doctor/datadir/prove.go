package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
)

var errNotProved = errors.New("a directory that was not proved to be a data directory is never touched")

func errReplaced(path string) error {
	return fmt.Errorf("%s is not the directory that was looked at", path)
}

// ProveOptions are what the caller knows besides the path.
type ProveOptions struct {
	Kind   Kind     // "" is Prometheus
	Others []string // folders of other components, and log folders: none may lie within the directory, nor the directory within one
	Passwd string   // where homes are found; "" is /etc/passwd
}

// Prove looks at a directory and gives it as a target, or refuses and says why: it is a system folder or a home, overlaps another
// component's folder, holds entries that do not belong to a data directory (they are listed), or nothing that does.
// It reads, and changes nothing. Errors are refusals of package fault, or failures to read.
func Prove(path string, o ProveOptions) (Dir, error) {
	if o.Kind == "" {
		o.Kind = Prometheus
	}
	d, err := resolve(path, o.Kind)
	if err != nil {
		return Dir{}, err
	}
	if err := refusePlace(d.path, o); err != nil {
		return Dir{}, err
	}
	if d.Missing() {
		return missing(d)
	}
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return Dir{}, fault.With(fmt.Errorf("%s: read: %w", d.path, err), "Run it as root, or as the user whom the directory belongs to.")
	}
	if err := proveEntries(d, entries); err != nil {
		return Dir{}, err
	}
	return d, nil
}

// resolve follows symbolic links. What an interrupted operation has moved away is found by its store.
func resolve(path string, kind Kind) (Dir, error) {
	if path == "" {
		return Dir{}, fault.Misuse(errors.New("no directory is named"), "")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return Dir{}, fmt.Errorf("%s: %w", path, err)
	}
	d := Dir{given: path, kind: kind}
	d.path, err = filepath.EvalSymlinks(abs)
	if errors.Is(err, fs.ErrNotExist) {
		parent, perr := filepath.EvalSymlinks(filepath.Dir(abs))
		if perr != nil {
			return Dir{}, fault.Refuse(fmt.Errorf("%s: %w", path, err), "Name the directory as the running process does.")
		}
		d.path = filepath.Join(parent, filepath.Base(abs))
		return d, nil
	}
	if err != nil {
		return Dir{}, fault.With(fmt.Errorf("%s: %w", path, err), "Run it as root, or as the user whom the directory belongs to.")
	}
	info, err := os.Lstat(d.path)
	if err != nil {
		return Dir{}, fmt.Errorf("%s: %w", path, err)
	}
	if !info.IsDir() {
		return Dir{}, fault.Refuse(fmt.Errorf("%s is not a directory", d.path), "")
	}
	d.id = idOf(info)
	parent, err := identify(filepath.Dir(d.path))
	d.mount = parent.Dev != d.id.Dev
	return d, err
}

// missing is a Dir whose place is empty: only its store vouches for it.
func missing(d Dir) (Dir, error) {
	if !vouched(d) {
		return Dir{}, fault.Refuse(fmt.Errorf("%s does not exist", d.path), "Name the directory as the running process does.")
	}
	return d, nil
}

// system are folders that belong to the machine; data directories lie below some of them, and none is one.
var system = []string{
	"/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc", "/root", "/run", "/sbin",
	"/srv", "/sys", "/tmp", "/usr", "/usr/local", "/usr/share", "/var", "/var/lib", "/var/log", "/var/cache", "/var/tmp",
}

func refusePlace(path string, o ProveOptions) error {
	if slices.Contains(system, path) {
		return fault.Refuse(fmt.Errorf("%s is a folder of the system, not a data directory", path), "")
	}
	for _, below := range []string{"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys"} {
		if within(path, below) {
			return fault.Refuse(fmt.Errorf("%s is a folder of the system, not a data directory", path), "")
		}
	}
	if user := homeOf(path, o.Passwd); user != "" {
		return fault.Refuse(fmt.Errorf("%s is the home of %s", path, user), "Move the data to a folder of its own.")
	}
	for _, other := range o.Others {
		if real, err := filepath.EvalSymlinks(other); err == nil {
			other = real
		}
		if within(path, other) || within(other, path) {
			return fault.Refuse(fmt.Errorf("%s overlaps %s, which belongs to something else", path, other),
				"Give each component a folder of its own, or work on it by hand.")
		}
	}
	return nil
}

// within says that path is folder or lies below it.
func within(path, folder string) bool {
	folder = filepath.Clean(folder)
	return path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
}

// homeOf names the user whose home a folder is. A service's user whose home is its own data folder is no person: its shell
// is nologin or false (Debian's prometheus has /var/lib/prometheus).
func homeOf(path, passwd string) string {
	if passwd == "" {
		passwd = "/etc/passwd"
	}
	text, err := os.ReadFile(passwd)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		w := strings.Split(strings.TrimSpace(line), ":")
		if len(w) < 7 || w[5] == "" || strings.HasSuffix(w[6], "nologin") || strings.HasSuffix(w[6], "false") {
			continue
		}
		home := filepath.Clean(w[5])
		if real, err := filepath.EvalSymlinks(home); err == nil {
			home = real
		}
		if home == path {
			return w[0]
		}
	}
	return ""
}
