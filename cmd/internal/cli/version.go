package cli

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"mirrorgw/cmd/internal/version"
	"mirrorgw/ctl/api"
)

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
			if printed := a.print("mirrorctl " + version.String()); printed != nil || err != nil {
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
