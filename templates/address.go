package templates

import (
	"net/url"
	"strings"
)

// Ships says whether upstream publishes a file that runs on arch.
func (r Release) Ships(arch Arch) bool { return r.token(arch) != "" }

func (r Release) token(arch Arch) string {
	if t := r.Archs[arch]; t != "" {
		return t
	}
	return r.Archs[Any]
}

// FileName gives the name of the file of a version; build is "" except for Grafana.
func (r Release) FileName(version, build string, arch Arch) string {
	return r.fill(r.File, version, build, arch)
}

// MemberName gives the name of the zip's member that becomes the only binary; "" when names are kept.
func (r Release) MemberName(version, build string, arch Arch) string {
	return r.fill(r.Member, version, build, arch)
}

// TagName gives the git tag of a version, "v3.15.0".
func (r Release) TagName(version string) string { return r.fill(r.Tag, version, "", Any) }

// VersionOf takes the version out of a git tag; "" when the tag is not one of this component's.
func (r Release) VersionOf(tag string) string {
	before, after, found := strings.Cut(r.Tag, "{version}")
	if !found || !strings.HasPrefix(tag, before) || !strings.HasSuffix(tag, after) || len(tag) < len(before)+len(after) {
		return ""
	}
	version := tag[len(before) : len(tag)-len(after)]
	if !ValidVersion(version) {
		return ""
	}
	return version
}

// FileURL gives upstream's own address of a file. Grafana files without a build id are those of the years
// before build ids, at their old address.
func (r Release) FileURL(version, build, file string) string {
	return r.folder(version, build) + escape(file)
}

// SumsURL gives upstream's address of the checksum file that lists file; "" when there is none.
func (r Release) SumsURL(version, build, file string) string {
	if r.Sums == "" {
		return ""
	}
	name := strings.ReplaceAll(r.fill(r.Sums, version, build, Any), "{file}", file)
	return r.folder(version, build) + escape(name)
}

func (r Release) folder(version, build string) string {
	switch r.Source {
	case GitHub:
		return "https://github.com/" + r.Repo + "/releases/download/" + escape(r.TagName(version)) + "/"
	case Grafana:
		if build == "" {
			return "https://dl.grafana.com/oss/release/"
		}
		return "https://dl.grafana.com/grafana/release/" + escape(version) + "/"
	default:
		return strings.TrimSuffix(r.fill(r.Folder, escape(version), build, Any), "/") + "/"
	}
}

func (r Release) fill(pattern, version, build string, arch Arch) string {
	return strings.NewReplacer("{version}", version, "{build}", build, "{arch}", r.token(arch)).Replace(pattern)
}

// escape also escapes "+", which object stores read as a space.
func escape(segment string) string { return strings.ReplaceAll(url.PathEscape(segment), "+", "%2B") }
