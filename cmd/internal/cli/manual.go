package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"mirrorgw/cmd/internal/manual"
	"mirrorgw/cmd/internal/version"
)

// manualCommand is for who packages the programs; people have help and the page itself.
func (a *app) manualCommand() *cobra.Command {
	var markdown bool
	cmd := &cobra.Command{
		Use:    "manual [--markdown]",
		Short:  "print the manual page, mirrorctl(1)",
		Hidden: true,
		Args:   takes(0, 0, "no argument"), ValidArgsFunction: noCompletion,
		RunE: func(cmd *cobra.Command, _ []string) error {
			page := manualPage(cmd.Root())
			if markdown {
				return a.print(strings.TrimSuffix(page.Markdown(), "\n"))
			}
			return a.print(strings.TrimSuffix(page.Roff(), "\n"))
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "as the page of docs/")
	return cmd
}

// manualPage is the page of a command tree.
func manualPage(root *cobra.Command) *manual.Page {
	p := manual.New(root.Name(), 1, version.String(), "steer a running mirrorgw")
	p.Section("SYNOPSIS")
	p.Verbatim(root.Name() + " COMMAND [ARGUMENTS] [FLAGS]")
	p.Section("DESCRIPTION")
	p.Text(root.Long)
	p.Section("OPTIONS")
	p.Text("Every command has these:")
	p.Verbatim(root.PersistentFlags().FlagUsages())
	p.Section("COMMANDS")
	describe(p, root)
	p.Section("ENVIRONMENT")
	p.Item(SocketVariable, "path of the daemon's control socket, where --socket does not name it")
	p.Section("SEE ALSO")
	p.Text("mirrorgw(8)")
	return p
}

// describe appends what people can call below a command.
func describe(p *manual.Page, parent *cobra.Command) {
	for _, c := range parent.Commands() {
		if c.Hidden {
			continue
		}
		if c.Runnable() && !c.HasSubCommands() {
			describeOne(p, c)
		}
		describe(p, c)
	}
}

func describeOne(p *manual.Page, c *cobra.Command) {
	p.Subsection(c.UseLine())
	if c.Long != "" {
		p.Text(c.Long)
	} else {
		p.Text(c.Short)
	}
	if flags := c.LocalNonPersistentFlags().FlagUsages(); flags != "" {
		p.Verbatim(flags)
	}
}
