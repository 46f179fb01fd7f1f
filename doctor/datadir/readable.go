package datadir

import (
	"fmt"
	"maps"
	"slices"

	"github.com/Masterminds/semver/v3"
)

// knownSince says from which release on a Prometheus understands a type of records; an older one skips them, and loses their samples.
// Types that are not named are understood by every 2.x. From the CHANGELOG: the records of native histograms changed in 2.42.0
// (#11783, with a warning); those of custom buckets and of start times are newer than that, and are given to those releases alone
// in which they were seen.
var knownSince = map[string]string{
	"histogram_samples":                      "2.42.0",
	"float_histogram_samples":                "2.42.0",
	"custom_buckets_histogram_samples":       "3.13.0",
	"custom_buckets_float_histogram_samples": "3.13.0",
	"samples_v2":                             "3.13.0",
	"histogram_samples_v2":                   "3.13.0",
	"float_histogram_samples_v2":             "3.13.0",
}

// UnreadableBy says what a Prometheus of a version would not understand, or would lose; empty when it reads all. The version "" is
// that of the library in here. Chunks are not looked into: their encodings follow the records that they were made of.
func (i Inspection) UnreadableBy(version string) ([]string, error) {
	list := i.newer()
	if version == "" {
		return list, nil
	}
	reader, err := semver.StrictNewVersion(version)
	if err != nil {
		return nil, fmt.Errorf("version %q: %w", version, err)
	}
	for _, l := range []struct {
		name string
		log  Log
	}{{"wal", i.WAL}, {"wbl", i.WBL}} {
		for _, kind := range slices.Sorted(maps.Keys(l.log.Records)) {
			if since := knownSince[kind]; since != "" && reader.LessThan(semver.MustParse(since)) {
				list = append(list, fmt.Sprintf("%s: %d records of type %s, which Prometheus %s does not know", l.name, l.log.Records[kind], kind, version))
			}
		}
	}
	return list, nil
}
