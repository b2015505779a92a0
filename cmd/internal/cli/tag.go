package cli

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
)

func (a *app) tagCommand() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "tag COMMAND",
		Short: "tags of resources of all kinds",
		Long: "Tags of resources of all kinds. A resource is named by its ID, or by its kind and name, as session/s1\n" +
			"or rule/web/ingress/100.",
	})
	for _, c := range []*cobra.Command{a.tagListCommand(), a.tagSetCommand(), a.tagRemoveCommand()} {
		c.ValidArgsFunction = a.completeTagged
		a.accountFlag(c)
		cmd.AddCommand(c)
	}
	return cmd
}

func (a *app) tagListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list KIND/NAME|ID",
		Short: "list the tags of a resource",
		Args:  takes(1, 1, "one argument, as session/s1"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.format("json", "name"); err != nil {
				return hinted(err, cmd)
			}
			g, ctx, cancel := a.daemon(cmd)
			defer cancel()
			id, err := anyIdentifier(ctx, g, args[0], a.options())
			if err != nil {
				return hinted(err, cmd)
			}
			tags, err := answer(g.Tags(ctx, id))
			if err != nil {
				return err
			}
			return a.printTags(id, tags)
		},
	}
}

func (a *app) printTags(id string, tags map[string]string) error {
	if a.output == "json" {
		if tags == nil {
			tags = map[string]string{}
		}
		return a.json(api.Tags{ResourceID: id, Tags: tags})
	}
	keys := sortedKeys(tags)
	if a.output == "name" {
		return a.print(keys...)
	}
	if len(keys) == 0 {
		fmt.Fprintln(a.Errs, "there are no tags")
		return nil
	}
	t := newTable("KEY", "VALUE")
	for _, key := range keys {
		t.row(printable(key), printable(tags[key]))
	}
	return a.print(t.lines()...)
}

func (a *app) tagSetCommand() *cobra.Command {
	var ifMatch uint64
	cmd := &cobra.Command{
		Use:   "set KIND/NAME|ID KEY=VALUE...",
		Short: "set tags of a resource; the others stay",
		Args:  takes(2, anyNumber, "a resource, as session/s1, and at least one KEY=VALUE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			tags := map[string]*string{}
			for _, text := range args[1:] {
				one := tagList{}
				if err := one.Set(text); err != nil {
					return &usageError{fmt.Sprintf("%q is no tag: %s", text, err), cmd.CommandPath()}
				}
				for key, value := range one {
					tags[key] = &value
				}
			}
			return a.changeTags(cmd, args[0], ifMatch, func(map[string]string) map[string]*string { return tags })
		},
	}
	cmd.Flags().Uint64Var(&ifMatch, "if-match", 0, "only if `REVISION` is still the last one")
	return cmd
}

func (a *app) tagRemoveCommand() *cobra.Command {
	var ifMatch uint64
	var all bool
	cmd := &cobra.Command{
		Use:   "remove KIND/NAME|ID KEY...",
		Short: "remove tags from a resource",
		Args:  takes(1, anyNumber, "a resource, as session/s1, and the keys of tags"),
		RunE: func(cmd *cobra.Command, args []string) error {
			keys := args[1:]
			if all == (len(keys) > 0) {
				return hinted(usagef("name the keys to remove, or give --all"), cmd)
			}
			return a.changeTags(cmd, args[0], ifMatch, func(present map[string]string) map[string]*string {
				if all {
					keys = sortedKeys(present)
				}
				gone := map[string]*string{}
				for _, key := range keys {
					gone[key] = nil
				}
				return gone
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "remove all tags")
	cmd.Flags().Uint64Var(&ifMatch, "if-match", 0, "only if `REVISION` is still the last one")
	return cmd
}

// changeTags sends what change makes of the tags that a resource has.
func (a *app) changeTags(cmd *cobra.Command, ref string, ifMatch uint64, change func(present map[string]string) map[string]*string) error {
	if err := a.format("json"); err != nil {
		return hinted(err, cmd)
	}
	g, ctx, cancel := a.daemon(cmd)
	defer cancel()
	text, id, err := a.sendTags(ctx, g, ref, ifMatch, change)
	if err != nil {
		return hinted(err, cmd)
	}
	if a.output == "json" {
		return a.json(text)
	}
	var changed api.Changed[api.Tags]
	if err := decode(text, &changed); err != nil {
		return err
	}
	a.warn(changed.Warnings)
	name := ref
	if id != ref {
		name += " (" + id + ")"
	}
	return a.print(fmt.Sprintf("tags of %s: %d, revision %d", name, len(changed.Resource.Tags), changed.Revision))
}

func (a *app) sendTags(ctx context.Context, g Gateway, ref string, ifMatch uint64, change func(map[string]string) map[string]*string) (json.RawMessage, string, error) {
	id, err := anyIdentifier(ctx, g, ref, a.options())
	if err != nil {
		return nil, "", err
	}
	present, err := answer(g.Tags(ctx, id))
	if err != nil {
		return nil, "", err
	}
	text, err := answer(g.SetTags(ctx, id, change(present), Options{IfMatch: ifMatch}))
	return text, id, err
}
