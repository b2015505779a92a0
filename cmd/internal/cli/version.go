package cli

import (
	"cmp"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
)

// Version is set by the linker when a release is built; else the build information has to do.
var Version string

func ownVersion() string {
	if Version != "" {
		return Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "show the versions of mirrorctl and of the daemon",
		Args:  takes(0, 0, "no argument"), ValidArgsFunction: noCompletion,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.format("json"); err != nil {
				return hinted(err, cmd)
			}
			g, ctx, cancel := a.daemon(cmd)
			defer cancel()
			daemon, err := answer(g.Version(ctx))
			if a.output == "json" {
				if err != nil {
					return err
				}
				return a.json(daemon)
			}
			if printed := a.print("mirrorctl " + ownVersion()); printed != nil || err != nil {
				return cmp.Or(printed, err)
			}
			return a.print(daemonVersion(daemon))
		},
	}
}

func daemonVersion(v *api.Version) string {
	line := fmt.Sprintf("mirrorgw  %s, API %s", v.Version, v.API)
	if v.DPDK != "" {
		line += ", " + v.DPDK
	}
	return line
}
