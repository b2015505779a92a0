package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgw/ctl"
	"mirrorgw/ctl/api"
)

// Completions ask the daemon and are silent when there is none.

type completer = func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective)

func noCompletion(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// completeWords offers fixed words.
func completeWords(words ...string) completer {
	return func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return beginningWith(words, begun), cobra.ShellCompDirectiveNoFileComp
	}
}

func beginningWith(words []string, begun string) []string {
	var fitting []string
	for _, w := range words {
		if strings.HasPrefix(w, begun) {
			fitting = append(fitting, w)
		}
	}
	return fitting
}

// completeField offers the values of a field.
func (a *app) completeField(f *field) completer {
	if f.choices != nil {
		return completeWords(f.choices...)
	}
	switch k := kindOf(f.refers); {
	case f.refers == "port":
		return a.completePorts
	case k != nil:
		return func(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
			return a.namesBeginning(cmd, k, begun), cobra.ShellCompDirectiveNoFileComp
		}
	}
	return noCompletion
}

// completeRefs offers the names of a kind for up to limit arguments.
func (a *app) completeRefs(k *kind, limit int) completer {
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if limit != anyNumber && len(args) >= limit {
			return noCompletion(cmd, args, begun)
		}
		if k == ruleKind {
			return a.completeRule(cmd, begun)
		}
		return without(a.namesBeginning(cmd, k, begun), args), cobra.ShellCompDirectiveNoFileComp
	}
}

func without(words, gone []string) []string {
	var left []string
	for _, w := range words {
		if !slices.Contains(gone, w) {
			left = append(left, w)
		}
	}
	return left
}

// completeRule offers FILTER/ first, and then the rules of that filter.
func (a *app) completeRule(cmd *cobra.Command, begun string) ([]string, cobra.ShellCompDirective) {
	filter, _, chosen := strings.Cut(begun, "/")
	if !chosen {
		names := a.namesBeginning(cmd, filterKind, begun)
		for i := range names {
			names[i] += "/"
		}
		return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	g, ctx, cancel := a.quickly(cmd)
	defer cancel()
	found, err := get(ctx, g, "filter", filter, a.options())
	if err != nil {
		return noCompletion(cmd, nil, begun)
	}
	var refs []string
	for _, direction := range directions {
		rules, _ := found[direction+"FilterRules"].([]any)
		for _, one := range rules {
			if rule, ok := one.(map[string]any); ok {
				refs = append(refs, filter+"/"+direction+"/"+plain(rule["ruleNumber"]))
			}
		}
	}
	return beginningWith(refs, begun), cobra.ShellCompDirectiveNoFileComp
}

// completePorts offers the ports that a source can be on.
func (a *app) completePorts(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	g, ctx, cancel := a.quickly(cmd)
	defer cancel()
	state, err := g.State(ctx)
	if err != nil {
		return noCompletion(cmd, nil, begun)
	}
	var names []string
	for _, p := range state.Ports {
		if p.Role != "tunnel" {
			names = append(names, p.Name)
		}
	}
	return beginningWith(names, begun), cobra.ShellCompDirectiveNoFileComp
}

// completeWhere offers the fields of a kind.
func (a *app) completeWhere(k *kind) completer {
	var words []string
	for _, f := range k.allFields() {
		words = append(words, f.flag+"=")
	}
	return func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		return beginningWith(append(words, "tag:"), begun), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// completeTagged offers what a tag can be on: KIND/ first, and then the names of that kind.
func (a *app) completeTagged(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return noCompletion(cmd, args, begun)
	}
	word, rest, chosen := strings.Cut(begun, "/")
	k := kindOf(word)
	if !chosen || k == nil {
		var words []string
		for _, k := range kinds {
			words = append(words, k.word+"/")
		}
		return beginningWith(words, begun), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	names, directive := a.completeRefs(k, anyNumber)(cmd, nil, rest)
	for i := range names {
		names[i] = word + "/" + names[i]
	}
	return names, directive
}

// quickly is daemon with the patience of a shell.
func (a *app) quickly(cmd *cobra.Command) (Gateway, context.Context, context.CancelFunc) {
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	return a.Dial(a.socket), ctx, cancel
}

// namesBeginning asks the daemon for names.
func (a *app) namesBeginning(cmd *cobra.Command, k *kind, begun string) []string {
	if strings.ContainsAny(begun, "*?") {
		return nil
	}
	g, ctx, cancel := a.quickly(cmd)
	defer cancel()
	o := Options{Account: cmp.Or(a.account, ctl.DefaultAccount), Where: map[string][]string{"name": {begun + "*"}}}
	text, err := g.Page(ctx, k.word, largestPage, "", o)
	var page api.List[record]
	if err != nil || decode(text, &page) != nil {
		return nil
	}
	var names []string
	for _, r := range page.Items {
		names = append(names, k.name(r))
	}
	return beginningWith(names, begun)
}

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "print the completion script of a shell",
		Long: "Print the completion script of a shell. It completes commands, flags, names of resources, ports and\n" +
			"values; names come from the daemon.\n\n" +
			"  bash:  mirrorctl completion bash > /etc/bash_completion.d/mirrorctl   (needs the package bash-completion)\n" +
			"  zsh:   mirrorctl completion zsh > \"${fpath[1]}/_mirrorctl\"\n" +
			"  fish:  mirrorctl completion fish > ~/.config/fish/completions/mirrorctl.fish",
		Args:              takes(1, 1, "one argument, bash, zsh or fish"),
		ValidArgsFunction: completeWords("bash", "zsh", "fish"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch args[0] {
			case "bash":
				return cmd.Root().GenBashCompletionV2(a.Out, true)
			case "zsh":
				return cmd.Root().GenZshCompletion(a.Out)
			case "fish":
				return cmd.Root().GenFishCompletion(a.Out, true)
			}
			return &usageError{"there is no completion for " + args[0] + "; there is bash, zsh and fish", cmd.CommandPath()}
		},
	}
}
