package self

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	"github.com/monctl/monctl/templates"
)

// Folder is where monctl lies on hosts: below it one folder per program, named by its sha256.
const Folder = "/var/lib/monctl/bin"

//go:embed receive.sh
var receiveScript string

// Send brings the program into a folder of the host (Folder, but for tests) and gives its path there. What is there
// already is hashed again and not sent. Only the two newest programs are kept. progress may be nil.
func (p Program) Send(ctx context.Context, conn fleet.Conn, host, folder string, progress func(sent, total int64)) (string, error) {
	there := path.Join(folder, p.SHA256, "monctl")
	res, err := conn.Run(ctx, fleet.Cmd{Script: p.script(folder, "has")})
	if err != nil {
		return "", fmt.Errorf("%s: look for monctl: %w", host, err)
	}
	if res.Exit == 0 {
		return there, nil
	}
	payload, err := p.Pack()
	if err != nil {
		return "", err
	}
	f, err := os.Open(payload.Path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sent := func(n int64) {
		if progress != nil {
			progress(n, payload.Size)
		}
	}
	res, err = conn.Run(ctx, fleet.Cmd{Script: p.script(folder, "receive"), Stdin: f, Size: payload.Size, OnSent: sent})
	switch said := strings.TrimSpace(res.Stderr); {
	case err != nil:
		return "", fault.With(fmt.Errorf("%s: send monctl: %w", host, err), "Nothing was changed. Run again.")
	case res.Exit != 0:
		return "", fault.With(fmt.Errorf("%s: send monctl: %s", host, said), "%s", remedies[res.Exit])
	}
	return there, nil
}

// remedies of the exit statuses of receive.sh.
var remedies = map[int]string{
	73: "Nothing was changed. Make /var/lib writable, and free space on it, then run again.",
	74: "Nothing was changed. Free space under /var/lib, then run again.",
	75: "Nothing was changed. Run again; if it repeats, look at the disk and memory of the host.",
	76: "Nothing was changed. Mount /var/lib so that programs may be started from it (without noexec), or look at what the host says.",
}

func (p Program) script(folder, do string) string {
	return fmt.Sprintf("folder=%s sum=%s machine=%s\n%s\n%s\n", fleet.Quote(folder), fleet.Quote(p.SHA256), fleet.Quote(elfMachine[p.Arch]), receiveScript, do)
}

// elfMachine is the e_machine field as od prints its two little-endian bytes (ELF gABI, figure 4-4).
var elfMachine = map[templates.Arch]string{templates.AMD64: "3e00", templates.ARM64: "b700", templates.ARMv7: "2800"}

// Remove takes every monctl out of a folder of the host.
func Remove(ctx context.Context, conn fleet.Conn, folder string) error {
	res, err := conn.Run(ctx, fleet.Cmd{Script: fmt.Sprintf("folder=%s\n%s\nremove\n", fleet.Quote(folder), receiveScript)})
	if err == nil && res.Exit != 0 {
		err = fmt.Errorf("remove monctl from the host: %s", strings.TrimSpace(res.Stderr))
	}
	return err
}
