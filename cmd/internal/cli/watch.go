package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// errEnough ends a watch that has seen what was asked for.
var errEnough = errors.New("enough")

func (a *app) watchCommand() *cobra.Command {
	var from uint64
	var limit int
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "print every change of the resources as it happens, and of what copies reach",
		Long: "Print every change of the resources as it happens and who made it, one line each; with -o json one JSON object a line.\n" +
			"Between them: changes of the state of targets and load balancers. Those are not kept; mirrorctl status has what is.\n" +
			"A lost connection is taken up again where it broke, without a gap and without repetition.",
		Args: takes(0, 0, "no argument"), ValidArgsFunction: noCompletion,
	}
	cmd.Flags().Uint64Var(&from, "from", 0, "begin after this `REVISION` instead of now; 0: as far back as there is")
	cmd.Flags().IntVar(&limit, "count", 0, "end after this `NUMBER` of changes (default: never)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.format("json"); err != nil {
			return hinted(err, cmd)
		}
		if !cmd.Flags().Changed("from") {
			from = client.Now
		}
		var stop error // what ends the watch from this side
		seen := 0
		_, err := answer(0, a.Dial(a.socket).Watch(cmd.Context(), from, func(event api.Event) error {
			stop = a.printEvent(event)
			if seen++; stop == nil && seen == limit {
				stop = errEnough
			}
			return stop
		}))
		switch {
		case stop == errEnough || errors.Is(err, context.Canceled):
			return nil
		case stop != nil:
			return stop
		}
		return err
	}
	return cmd
}

func (a *app) printEvent(event api.Event) error {
	if a.output == "json" {
		text, err := encode(event)
		if err != nil {
			return err
		}
		return a.print(string(text))
	}
	line := fmt.Sprintf("%s  %d  %s %s %s", event.Time.Local().Format("2006-01-02 15:04:05"), event.Revision, event.Action, event.Kind, subject(event))
	if event.Name != "" {
		line += " " + event.ID
	}
	if by := event.Actor.Words(""); by != "" {
		line += " by " + printable(by)
	}
	if event.Action == api.ActionState {
		line = strings.TrimRight(line, " ") + ": " + stateText(event)
	}
	if event.Action == "modify" {
		if changes := fieldChanges(event); changes != nil {
			line += ": " + strings.Join(changes, "; ")
		}
	}
	return a.print(line)
}
