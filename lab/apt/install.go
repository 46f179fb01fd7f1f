package apt

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/monctl/monctl/lab/run"
)

// lockWait makes apt wait for another apt of this machine instead of failing.
const lockWait = "-oDPkg::Lock::Timeout=600"

// Install installs those of the packages that the machine lacks. It needs root.
func Install(ctx context.Context, packages ...string) error {
	missing := missing(ctx, packages)
	if len(missing) == 0 {
		return nil
	}
	if _, err := run.Output(ctx, "apt-get", "update", "-q"); err != nil {
		return fmt.Errorf("apt: update package lists: %w", err)
	}
	args := append([]string{"install", "-q", "-y", "--no-install-recommends", lockWait}, missing...)
	cmd := exec.CommandContext(ctx, "apt-get", args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if _, err := run.Finish(cmd); err != nil {
		return fmt.Errorf("apt: install %s: %w", strings.Join(missing, " "), err)
	}
	return nil
}

func missing(ctx context.Context, packages []string) []string {
	var out []string
	for _, name := range packages {
		status, err := run.Output(ctx, "dpkg-query", "-W", "-f=${db:Status-Status}", name)
		if err != nil || status != "installed" {
			out = append(out, name)
		}
	}
	return out
}
