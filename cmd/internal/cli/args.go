package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/tomldoc"
)

// takes checks the number of arguments; what says in words what they are.
func takes(from, to int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		text := ""
		switch {
		case len(args) < from:
			text = fmt.Sprintf("%s needs %s", cmd.CommandPath(), what)
		case to == 0 && len(args) > 0:
			text = fmt.Sprintf("unexpected argument %q: %s takes flags only", args[0], cmd.CommandPath())
		case to >= 0 && len(args) > to:
			text = fmt.Sprintf("unexpected argument %q: %s takes %s", args[to], cmd.CommandPath(), what)
		default:
			return nil
		}
		return &usageError{text, cmd.CommandPath()}
	}
}

const anyNumber = -1

// group makes a command that only has others below it say so.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		text := fmt.Sprintf("%s needs a command: %s", cmd.CommandPath(), strings.Join(commandNames(cmd), ", "))
		return &usageError{text, cmd.CommandPath()}
	}
	return cmd
}

func unknownCommand(cmd *cobra.Command, word string) error {
	text := fmt.Sprintf("there is no command %q", cmd.CommandPath()+" "+word)
	names := commandNames(cmd)
	if near := tomldoc.Nearest(word, names); near != "" {
		text += fmt.Sprintf("; did you mean %q?", cmd.CommandPath()+" "+near)
	} else if cmd.HasParent() {
		text += "; there is " + strings.Join(names, ", ")
	}
	return &usageError{text, cmd.CommandPath()}
}

func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// helpCommand is cobra's, with our error for an unknown command.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]...",
		Short: "explain a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				if found == nil {
					found = cmd.Root()
				}
				return unknownCommand(found, rest[0])
			}
			return found.Help()
		},
	}
}
