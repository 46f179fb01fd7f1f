package archive

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

func walkZip(ctx context.Context, f *os.File, want Want, see visit) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return fmt.Errorf("is no zip file, or truncated: %w", err)
	}
	for _, member := range z.File {
		if err := seeZip(ctx, member, want, see); err != nil {
			return broken(err)
		}
	}
	return nil
}

func seeZip(ctx context.Context, member *zip.File, want Want, see visit) error {
	e := entry{name: member.Name, mode: member.Mode(), size: int64(member.UncompressedSize64)}
	var err error
	if e.path, err = clean(member.Name); err != nil {
		return err
	}
	if want.Member != "" && e.path == want.Member {
		e.name, e.path = want.Binaries[0], want.Binaries[0]
	}
	switch {
	case member.Flags&1 != 0:
		return fmt.Errorf("%q is encrypted", e.path)
	case e.mode&(fs.ModeSetuid|fs.ModeSetgid) != 0:
		return fmt.Errorf("%q would run with another user's rights", e.path)
	}
	r, err := member.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	content := &interruptible{ctx, r}
	switch e.mode.Type() {
	case 0, fs.ModeDir:
		return see(e, content)
	case fs.ModeSymlink:
		target, err := io.ReadAll(io.LimitReader(content, 4096))
		if e.link = string(target); err == nil && (e.link == "" || strings.ContainsRune(e.link, 0)) {
			err = fmt.Errorf("link %q leads nowhere", e.path)
		}
		if err != nil {
			return err
		}
		return see(e, content)
	default:
		return fmt.Errorf("%q is a device or another special file", e.path)
	}
}
