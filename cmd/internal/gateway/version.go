package gateway

import (
	"fmt"

	"mirrorgw/cmd/internal/version"
	"mirrorgw/dpdk"
)

// VersionLine is what --version prints.
func VersionLine() string { return fmt.Sprintf("mirrorgw %s, %s", version.String(), dpdk.Version()) }
