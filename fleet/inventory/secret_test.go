package inventory

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestSecret(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
	}
	write("good", "hunter2\r\n\n", 0o640)
	write("open", "hunter2", 0o644)
	write("big", strings.Repeat("x", maxSecretSize+1), 0o600)
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MONCTL_TEST_SECRET", "hunter2")
	inv := &Inventory{Dir: dir}
	for _, c := range []struct {
		value         any
		want, failure string
	}{
		{"hunter2", "hunter2", ""},
		{int64(5), "5", ""},
		{true, "true", ""},
		{map[string]any{"env": "MONCTL_TEST_SECRET"}, "hunter2", ""},
		{map[string]any{"file": "good"}, "hunter2", ""},
		{map[string]any{"file": filepath.Join(dir, "good")}, "hunter2", ""},
		{map[string]any{"env": "MONCTL_TEST_UNSET"}, "", "{env: MONCTL_TEST_UNSET}: environment variable is not set"},
		{map[string]any{"file": "missing"}, "", "no such file"},
		{map[string]any{"file": "open"}, "", "everybody may read it"},
		{map[string]any{"file": "big"}, "", "larger than 64 KiB"},
		{map[string]any{"file": "pipe"}, "", "not a regular file"},
		{map[string]any{"file": "."}, "", "not a regular file"},
	} {
		secret, ok := inv.Secret(c.value)
		if !ok {
			t.Errorf("%v is no secret", c.value)
		}
		have, err := secret.Resolve()
		if have != c.want || (err == nil) != (c.failure == "") || err != nil && !strings.Contains(err.Error(), c.failure) {
			t.Errorf("%v: have %q, %v", c.value, have, err)
		}
	}
	for _, value := range []any{nil, []any{"x"}, map[string]any{}, map[string]any{"env": "A", "file": "b"}, map[string]any{"env": int64(1)}, map[string]any{"x": "y"}} {
		if s, ok := inv.Secret(value); ok {
			t.Errorf("%v became the secret %v", value, s)
		}
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	s, _ := (&Inventory{}).Secret("hunter2")
	raw, err := json.Marshal(map[string]any{"s": s, "p": &s})
	if err != nil {
		t.Fatal(err)
	}
	shown := string(raw)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown += fmt.Sprintf(verb, s) + fmt.Sprintf(verb, &s) + fmt.Sprintf(verb, struct{ s Secret }{s})
	}
	if strings.Contains(shown, "hunter2") || strings.Contains(shown, fmt.Sprintf("%x", "hunter2")) {
		t.Errorf("the secret is shown: %s", shown)
	}
}
