package cli

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

func (a *app) auditCommand() *cobra.Command {
	var q client.AuditQuery
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "read the audit log: who did what, and what came of it",
		Long: "Read the audit log, the newest entry first: who did what from where, and what came of it. With -o json entries\n" +
			"are whole, and next is what --before takes to go on.",
		Example: "  mirrorctl audit --user ian --outcome denied\n  mirrorctl audit --resource tmt-0123456789abcdef0 -o json",
		Args:    takes(0, 0, "no argument"), ValidArgsFunction: noCompletion,
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVar(&q.Limit, "limit", 0, "most entries, `N` of 1 to 1000 (default: 100)")
	flags.StringVar(&q.Before, "before", "", "only entries that stand before this `POSITION`")
	flags.StringVar(&q.User, "user", "", "only of this `USER`: name, ARN, account, access key, or number of a user of the gateway's machine")
	flags.StringVar(&q.Action, "action", "", "only of this `ACTION`; * stands for any characters")
	flags.StringVar(&q.Resource, "resource", "", "only those that touched or named this `ID` or ARN")
	flags.StringVar(&q.Outcome, "outcome", "", "only of this `OUTCOME`: success, failure or denied")
	flags.StringVar(&q.Door, "door", "", "only through this `DOOR`: aws, socket or console")
	flags.StringVar(&q.Search, "search", "", "only those with all of these `WORDS` somewhere")
	_ = cmd.RegisterFlagCompletionFunc("outcome", completeWords("success", "failure", "denied"))
	_ = cmd.RegisterFlagCompletionFunc("door", completeWords("aws", "socket", "console"))
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.format("json"); err != nil {
			return hinted(err, cmd)
		}
		g, ctx, cancel := a.daemon(cmd)
		defer cancel()
		log, err := answer(g.AuditLog(ctx, q))
		if err != nil {
			return err
		}
		if a.output == "json" {
			return a.json(log)
		}
		return a.tellAudit(log)
	}
	return cmd
}

func (a *app) tellAudit(log *api.AuditLog) error {
	t := newTable("TIME", "DOOR", "WHO", "ACTION", "OUTCOME", "RESOURCES")
	for i := range log.Items {
		e := &log.Items[i]
		touched := ""
		if len(e.Resources) > 0 {
			touched = e.Resources[0]
		}
		if more := len(e.Resources) - 1; more > 0 {
			touched += fmt.Sprintf(" and %d more", more)
		}
		t.row(e.Time.UTC().Format("2006-01-02T15:04:05Z"), orDash(printable(e.Door)), printable(whoOf(e)), orDash(printable(e.Action)), printable(outcomeOf(e)), orDash(printable(touched)))
	}
	lines := t.lines()
	if log.Next != "" {
		lines = append(lines, "older: --before "+printable(log.Next))
	}
	if log.Unreadable > 0 {
		lines = append(lines, fmt.Sprintf("%d lines on the way are no entries", log.Unreadable))
	}
	return a.print(lines...)
}

// whoOf is the identity in one word.
func whoOf(e *api.AuditEntry) string {
	i := &e.Identity
	if i.ARN == "" && i.UID != nil {
		return "uid " + strconv.Itoa(*i.UID)
	}
	return cmp.Or(i.ARN, i.AccessKey, i.Type, "-")
}

func outcomeOf(e *api.AuditEntry) string {
	if e.Code != "" {
		return e.Code
	}
	return strconv.Itoa(e.Status)
}
