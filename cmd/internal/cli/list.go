package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
)

const (
	largestPage = 1000
	namesAtOnce = 50 // identifiers in one request, for the length of its line
)

// listing is what the flags of list say.
type listing struct {
	where []string
	limit int
	token string
}

func (a *app) listCommand(k *kind) *cobra.Command {
	var l listing
	cmd := &cobra.Command{
		Use:   "list [flags]",
		Short: "list " + k.plural() + ", oldest first",
		Args:  takes(0, 0, "no argument"),
	}
	cmd.Flags().StringArrayVar(&l.where, "where", nil, "only those with `FIELD=VALUE`, the field named like its flag or in JSON, or tag:KEY=VALUE;\n"+
		"* and ? are wildcards; the same field again: either value; another field: both")
	cmd.Flags().IntVar(&l.limit, "limit", 0, "at most this `NUMBER` (default: all)")
	cmd.Flags().StringVar(&l.token, "next-token", "", "begin where the list that gave this `TOKEN` ended")
	_ = cmd.RegisterFlagCompletionFunc("where", a.completeWhere(k))
	cmd.ValidArgsFunction = noCompletion
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.format("json", "name"); err != nil {
			return hinted(err, cmd)
		}
		if l.limit < 0 {
			return hinted(usagef("--limit %d: give 1 or more", l.limit), cmd)
		}
		g, ctx, cancel := a.daemon(cmd)
		defer cancel()
		found, err := a.list(ctx, g, k, l)
		if err != nil {
			return hinted(err, cmd)
		}
		return a.printList(ctx, g, k, found)
	}
	return cmd
}

// list asks for pages until it has what was asked for.
func (a *app) list(ctx context.Context, g Gateway, k *kind, l listing) (*api.List[json.RawMessage], error) {
	o := a.options()
	var err error
	if o.Where, err = conditions(ctx, g, k, l.where, o); err != nil {
		return nil, err
	}
	if k.unnamed {
		o.Account = "" // a rule has none of its own
	}
	all := &api.List[json.RawMessage]{Items: []json.RawMessage{}, NextToken: l.token}
	for {
		size := largestPage
		if l.limit > 0 {
			size = min(size, l.limit-len(all.Items))
		}
		text, err := answer(g.Page(ctx, k.word, size, all.NextToken, o))
		if err != nil {
			return nil, err
		}
		var page api.List[json.RawMessage]
		if err := decode(text, &page); err != nil {
			return nil, err
		}
		all.Items = append(all.Items, page.Items...)
		all.NextToken, all.Revision = page.NextToken, page.Revision
		if page.NextToken == "" || len(all.Items) == l.limit {
			return all, nil
		}
	}
}

// conditions makes of --where what the API takes: JSON members, and identifiers where they are
// references.
func conditions(ctx context.Context, g Gateway, k *kind, where []string, o Options) (map[string][]string, error) {
	conditions := map[string][]string{}
	for _, text := range where {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, usagef("--where %q: give FIELD=VALUE, as %s", text, k.exampleCondition())
		}
		if f := k.field(name); f != nil {
			name = f.json
			if to := kindOf(f.refers); to != nil && !strings.ContainsAny(value, "*?") {
				id, err := identifier(ctx, g, to, value, o)
				if err != nil {
					return nil, err
				}
				value = id
			}
		}
		conditions[name] = append(conditions[name], value)
	}
	return conditions, nil
}

func (k *kind) exampleCondition() string {
	if k.unnamed {
		return "filter=web"
	}
	return "name=web-*"
}

func (a *app) printList(ctx context.Context, g Gateway, k *kind, found *api.List[json.RawMessage]) error {
	if a.output == "json" {
		return a.json(found)
	}
	records := make([]record, len(found.Items))
	for i, item := range found.Items {
		if err := decode(item, &records[i]); err != nil {
			return err
		}
	}
	if a.output == "name" {
		names := make([]string, len(records))
		for i, r := range records {
			names[i] = k.name(r)
		}
		return a.print(names...)
	}
	if len(records) == 0 {
		fmt.Fprintf(a.Errs, "there are no such %s\n", k.plural())
		return nil
	}
	if found.NextToken != "" {
		defer fmt.Fprintf(a.Errs, "there are more; continue with --next-token %s\n", found.NextToken)
	}
	return a.print(k.table(records, a.namesOf(ctx, g, k, records)).lines()...)
}

// table lists records. Of identifiers that names has, the name is shown.
func (k *kind) table(records []record, names map[string]string) *table {
	header := []string{"NAME", "ID"}
	if k.unnamed {
		header = header[1:]
	}
	var columns []*field
	var right []int
	for _, f := range k.fields {
		if f.column == "" {
			continue
		}
		if f.number {
			right = append(right, len(header))
		}
		columns, header = append(columns, f), append(header, f.column)
	}
	accounts := hasAccounts(records)
	if accounts {
		header = append(header, "ACCOUNT")
	}
	t := newTable(header...).numbers(right...)
	for _, r := range records {
		row := []string{k.name(r), plain(r[k.idKey])}
		if k.unnamed {
			row = row[1:]
		}
		for _, f := range columns {
			row = append(row, orDash(f.show(r, names)))
		}
		if accounts {
			row = append(row, plain(r["ownerId"]))
		}
		t.row(row...)
	}
	return t
}

// hasAccounts reports whether the records belong to more than one account, so that it needs to be
// said.
func hasAccounts(records []record) bool {
	for _, r := range records {
		if plain(r["ownerId"]) != plain(records[0]["ownerId"]) {
			return true
		}
	}
	return false
}

// show is a field of a record for people.
func (f *field) show(r record, names map[string]string) string {
	text := f.value.text(r.at(f.json))
	if name, ok := names[text]; ok && f.refers != "" {
		return name
	}
	return text
}

// namesOf finds the names behind the identifiers that records refer to. What cannot be found
// stays an identifier.
func (a *app) namesOf(ctx context.Context, g Gateway, k *kind, records []record) map[string]string {
	names := map[string]string{}
	for _, f := range k.fields {
		to := kindOf(f.refers)
		if to == nil {
			continue
		}
		var ids []string
		seen := map[string]bool{}
		for _, r := range records {
			if id := plain(r.at(f.json)); to.hasID(id) && !seen[id] {
				seen[id], ids = true, append(ids, id)
			}
		}
		for len(ids) > 0 {
			some := ids[:min(namesAtOnce, len(ids))]
			ids = ids[len(some):]
			addNames(ctx, g, to, some, names)
		}
	}
	return names
}

func addNames(ctx context.Context, g Gateway, k *kind, ids []string, names map[string]string) {
	text, err := g.Page(ctx, k.word, largestPage, "", Options{Where: map[string][]string{k.idKey: ids}})
	var page api.List[record]
	if err != nil || decode(text, &page) != nil {
		return
	}
	for _, r := range page.Items {
		names[plain(r[k.idKey])] = k.name(r)
	}
}
