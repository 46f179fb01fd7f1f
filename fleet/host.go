// Package fleet is about machines: which they are, how a script is run on one of them and on many at once,
// what a host should look like (resources), how that is compared with what is there (look), changed (apply)
// and undone (journal). It knows nothing of Prometheus or of any other component.
package fleet

// Host says which machine is meant and how to reach it. It is plain data: a connection, facts and plans are
// values of their own that refer to a host by its name.
type Host struct {
	Name    string // unique in the inventory; the stable identity in output, labels and the lock file
	Address string // host name, ssh_config alias or IP for SSH; "localhost" with Local set needs no SSH
	Local   bool   // run commands on this machine, without SSH
	User    string // login name; "" leaves it to ssh_config, then to the current user
	Port    int    // TCP port of sshd; 0 leaves it to ssh_config, then to 22
	Keys    []string
	Jump    string // jump host as [user@]host[:port], comma separated for several; "" leaves it to ssh_config
	Sudo    Sudo
}

// Sudo says how a script becomes root on a host.
type Sudo string

// The ways to become root. SudoAuto needs nothing for a root login and sudo without password otherwise,
// and asks for the password only when sudo wants one.
const (
	SudoAuto  Sudo = "auto"
	SudoNever Sudo = "never" // the login is root already, or root is not needed
)
