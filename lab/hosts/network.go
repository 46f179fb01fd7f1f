package hosts

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"os"

	"github.com/monctl/monctl/lab/run"
)

// maxSubnet is the last third byte of the labs' addresses.
const maxSubnet = 250

func bridgeName(subnet int) string { return fmt.Sprintf("mlab-%d", subnet) }

// openBridge claims a subnet by making its bridge: the kernel lets only one
// process make a link of a name, so two labs never share one. The search for a
// free subnet starts at a number made from the lab's name, which keeps a lab's
// addresses the same from one run to the next.
func (l *Lab) openBridge(ctx context.Context, wanted int) error {
	first := wanted
	if first == 0 {
		hash := fnv.New32a()
		_, _ = hash.Write([]byte(l.Name))
		first = int(hash.Sum32() % maxSubnet)
	}
	for i := range maxSubnet {
		l.Subnet = (first+i-1+maxSubnet)%maxSubnet + 1
		l.Bridge = bridgeName(l.Subnet)
		_, err := run.Output(ctx, "ip", "link", "add", l.Bridge, "address", cardAddress(l.Gateway()), "type", "bridge")
		if err == nil {
			return l.configureBridge(ctx)
		}
		if !linkExists(l.Bridge) {
			return fmt.Errorf("lab %s: make bridge: %w", l.Name, err)
		}
		if wanted != 0 {
			return fmt.Errorf("lab %s: subnet %d: bridge %s is there already; choose another", l.Name, wanted, l.Bridge)
		}
	}
	return fmt.Errorf("lab %s: make bridge: all %d subnets are taken; take a lab down", l.Name, maxSubnet)
}

func (l *Lab) configureBridge(ctx context.Context) error {
	if err := l.save(); err != nil {
		return err
	}
	batch := fmt.Sprintf("addr add %s/24 dev %s\nlink set %s up\n", l.Gateway(), l.Bridge, l.Bridge)
	if _, err := run.Input(ctx, batch, "ip", "-batch", "-"); err != nil {
		return fmt.Errorf("lab %s: configure bridge: %w", l.Name, err)
	}
	return nil
}

// connect gives the host a network namespace with one card, eth0, on the bridge.
// The card's own address is made from the host's, so that a host made anew is
// found at once by neighbours that remember the old one.
func (h *Host) connect(ctx context.Context) error {
	batch := fmt.Sprintf(`netns add %[1]s
link add %[1]s type veth peer name eth0 address %[3]s netns %[1]s
link set %[1]s master %[2]s up
`, h.Machine, h.lab.Bridge, cardAddress(h.Address))
	if _, err := run.Input(ctx, batch, "ip", "-batch", "-"); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	batch = fmt.Sprintf("link set lo up\naddr add %s/24 dev eth0\nlink set eth0 up\nroute add default via %s\n", h.Address, h.lab.Gateway())
	if _, err := run.Input(ctx, batch, "ip", "-n", h.Machine, "-batch", "-"); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return nil
}

// cardAddress is a locally administered MAC address with the IPv4 address in it.
func cardAddress(address string) string {
	ip := net.ParseIP(address).To4()
	return net.HardwareAddr(append([]byte{0x02, 0x00}, ip...)).String()
}

// disconnect removes the link and the namespace; what is gone already is no error.
func (h *Host) disconnect(ctx context.Context) error {
	var all error
	if linkExists(h.Machine) {
		_, err := run.Output(ctx, "ip", "link", "del", h.Machine)
		all = errors.Join(all, err)
	}
	if _, err := os.Lstat("/run/netns/" + h.Machine); err == nil {
		_, err := run.Output(ctx, "ip", "netns", "del", h.Machine)
		all = errors.Join(all, err)
	}
	return all
}

func (l *Lab) closeBridge(ctx context.Context) error {
	if l.Bridge == "" || !linkExists(l.Bridge) {
		return nil
	}
	_, err := run.Output(ctx, "ip", "link", "del", l.Bridge)
	return err
}

func linkExists(name string) bool {
	_, err := net.InterfaceByName(name)
	return err == nil
}
