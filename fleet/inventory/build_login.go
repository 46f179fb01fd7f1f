package inventory

import "github.com/monctl/monctl/fleet"

func (b *builder) login(path string, l *login) {
	if l.User.Value != "" {
		if err := checkUser(l.User.Value); err != nil {
			b.invalid(l.User, path+".user", err)
		}
	}
	if l.Jump.Value != "" {
		if err := checkJump(l.Jump.Value); err != nil {
			b.invalid(l.Jump, path+".jump", err)
		}
	}
	if l.Port.pos.Line > 0 {
		b.inRange(path+".port", l.Port, 1, 65535)
	}
	b.oneOf(path+".sudo", l.Sudo, string(fleet.SudoAuto), string(fleet.SudoNever))
	if len(l.Key) > 0 && len(l.Keys) > 0 {
		b.fail(l.Keys[0].pos, path+".keys", "`key` is given too: keep one of them")
	}
	l.Key = append(l.Key, l.Keys...)
}

func (l *login) over(defaults login) {
	if l.User.Value == "" {
		l.User = defaults.User
	}
	if l.Port.Value == 0 {
		l.Port = defaults.Port
	}
	if len(l.Key) == 0 {
		l.Key = defaults.Key
	}
	if l.Jump.Value == "" {
		l.Jump = defaults.Jump
	}
	if l.Sudo.Value == "" {
		l.Sudo = defaults.Sudo
	}
}

func (b *builder) keys(l login) []string {
	var out []string
	for _, k := range l.Key {
		if k.Value != "" {
			out = append(out, resolvePath(b.inv.Dir, k.Value))
		}
	}
	return out
}
