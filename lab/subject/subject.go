// Package subject gives the monctl that the lab's tests run.
package subject

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Binary is the environment variable that names a monctl to test, as make build leaves it: the one for arm64, which it sends to such
// hosts, lies beside it as monctl-linux-arm64. make hosts sets it, so that what is released is what is tested.
const Binary = "MONCTL_BINARY"

// Monctl returns the path of the monctl that [Binary] names. Without one it builds both into dir, with inlining, which is not how
// releases are built.
func Monctl(ctx context.Context, dir string) (string, error) {
	if given := os.Getenv(Binary); given != "" {
		if _, err := os.Stat(given); err != nil {
			return "", fmt.Errorf("%s: %w; run make build", Binary, err)
		}
		return given, nil
	}
	path := filepath.Join(dir, "monctl")
	for arch, out := range map[string]string{runtime.GOARCH: path, "arm64": filepath.Join(dir, "monctl-linux-arm64")} {
		build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-ldflags=-s -w", "-o", out, "github.com/monctl/monctl/cmd/monctl")
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+arch) // static, as it is published: a test runs it on a host
		if said, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build monctl for %s: %w\n%s", arch, err, said)
		}
	}
	return path, nil
}
