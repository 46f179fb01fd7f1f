package sshconfig

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// match evaluates the criteria of a Match line; all must hold.
func (r *resolver) match(words []string) (bool, error) {
	holds := true
	for i := 0; i < len(words); i++ {
		criterion, value, inline := strings.Cut(words[i], "=")
		name := strings.ToLower(strings.TrimPrefix(criterion, "!"))
		switch name {
		case "all", "canonical", "final":
		default:
			if !inline {
				if i++; i >= len(words) {
					return false, fmt.Errorf("Match %s needs a value", name) //nolint:staticcheck // the keyword as ssh_config has it
				}
				value = words[i]
			}
		}
		ok, err := r.criterion(name, value, holds)
		if err != nil {
			return false, err
		}
		holds = holds && ok != strings.HasPrefix(criterion, "!")
	}
	return holds, nil
}

// criterion evaluates one. sofar says whether those before it hold: only then may a command be run.
func (r *resolver) criterion(name, value string, sofar bool) (bool, error) {
	switch name {
	case "all":
		return true, nil
	case "final":
		r.wantFinal = true
		return r.final, nil
	case "canonical":
		return r.final, nil
	case "host":
		return matchList(r.HostName(), strings.Split(strings.ToLower(value), ",")), nil
	case "originalhost":
		return matchList(strings.ToLower(r.query.Host), strings.Split(strings.ToLower(value), ",")), nil
	case "user":
		return matchList(r.User(), strings.Split(value, ",")), nil
	case "localuser":
		return matchList(localUser(), strings.Split(value, ",")), nil
	case "exec":
		return sofar && r.run(value), nil
	case "tagged":
		return matchList(r.Get("tag"), strings.Split(value, ",")), nil
	case "localnetwork", "version", "sessiontype", "command":
		return false, nil
	}
	return false, fmt.Errorf("Match has no criterion %q", name) //nolint:staticcheck // the keyword as ssh_config has it
}

// run is Match exec: true when the command succeeds. The file is the user's own, and ssh runs it all the same.
func (r *resolver) run(command string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return exec.CommandContext(ctx, "sh", "-c", r.Expand(command)).Run() == nil
}

// matchList says whether any pattern matches and no negated one does. Case counts.
func matchList(s string, patterns []string) bool {
	matched := false
	for _, p := range patterns {
		negated := strings.HasPrefix(p, "!")
		if !wildcard(strings.TrimPrefix(p, "!"), s) {
			continue
		}
		if negated {
			return false
		}
		matched = true
	}
	return matched
}

// wildcard matches * and ?, nothing else. It is linear in practice: only the last star is ever tried again.
func wildcard(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
