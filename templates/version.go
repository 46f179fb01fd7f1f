package templates

import (
	"cmp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// ValidVersion says whether v is a complete semantic version without a leading "v".
func ValidVersion(v string) bool {
	_, err := semver.StrictNewVersion(v)
	return err == nil && len(v) <= 64
}

// CompareVersions orders two valid versions, oldest first. Unlike semver it ranks build metadata: Grafana's
// 13.0.1+security-01 is newer than 13.0.1. Versions that are not valid come first, in text order.
func CompareVersions(a, b string) int {
	va, errA := semver.StrictNewVersion(a)
	vb, errB := semver.StrictNewVersion(b)
	switch {
	case errA != nil && errB != nil:
		return cmp.Compare(a, b)
	case errA != nil:
		return -1
	case errB != nil:
		return 1
	}
	if c := va.Compare(vb); c != 0 {
		return c
	}
	return compareMetadata(va.Metadata(), vb.Metadata())
}

// compareMetadata compares words and numbers one by one, so that security-10 follows security-9.
func compareMetadata(a, b string) int {
	words := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == '-' })
	}
	if c := slices.CompareFunc(words(a), words(b), compareWord); c != 0 {
		return c
	}
	return cmp.Compare(a, b)
}

func compareWord(a, b string) int {
	if !isNumber(a) || !isNumber(b) {
		return cmp.Compare(a, b)
	}
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if c := cmp.Compare(len(a), len(b)); c != 0 {
		return c
	}
	return cmp.Compare(a, b)
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// InLine says whether a version belongs to a line: 3.13.2 is in 3.13 and in 3; everything is in "".
func InLine(version, line string) bool {
	return line == "" || version == line || strings.HasPrefix(version, line+".")
}
