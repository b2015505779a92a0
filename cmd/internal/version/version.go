package version

import (
	"runtime/debug"
	"strings"
)

// set is what the linker was told: make build VERSION=1.2.3.
var set string

// String is what the linker was told; else the version that the Go module has, or "devel" with the
// revision that was built where go knows it.
func String() string {
	info, _ := debug.ReadBuildInfo()
	return of(set, info)
}

// of is String for one build; info may be nil.
func of(set string, info *debug.BuildInfo) string {
	if set != "" {
		return set
	}
	if info == nil {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	text := []string{"devel"}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && s.Value != "":
			text = append(text, s.Value[:min(12, len(s.Value))])
		case s.Key == "vcs.modified" && s.Value == "true":
			text = append(text, "modified")
		}
	}
	return strings.Join(text, "-")
}
