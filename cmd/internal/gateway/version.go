package gateway

import (
	"fmt"
	"runtime/debug"

	"mirrorgw/dpdk"
)

// version is set by the linker: -ldflags "-X mirrorgw/cmd/internal/gateway.version=1.2.3".
var version string

// Version is the version of this program: what the linker was told, else what the Go module says,
// else "devel".
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// VersionLine is what --version prints.
func VersionLine() string { return fmt.Sprintf("mirrorgw %s, %s", Version(), dpdk.Version()) }
