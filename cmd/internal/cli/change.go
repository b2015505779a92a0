package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
)

// kindCommand is the command of one kind of resource.
func (a *app) kindCommand(k *kind) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   k.word + " COMMAND",
		Short: k.short,
		Long:  strings.ToUpper(k.short[:1]) + k.short[1:] + ".\n\nFor example:\n  " + k.example,
	})
	for _, c := range []*cobra.Command{a.createCommand(k), a.listCommand(k), a.showCommand(k), a.modifyCommand(k), a.deleteCommand(k)} {
		a.accountFlag(c)
		cmd.AddCommand(c)
	}
	if k == loadBalancerKind {
		cmd.AddCommand(a.memberCommand())
	}
	if k == shareKind {
		cmd.AddCommand(a.answerCommands()...)
	}
	return cmd
}

// refWord is how usage names a reference to a resource.
func (k *kind) refWord() string {
	if k.unnamed {
		return "ID|FILTER/DIRECTION/NUMBER"
	}
	return "NAME|ID"
}

func (a *app) createCommand(k *kind) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:     "create NAME [flags]",
		Short:   "create " + k.article() + "; it is in force when this returns",
		Example: "  " + k.example,
		Args:    takes(1, 1, "one argument, the name of the new "+k.word),
	}
	if k.unnamed {
		cmd.Use, cmd.Args = "create [flags]", takes(0, 0, "no argument")
	}
	s := a.addSettings(cmd, k, false)
	cmd.Flags().StringVar(&o.ClientToken, "client-token", "", "a `TOKEN` makes a repeated create harmless for 24 h; drawn when absent")
	cmd.Flags().Uint64Var(&o.IfMatch, "if-match", 0, "only if `REVISION` is still the last one")
	cmd.ValidArgsFunction = noCompletion
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		body, err := s.newBody(args, a.account)
		if err != nil {
			return hinted(err, cmd)
		}
		if k.unnamed {
			o.Account = a.account // of the names in it; other kinds say whose they are in the body
		}
		return a.change(cmd, k, "created", "", func(ctx context.Context, g Gateway) (json.RawMessage, error) {
			return g.Create(ctx, k.word, body, o)
		})
	}
	return cmd
}

// newBody is the body of a create.
func (s *settings) newBody(args []string, account string) (record, error) {
	if err := s.missing(); err != nil {
		return nil, err
	}
	body, err := s.body()
	if err != nil {
		return nil, err
	}
	if len(args) > 0 {
		body["name"] = args[0]
	}
	if account != "" && !s.kind.unnamed {
		body["ownerId"] = account
	}
	return body, nil
}

func (a *app) modifyCommand(k *kind) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "modify " + k.refWord() + " [flags]",
		Short: "change what the flags name and leave the rest",
		Args:  takes(1, 1, "one argument, "+k.refWord()),
	}
	s := a.addSettings(cmd, k, true)
	cmd.Flags().Uint64Var(&o.IfMatch, "if-match", 0, "only if `REVISION` is still the last one")
	cmd.ValidArgsFunction = a.completeRefs(k, 1)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		patch, err := s.body()
		if err == nil && len(patch) == 0 {
			err = usagef("there is nothing to modify; give at least one flag")
		}
		if err != nil {
			return hinted(err, cmd)
		}
		o.Account = a.account
		return a.change(cmd, k, "modified", args[0], func(ctx context.Context, g Gateway) (json.RawMessage, error) {
			ref, err := resolve(ctx, g, k, args[0], o)
			if err != nil {
				return nil, err
			}
			return g.Modify(ctx, k.word, ref, patch, o)
		})
	}
	return cmd
}

func (a *app) deleteCommand(k *kind) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "delete " + k.refWord() + "...",
		Short: "delete " + k.plural() + "; stops at the first that is refused",
		Args:  takes(1, anyNumber, "at least one argument, "+k.refWord()),
	}
	cmd.Flags().Uint64Var(&o.IfMatch, "if-match", 0, "only if `REVISION` is still the last one")
	cmd.ValidArgsFunction = a.completeRefs(k, anyNumber)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.IfMatch != 0 && len(args) > 1 {
			return hinted(usagef("--if-match goes with one %s only, for deleting it makes a new revision", k.word), cmd)
		}
		o.Account = a.account
		for _, arg := range args {
			err := a.change(cmd, k, "deleted", arg, func(ctx context.Context, g Gateway) (json.RawMessage, error) {
				ref, err := resolve(ctx, g, k, arg, o)
				if err != nil {
					return nil, err
				}
				return g.Delete(ctx, k.word, ref, o)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}

// hinted tells a usage error which command's help would help.
func hinted(err error, cmd *cobra.Command) error {
	if usage, ok := err.(*usageError); ok {
		usage.hint = cmd.CommandPath()
	}
	return err
}

// change sends one change and prints what became of it. The reference is how the user called the
// resource, "" for a new one.
func (a *app) change(cmd *cobra.Command, k *kind, done, ref string, send func(context.Context, Gateway) (json.RawMessage, error)) error {
	if err := a.format("json", "name"); err != nil {
		return hinted(err, cmd)
	}
	g, ctx, cancel := a.daemon(cmd)
	defer cancel()
	text, err := send(ctx, g)
	if _, usage := err.(*usageError); usage {
		return hinted(err, cmd)
	}
	if text, err = answer(text, err); err != nil {
		return err
	}
	var changed api.Changed[record]
	if err := decode(text, &changed); err != nil {
		return err
	}
	a.warn(changed.Warnings)
	switch a.output {
	case "json":
		return a.json(text)
	case "name":
		return a.print(k.name(changed.Resource))
	}
	name := k.name(changed.Resource)
	if k.unnamed && ref != "" {
		name = ref
	}
	line := k.word + " " + name + " " + done
	if id := plain(changed.Resource[k.idKey]); id != name {
		line += ": " + id
	}
	return a.print(fmt.Sprintf("%s, revision %d", line, changed.Revision))
}
