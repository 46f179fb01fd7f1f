package mirror

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/monctl/monctl/lab/run"
)

// cross are the settings for building a static program of an architecture.
func cross(a arch) []string {
	return append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOOS=linux", "GOARCH="+a.goarch, "GOARM="+a.goarm)
}

// buildOwn compiles a program of this module. The same source gives the same bytes.
func buildOwn(ctx context.Context, a arch, pkg, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", out, pkg)
	cmd.Env = cross(a)
	if _, err := run.Finish(cmd); err != nil {
		return fmt.Errorf("mirror: build %s: %w; the mirror must be built from within the source tree", pkg, err)
	}
	return nil
}

