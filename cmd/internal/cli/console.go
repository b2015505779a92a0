package cli

import (
	"time"

	"github.com/spf13/cobra"
)

// consoleCommand prints a link that logs in to the web console.
func (a *app) consoleCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "console",
		Short: "print a link that logs in to the web console, once",
		Long: "console prints a link that logs whoever follows it in to the web console, once and within a minute, to do there\n" +
			"what you may do here. [console] in the configuration of the daemon has the address.",
		Args: takes(0, 0, "no argument"), ValidArgsFunction: noCompletion,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.format("json"); err != nil {
				return hinted(err, cmd)
			}
			g, ctx, cancel := a.daemon(cmd)
			defer cancel()
			link, err := answer(g.ConsoleLink(ctx))
			if err != nil {
				return err
			}
			if a.output == "json" {
				return a.json(link)
			}
			if err := a.print(link.URL); err != nil {
				return err
			}
			a.warn([]string{"the link works once, until " + link.ExpiresAt.Local().Format(time.TimeOnly)})
			return nil
		},
	}
}
