package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) showCommand(k *kind) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show " + k.refWord() + "...",
		Short: "show all of " + k.article(),
		Args:  takes(1, anyNumber, "at least one argument, "+k.refWord()),
	}
	cmd.ValidArgsFunction = a.completeRefs(k, anyNumber)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := a.format("json", "name"); err != nil {
			return hinted(err, cmd)
		}
		g, ctx, cancel := a.daemon(cmd)
		defer cancel()
		for i, arg := range args {
			if i > 0 && a.output == "" {
				if err := a.print(""); err != nil {
					return err
				}
			}
			if err := a.showOne(ctx, g, k, arg); err != nil {
				return hinted(err, cmd)
			}
		}
		return nil
	}
	return cmd
}

func (a *app) showOne(ctx context.Context, g Gateway, k *kind, ref string) error {
	ref, err := resolve(ctx, g, k, ref, a.options())
	if err != nil {
		return err
	}
	text, err := answer(g.Get(ctx, k.word, ref, a.options()))
	if err != nil {
		return err
	}
	if a.output == "json" {
		return a.json(text)
	}
	var r record
	if err := decode(text, &r); err != nil {
		return err
	}
	if a.output == "name" {
		return a.print(k.name(r))
	}
	return a.print(k.describe(r, a.namesOf(ctx, g, k, []record{r}))...)
}

// describe is all of a record: its fields, the rules of a filter, the health of a load balancer's
// members, and the invitations of a share.
func (k *kind) describe(r record, names map[string]string) []string {
	t := newTable("", "")
	if !k.unnamed {
		t.row("name", plain(r["name"]))
	}
	t.row("id", plain(r[k.idKey]))
	for _, f := range append(k.fields, describing) {
		text := f.show(r, names)
		if id := plain(r.at(f.json)); f.refers != "" && !f.value.many && text != id {
			text += " (" + id + ")"
		}
		if text != "" {
			t.row(f.flag, text)
		}
	}
	if owner := plain(r["ownerId"]); owner != "" {
		t.row("account", owner)
	}
	if tags, ok := r["tags"].(map[string]any); ok && len(tags) > 0 {
		t.row("tags", pairs(tags))
	}
	lines := t.lines()[1:]
	if k == filterKind {
		lines = append(lines, rulesOf(r)...)
	}
	if k == loadBalancerKind {
		lines = append(lines, healthOf(r)...)
	}
	if k == shareKind {
		lines = append(lines, invitationsOf(r)...)
	}
	return lines
}

// rulesOf is the table of a filter's rules in the order in which they are tried.
func rulesOf(filter record) []string {
	var lines []string
	for _, direction := range directions {
		list, _ := filter[direction+"FilterRules"].([]any)
		if len(list) == 0 {
			continue
		}
		rules := make([]record, 0, len(list))
		for _, one := range list {
			if m, ok := one.(map[string]any); ok {
				rules = append(rules, m)
			}
		}
		lines = append(lines, "", direction+" rules, the lowest number first")
		for _, line := range withoutColumns(ruleKind, "filter", "direction").table(rules, nil).lines() {
			lines = append(lines, strings.TrimRight("  "+line, " "))
		}
	}
	return lines
}

// withoutColumns is a kind that does not list some of its fields.
func withoutColumns(k *kind, flags ...string) *kind {
	reduced := *k
	reduced.fields = nil
	for _, f := range k.fields {
		if !slices.Contains(flags, f.flag) {
			reduced.fields = append(reduced.fields, f)
		}
	}
	return &reduced
}
