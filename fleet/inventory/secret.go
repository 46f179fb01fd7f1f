package inventory

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/monctl/monctl/fleet/fault"
)

// Secret is a value, or where to find one. It prints as a placeholder or as its reference, never as the value.
type Secret struct {
	literal   *string // behind a pointer: fmt asks no methods of a Secret in an unexported field
	env, file string
}

const maxSecretSize = 64 << 10 // bytes

// Secret interprets a setting's value where a scalar is expected: a plain scalar, {env: NAME} or {file: PATH}. Only who
// reads the setting knows that a scalar is expected: {env: prod} is a fine set of labels elsewhere.
func (inv *Inventory) Secret(value any) (Secret, bool) {
	switch v := value.(type) {
	case string, int64, float64, bool:
		literal := fmt.Sprint(v)
		return Secret{literal: &literal}, true
	case map[string]any:
		if len(v) != 1 {
			return Secret{}, false
		}
		if name, ok := v["env"].(string); ok && name != "" {
			return Secret{env: name}, true
		}
		if path, ok := v["file"].(string); ok && path != "" {
			return Secret{file: resolvePath(inv.Dir, path)}, true
		}
	}
	return Secret{}, false
}

// String gives "{env: NAME}", "{file: PATH}" or "***".
func (s Secret) String() string {
	switch {
	case s.env != "":
		return "{env: " + s.env + "}"
	case s.file != "":
		return "{file: " + s.file + "}"
	}
	return mask
}

// Format keeps every verb of fmt, %#v among them, from printing the value.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText keeps JSON and YAML from printing the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Resolve gives the value: the environment variable, or the file without trailing newlines. A variable that is not set,
// a file that is not there, and one that everybody on this machine may read are errors.
func (s Secret) Resolve() (string, error) {
	switch {
	case s.env != "":
		value, ok := os.LookupEnv(s.env)
		if !ok {
			return "", fault.Misuse(fmt.Errorf("%s: environment variable is not set", s), "export %s=…", s.env)
		}
		return value, nil
	case s.file != "":
		return readSecret(s.file)
	case s.literal != nil:
		return *s.literal, nil
	}
	return "", nil
}

func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fault.Misuse(fmt.Errorf("secret: %w", err), "")
	}
	switch {
	case !info.Mode().IsRegular():
		err = fmt.Errorf("secret: %s: not a regular file", path)
	case info.Mode().Perm()&0o004 != 0:
		return "", fault.Misuse(fmt.Errorf("secret: %s: everybody may read it", path), "chmod o-rwx %s", path)
	case info.Size() > maxSecretSize:
		err = fmt.Errorf("secret: %s: larger than %d KiB", path, maxSecretSize>>10)
	}
	if err != nil {
		return "", fault.Misuse(err, "")
	}
	value, err := os.ReadFile(path)
	if err != nil {
		return "", fault.Misuse(fmt.Errorf("secret: %w", err), "")
	}
	return strings.TrimRight(string(value), "\r\n"), nil
}

// resolvePath makes a path of the inventory absolute or relative to this process: ~/ is the home folder, and a relative
// path starts at the inventory's folder.
func resolvePath(dir, path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}
