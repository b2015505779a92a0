package cli

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"
)

// answerCommands let the account that is invited to a share say yes or no, once.
func (a *app) answerCommands() (all []*cobra.Command) {
	for _, c := range []struct{ word, status, short string }{
		{"accept", "accepted", "accept an invitation to a share; its targets can be used when this returns"},
		{"reject", "rejected", "reject an invitation to a share"},
	} {
		cmd := &cobra.Command{
			Use:     c.word + " INVITATION",
			Short:   c.short,
			Long:    "Answer an invitation to a share, once, as the account that is invited. mirrorctl share show tells identifiers of invitations.",
			Example: "  mirrorctl share " + c.word + " 01234567-89ab-4cde-8f01-23456789abcd",
			Args:    takes(1, 1, "one argument, the identifier of an invitation"), ValidArgsFunction: noCompletion,
		}
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			return a.change(cmd, shareKind, c.status, "", func(ctx context.Context, g Gateway) (json.RawMessage, error) {
				changed, err := g.AnswerInvitation(ctx, args[0], c.status)
				if err != nil {
					return nil, err
				}
				return encode(changed)
			})
		}
		all = append(all, cmd)
	}
	return all
}
