package inventory

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// The words that end up in host names, unit files, labels and URLs: nothing a shell or a terminal would act on.
var (
	nameRE  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$`)
	userRE  = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._@\\+-]{0,254}\$?$`)
	hostRE  = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9._-]{0,252}[A-Za-z0-9_])?\.?$`)
	labelRE = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

const nameRule = "letters, digits, dot, underscore and dash, not a dash first, at most 63"

// target is [user@]host[:port].
type target struct {
	user, host string
	port       int // 0 when not given
}

// parseTarget reads "[user@]host[:port]". An IPv6 address with a port stands in brackets, one without may.
func parseTarget(s string) (target, error) {
	var t target
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		t.user, s = s[:at], s[at+1:]
		if err := checkUser(t.user); err != nil {
			return target{}, err
		}
	}
	host, port, err := splitPort(s)
	if err != nil {
		return target{}, err
	}
	if t.host = host; port != "" {
		if t.port, err = strconv.Atoi(port); err != nil || t.port < 1 || t.port > 65535 {
			return target{}, fmt.Errorf("port %q: want a whole number from 1 to 65535", port)
		}
	}
	return t, checkAddress(host)
}

func splitPort(s string) (host, port string, err error) {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		host, rest, closed := strings.Cut(inner, "]")
		if port, isPort := strings.CutPrefix(rest, ":"); closed && (rest == "" || isPort && port != "") {
			return host, port, nil
		}
		return "", "", fmt.Errorf("address %q: want [IPv6]:port", s)
	}
	if strings.Count(s, ":") > 1 {
		if _, err := netip.ParseAddr(s); err != nil {
			return "", "", fmt.Errorf("address %q: want host:port, or [IPv6]:port", s)
		}
		return s, "", nil
	}
	host, port, colon := strings.Cut(s, ":")
	if colon && port == "" {
		return "", "", fmt.Errorf("address %q: no port after the colon", s)
	}
	return host, port, nil
}

func checkAddress(host string) error {
	if host == "" {
		return errors.New("address is empty")
	}
	if _, err := netip.ParseAddr(host); err == nil || hostRE.MatchString(host) {
		return nil
	}
	return fmt.Errorf("address %q: want a host name or an IP address", host)
}

func checkUser(user string) error {
	if userRE.MatchString(user) {
		return nil
	}
	return fmt.Errorf("user %q: want a login name", user)
}

func checkName(name string) error {
	if name == "all" {
		return errors.New(`name "all" is taken: it means every host`)
	}
	if nameRE.MatchString(name) {
		return nil
	}
	return fmt.Errorf("name %q: want %s", name, nameRule)
}

// checkJump reads a comma separated list of [user@]host[:port], or "none" as ssh_config has it.
func checkJump(jump string) error {
	if jump == "none" {
		return nil
	}
	for hop := range strings.SplitSeq(jump, ",") {
		if _, err := parseTarget(strings.TrimSpace(hop)); err != nil {
			return err
		}
	}
	return nil
}
