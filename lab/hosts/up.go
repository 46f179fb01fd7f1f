package hosts

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/monctl/monctl/lab/apt"
	"github.com/monctl/monctl/lab/extras"
	"github.com/monctl/monctl/lab/roots"
)

// Up brings the lab to what the options say and returns when all hosts answer.
// Hosts that run already are left alone, dead ones are made anew, missing ones
// are added; a lab is never made smaller. After an error, what there is can be
// removed with [Down].
func Up(ctx context.Context, options Options) (*Lab, error) {
	o, err := options.complete()
	if err != nil {
		return nil, err
	}
	release, err := hold(ctx, o.Cache, o.Name)
	if err != nil {
		return nil, fmt.Errorf("lab %s: up: %w", o.Name, err)
	}
	defer release()
	if err := prepare(ctx, o); err != nil {
		return nil, fmt.Errorf("lab %s: up: %w", o.Name, err)
	}
	l, err := openOrMake(ctx, o)
	if err != nil {
		return nil, err
	}
	fresh := l.plan(o)
	if len(fresh) == 0 {
		return l, l.wait(ctx)
	}
	if err := l.add(ctx, o, fresh); err != nil {
		return nil, err
	}
	return l, l.wait(ctx)
}

// prepare installs the programs that hosts are made with.
func prepare(ctx context.Context, o Options) error {
	packages := []string{"systemd-container", "debootstrap", "iproute2", "util-linux", "openssh-client"}
	if o.ARM64 > 0 {
		packages = append(packages, "qemu-user-static", "binfmt-support")
	}
	if err := apt.Install(ctx, packages...); err != nil {
		return err
	}
	if o.ARM64 > 0 {
		return roots.Emulate(ctx)
	}
	return nil
}

func openOrMake(ctx context.Context, o Options) (*Lab, error) {
	l, err := Open(o.Cache, o.Name)
	if err == nil && !linkExists(l.Bridge) { // the machine was started anew since
		if err := l.remove(ctx); err != nil {
			return nil, err
		}
		err = ErrNoLab
	}
	if !errors.Is(err, ErrNoLab) {
		return l, err
	}
	l = &Lab{Name: o.Name, Password: rand.Text(), dir: labDir(o.Cache, o.Name)}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return nil, fmt.Errorf("lab %s: up: %w", o.Name, err)
	}
	return l, l.openBridge(ctx, o.Subnet)
}

// plan lists the hosts that are to be made, and enters them into the lab.
func (l *Lab) plan(o Options) []*Host {
	groups := []struct {
		letter, arch string
		count, base  int // base is the last byte of the address before the first
		kind         Kind
	}{
		{"h", "amd64", o.AMD64, 10, Systemd},
		{"a", "arm64", o.ARM64, 110, Systemd},
		{"p", "amd64", o.Plain, 200, Plain},
	}
	var fresh []*Host
	for _, group := range groups {
		for i := 1; i <= group.count; i++ {
			h := &Host{
				Name: fmt.Sprintf("%s%d", group.letter, i), Arch: group.arch, Kind: group.kind, DiskMB: o.DiskMB,
				Address: fmt.Sprintf("10.231.%d.%d", l.Subnet, group.base+i),
			}
			if h, dead := l.enter(h); dead {
				fresh = append(fresh, h)
			}
		}
	}
	return fresh
}

// enter puts a host into the lab unless one of its name is there. It returns
// the one that is, and whether that has to be started.
func (l *Lab) enter(h *Host) (*Host, bool) {
	if known, err := l.Host(h.Name); err == nil {
		return known, !known.Alive()
	}
	h.lab, h.Machine = l, l.Bridge+"-"+h.Name
	l.Hosts = append(l.Hosts, h)
	return h, true
}

// add makes the hosts, all at once, and the files that ssh needs to reach them.
func (l *Lab) add(ctx context.Context, o Options, fresh []*Host) error {
	lower, err := l.roots(ctx, o, fresh)
	if err != nil {
		return fmt.Errorf("lab %s: up: %w", l.Name, err)
	}
	if err := l.save(); err != nil {
		return err
	}
	s, err := l.seed(ctx, o.Cache)
	if err != nil {
		return fmt.Errorf("lab %s: up: %w", l.Name, err)
	}
	err = each(fresh, func(h *Host) error {
		o.Log(fmt.Sprintf("%s %s %s: booting", h.Name, h.Address, h.Arch))
		return h.start(ctx, lower[h.Arch], s)
	})
	if err != nil {
		return err
	}
	return l.writeSSHFiles()
}

func (l *Lab) seed(ctx context.Context, cache string) (seed, error) {
	if err := l.ensureKey(); err != nil {
		return seed{}, err
	}
	public, err := os.ReadFile(l.Key() + ".pub")
	if err != nil {
		return seed{}, err
	}
	beside, err := extras.Templates(ctx, cache)
	if err != nil {
		return seed{}, err
	}
	hash, err := crypt(ctx, l.Password)
	return seed{authorized: public, patHash: hash, hosts: l.hostsFile(), extras: beside}, err
}

// roots builds what the hosts need, both architectures at the same time.
func (l *Lab) roots(ctx context.Context, o Options, fresh []*Host) (map[string]string, error) {
	lower := map[string]string{}
	for _, h := range fresh {
		lower[h.Arch] = ""
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	var all error
	for arch := range lower {
		group.Go(func() {
			o.Log(fmt.Sprintf("root %s: taken from the cache, or built there in some minutes", arch))
			dir, err := roots.Ensure(ctx, o.Cache, arch)
			mu.Lock()
			defer mu.Unlock()
			lower[arch], all = dir, errors.Join(all, err)
		})
	}
	group.Wait()
	return lower, all
}

// start makes one host from nothing; remains of an earlier one are removed first.
func (h *Host) start(ctx context.Context, lower string, s seed) error {
	steps := []func() error{
		func() error { return h.remove(ctx) },
		func() error { return h.mount(ctx, lower) },
		func() error { return h.write(ctx, s) },
		func() error { return h.connect(ctx) },
		h.boot,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("lab %s: %s: %w", h.lab.Name, h.Name, err)
		}
	}
	return nil
}

func (l *Lab) wait(ctx context.Context) error {
	return each(l.Hosts, func(h *Host) error { return h.Wait(ctx) })
}

// each runs a function for all hosts at once and joins the errors.
func each(hosts []*Host, do func(*Host) error) error {
	errs := make([]error, len(hosts))
	var group sync.WaitGroup
	for i, h := range hosts {
		group.Go(func() { errs[i] = do(h) })
	}
	group.Wait()
	return errors.Join(errs...)
}
