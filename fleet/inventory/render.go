package inventory

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/monctl/monctl/fleet"
)

// Probed is a host for Render with a few words for its comment.
type Probed struct {
	Host fleet.Host
	Note string // "Debian 12, arm64, 2.0 GiB free, clock ok"
}

// Render writes a commented file for hosts and what they run, which Load reads back. A login that all hosts share
// becomes a default, and a component that all of them run says so once.
func Render(hosts []Probed, assignments []Assignment) []byte {
	r := renderer{shared: sharedLogin(hosts), everywhere: map[string]bool{}}
	for _, a := range assignments {
		r.everywhere[a.Component] = len(hosts) > 1 && len(a.Hosts) == len(hosts)
	}
	r.line("# yaml-language-server: $schema="+SchemaURL, "")
	r.line("# What runs where. monctl plan shows what would change; monctl install makes it so, and proves it.", "")
	r.line("# A password can stay elsewhere: {env: NAME} or {file: PATH}.", "")
	r.defaults()
	r.line("", "")
	r.line("hosts:", "")
	for _, h := range hosts {
		r.host(h, assignments)
	}
	r.components(assignments)
	r.rest()
	return r.out.Bytes()
}

type renderer struct {
	out        bytes.Buffer
	shared     fleet.Host // what goes to the defaults
	everywhere map[string]bool
}

const commentColumn = 40

// line writes a line with a comment that begins in the same column where there is room.
func (r *renderer) line(text, comment string) {
	r.out.WriteString(text)
	if comment = strings.TrimSpace(printable(comment)); comment != "" {
		r.out.WriteString(strings.Repeat(" ", max(commentColumn-utf8.RuneCountInString(text), 2)) + "# " + comment)
	}
	r.out.WriteByte('\n')
}

// knob writes a key with its value, or its example commented out.
func (r *renderer) knob(key, value, example, comment string) {
	if value == "" {
		r.line("  # "+key+": "+example, comment)
		return
	}
	r.line("  "+key+": "+value, comment)
}

func (r *renderer) defaults() {
	s := r.shared
	r.line("", "")
	r.line("defaults:", "for every host; what a host says itself wins")
	r.knob("user", word(s.User), "ubuntu", "left out: ssh_config, then the current user")
	r.knob("port", portText(s.Port), "22", "")
	r.knob("key", keyList(s.Keys), "~/.ssh/id_ed25519", "or a list; left out: the agent, then ssh_config")
	r.knob("jump", word(s.Jump), "ops@bastion:22", "by way of another host")
	r.line("  sudo: "+or(string(s.Sudo), string(fleet.SudoAuto)), "never: the login is root already")
}

func (r *renderer) host(p Probed, assignments []Assignment) {
	h := p.Host
	var runs []string
	for _, a := range assignments {
		if slices.Contains(a.Hosts, h.Name) && !r.everywhere[a.Component] {
			runs = append(runs, word(a.Component))
		}
	}
	own := r.own(h)
	if len(runs) == 0 && len(own) == 0 {
		r.line("  "+word(h.Name)+": "+word(h.Address), p.Note)
		return
	}
	r.line("  "+word(h.Name)+":", p.Note)
	r.line("    address: "+word(h.Address), "")
	for _, line := range own {
		r.line("    "+line, "")
	}
	if len(runs) > 0 {
		r.line("    components: ["+strings.Join(runs, ", ")+"]", "")
	}
}

// own gives what a host does not share with the others.
func (r *renderer) own(h fleet.Host) []string {
	var out []string
	add := func(key, value, shared string) {
		if value != "" && value != shared {
			out = append(out, key+": "+value)
		}
	}
	if !h.Local {
		add("user", word(h.User), word(r.shared.User))
		add("port", portText(h.Port), portText(r.shared.Port))
		add("key", keyList(h.Keys), keyList(r.shared.Keys))
		add("jump", word(h.Jump), word(r.shared.Jump))
	}
	add("sudo", word(string(h.Sudo)), or(string(r.shared.Sudo), string(fleet.SudoAuto)))
	return out
}

func (r *renderer) components(assignments []Assignment) {
	r.line("", "")
	r.line("components:", "versions and settings: monctl catalog COMPONENT")
	for _, a := range assignments {
		if r.everywhere[a.Component] {
			r.line("  "+word(a.Component)+": {hosts: all}", "")
		} else {
			r.line("  "+word(a.Component)+": {}", "")
		}
	}
	r.line("  # prometheus: {version: lts}", "latest, lts or exact; left out: newest with known checksum")
}

func (r *renderer) rest() {
	r.line("", "")
	r.line("# fetch: controller", "who downloads: controller (once) or host (each)")
	r.line("# mirror: https://mirror.example", "instead of the upstream download sites")
	r.line("# fallback: ask", "when Prometheus cannot be had: ask for, auto-take or never take the bundled monitor")
	r.line("# parallel: "+strconv.Itoa(fleet.DefaultParallel), "hosts worked on at once")
	r.line("# catalog: ./ours", "folder with components of your own")
}

// sharedLogin has the fields in which all hosts that are reached by SSH agree.
func sharedLogin(hosts []Probed) fleet.Host {
	var shared fleet.Host
	first := true
	for _, p := range hosts {
		h := p.Host
		if h.Local {
			continue
		}
		if first {
			shared, first = h, false
			continue
		}
		if h.User != shared.User {
			shared.User = ""
		}
		if h.Port != shared.Port {
			shared.Port = 0
		}
		if !slices.Equal(h.Keys, shared.Keys) {
			shared.Keys = nil
		}
		if h.Jump != shared.Jump {
			shared.Jump = ""
		}
		if h.Sudo != shared.Sudo {
			shared.Sudo = ""
		}
	}
	return shared
}

func portText(port int) string {
	if port == 0 {
		return ""
	}
	return strconv.Itoa(port)
}

func keyList(keys []string) string {
	var words []string
	home, _ := os.UserHomeDir()
	for _, k := range keys {
		if rest, ok := strings.CutPrefix(k, home+"/"); ok && home != "" {
			k = "~/" + rest
		}
		words = append(words, word(k))
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return "[" + strings.Join(words, ", ") + "]"
}

var (
	plainWord = regexp.MustCompile(`^(~/)?[A-Za-z0-9_/.][A-Za-z0-9_./@-]*(:[0-9]+)?$`)
	yamlWord  = regexp.MustCompile(`^(?i:null|true|false)$`)
)

// word gives YAML that reads back as s, in block and in flow style.
func word(s string) string {
	if s == "" || plainWord.MatchString(s) && !yamlWord.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}
