package ssh

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/monctl/monctl/fleet"
	"github.com/monctl/monctl/fleet/fault"
	xssh "golang.org/x/crypto/ssh"
)

// relayScript connects its streams with $1:$2. It says + on standard output once connected, or why not on standard error.
// When either side closes, kill 0 ends the copy in the other direction, which would wait for ever.
const relayScript = `export LC_ALL=C
if command -v bash >/dev/null; then exec bash -c 'exec 3<>"/dev/tcp/$1/$2" || exit; exec 4<&0; echo +; { cat <&4 >&3; kill 0; } & cat <&3; kill 0' bash "$1" "$2"; fi
if command -v socat >/dev/null; then echo +; exec socat STDIO "TCP:$1:$2"; fi
for nc in nc ncat; do if command -v "$nc" >/dev/null; then echo +; exec "$nc" "$1" "$2"; fi; done
echo monctl: no bash, socat or nc >&2`

// relay does what a direct-tcpip channel would, with a second exec, for servers that forbid forwarding.
func (c *client) relay(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("dial %s from the host: %w", addr, err)
	}
	session, err := c.NewSession()
	if err != nil {
		return nil, fmt.Errorf("dial %s from the host: %w: %w", addr, ErrForwarding, sessionRefused(err))
	}
	stop := context.AfterFunc(ctx, func() { _ = session.Close() })
	defer stop()
	r, err := startRelay(session, host, port)
	if err == nil {
		err = r.connected(network, addr)
	}
	if err != nil {
		_ = session.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("dial %s from the host: %w", addr, ctx.Err())
		}
		return nil, err
	}
	return withDeadlines(r, addr), nil
}

// relayed is a running relayScript.
type relayed struct {
	session *xssh.Session
	io.Writer
	io.Reader
	stderr io.Reader
}

func startRelay(session *xssh.Session, host, port string) (r *relayed, err error) {
	r = &relayed{session: session}
	if r.Writer, err = session.StdinPipe(); err != nil {
		return nil, err
	}
	if r.Reader, err = session.StdoutPipe(); err != nil {
		return nil, err
	}
	if r.stderr, err = session.StderrPipe(); err != nil {
		return nil, err
	}
	return r, session.Start("exec " + fleet.QuoteAll("sh", "-c", relayScript, "monctl", host, port))
}

func (r *relayed) connected(network, addr string) error {
	var plus [2]byte
	if _, err := io.ReadFull(r.Reader, plus[:]); err == nil && plus[0] == '+' {
		go func() { _, _ = io.Copy(io.Discard, r.stderr) }()
		return nil
	}
	said, _ := io.ReadAll(io.LimitReader(r.stderr, 4<<10))
	err := forwardFailed(network, addr, &xssh.OpenChannelError{Reason: xssh.ConnectionFailed, Message: string(said)})
	return fault.With(err, "If the address is right: sshd forbids TCP forwarding, so that bash or nc is used on the host; "+
		"set AllowTcpForwarding local in sshd_config.")
}

// Close ends the session, and with it the script.
func (r *relayed) Close() error { return r.session.Close() }
