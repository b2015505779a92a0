package cli

import (
	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
)

// changesKept is what a page of changes has unless --limit says so.
const changesKept = 100

func (a *app) changesCommand() *cobra.Command {
	var limit int
	var before string
	cmd := &cobra.Command{
		Use:   "changes [ID]",
		Short: "print the last changes, of all resources or of one, and who made them",
		Long: "Print the last changes, the newest first, and who made them: of all resources, or of the one with this ID, also\n" +
			"if it is gone. They are those that the change stream still has; the audit log reaches back further. With -o json\n" +
			"next is what --before takes to go on.",
		Example: "  mirrorctl changes\n  mirrorctl changes tms-0123456789abcdef0 --limit 1",
		Args:    takes(0, 1, "no argument or the ID of a resource"), ValidArgsFunction: noCompletion,
	}
	cmd.Flags().IntVar(&limit, "limit", changesKept, "most changes, `N` of 1 to 1000")
	cmd.Flags().StringVar(&before, "before", "", "only changes before this `REVISION`")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := a.format("json"); err != nil {
			return hinted(err, cmd)
		}
		g, ctx, cancel := a.daemon(cmd)
		defer cancel()
		page, err := answer(g.Changes(ctx, append(args, "")[0], limit, before))
		if err != nil {
			return err
		}
		if a.output == "json" {
			return a.json(page)
		}
		return a.tellChanges(page)
	}
	return cmd
}

func (a *app) tellChanges(page *api.Changes) error {
	for _, event := range page.Items {
		if err := a.printEvent(event); err != nil {
			return err
		}
	}
	if page.Next == "" {
		return nil
	}
	return a.print("older: --before " + printable(page.Next))
}
