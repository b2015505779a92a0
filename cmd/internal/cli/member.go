package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgw/ctl/api"
)

const (
	memberHint    = "ADDRESS[@ZONE][*WEIGHT]"
	drainingWord  = "+draining"
	memberRetries = 5 // a change of one member is tried again when others change something meanwhile
)

// members are ADDRESS[@ZONE][*WEIGHT][+draining], of a load balancer.
func members() value {
	return value{hint: memberHint, many: true, parse: parseMember, format: func(v any) string {
		m, _ := v.(map[string]any)
		text := plain(m["address"])
		if zone := plain(m["availabilityZone"]); zone != "" {
			text += "@" + zone
		}
		if weight := plain(m["weight"]); weight != "" {
			text += "*" + weight
		}
		if m["draining"] == true {
			text += drainingWord
		}
		return text
	}}
}

func parseMember(text string) (any, error) {
	rest, draining := strings.CutSuffix(text, drainingWord)
	rest, weight, weighted := strings.Cut(rest, "*")
	address, zone, zoned := strings.Cut(rest, "@")
	m := map[string]any{"address": address}
	if zoned {
		m["availabilityZone"] = zone
	}
	if weighted {
		n, err := strconv.ParseUint(weight, 10, 8)
		if err != nil {
			return nil, fmt.Errorf("the weight after * is a number from 0 to 255, as 192.0.2.11@zone-a*10")
		}
		m["weight"] = n
	}
	if draining {
		m["draining"] = true
	}
	return m, nil
}

// memberChange is one of the commands that change single members and leave the others.
type memberChange struct {
	word, doing string // add, adding
	short       string
	argument    string
	change      func(balancer record, text string) error // one argument
}

var memberChanges = []memberChange{
	{"add", "adding", "add members; they get their share of the flows when they are healthy", memberHint, addMember},
	{"remove", "removing", "remove members", "ADDRESS", removeMember},
	{"drain", "draining", "take members out for maintenance; their flows go to the others", "ADDRESS",
		func(b record, text string) error { return setDraining(b, text, true) }},
	{"resume", "resuming", "give drained members their flows back", "ADDRESS",
		func(b record, text string) error { return setDraining(b, text, false) }},
}

// memberCommand changes single members of a load balancer; modify --member replaces all.
func (a *app) memberCommand() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "member COMMAND",
		Short: "change single members of a load balancer and leave the others",
		Long: "Change single members of a load balancer and leave the others.\n\nFor example:\n" +
			"  mirrorctl load-balancer member drain sensors 192.0.2.11",
	})
	for _, m := range memberChanges {
		c := a.memberChangeCommand(m)
		a.accountFlag(c)
		cmd.AddCommand(c)
	}
	return cmd
}

func (a *app) memberChangeCommand(m memberChange) *cobra.Command {
	k := loadBalancerKind
	o := Options{}
	cmd := &cobra.Command{
		Use:   m.word + " NAME|ID " + m.argument + "...",
		Short: m.short,
		Args:  takes(2, anyNumber, "a load balancer and at least one "+m.argument),
	}
	cmd.Flags().Uint64Var(&o.IfMatch, "if-match", 0, "only if `REVISION` is still the last one")
	cmd.ValidArgsFunction = a.completeMembers(m.word)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.Account = a.account
		done := fmt.Sprintf("modified, %s %s", m.doing, strings.Join(args[1:], ", "))
		return a.change(cmd, k, done, args[0], func(ctx context.Context, g Gateway) (json.RawMessage, error) {
			return changeMembers(ctx, g, args[0], o, func(b record) error {
				for _, text := range args[1:] {
					if err := m.change(b, text); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	return cmd
}

// changeMembers reads a load balancer, changes its members, and writes them if nobody changed
// anything in between; else it begins again.
func changeMembers(ctx context.Context, g Gateway, ref string, o Options, change func(record) error) (json.RawMessage, error) {
	k := loadBalancerKind
	id, err := identifier(ctx, g, k, ref, o)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		b, revision, err := readBalancer(ctx, g, id)
		if err != nil {
			return nil, err
		}
		if err := change(b); err != nil {
			return nil, err
		}
		with := o
		if with.IfMatch == 0 {
			with.IfMatch = revision
		}
		text, err := g.Modify(ctx, k.word, id, record{"members": b["members"]}, with)
		var refused *api.Error
		if o.IfMatch == 0 && attempt < memberRetries && errors.As(err, &refused) && refused.Code == api.CodeRevisionMismatch {
			continue
		}
		return text, err
	}
}

// readBalancer returns a load balancer with the revision that it is of.
func readBalancer(ctx context.Context, g Gateway, id string) (record, uint64, error) {
	k := loadBalancerKind
	text, err := answer(g.Page(ctx, k.word, 1000, "", Options{Where: map[string][]string{k.idKey: {id}}}))
	if err != nil {
		return nil, 0, err
	}
	var page api.List[record]
	if err := decode(text, &page); err != nil {
		return nil, 0, err
	}
	for _, b := range page.Items {
		if plain(b[k.idKey]) == id {
			return b, page.Revision, nil
		}
	}
	return nil, 0, notFound("there is no load balancer %s; list them with: mirrorctl load-balancer list", id)
}

func notFound(format string, args ...any) error {
	return &api.Error{Status: http.StatusNotFound, Code: api.CodeNotFound, Message: fmt.Sprintf(format, args...)}
}

func addMember(b record, text string) error {
	parsed, err := parseMember(text)
	if err != nil {
		return usagef("member %q: %v", text, err)
	}
	m := parsed.(map[string]any)
	i, err := memberAt(b, plain(m["address"]))
	if err != nil {
		return err
	}
	list, _ := b["members"].([]any)
	if i >= 0 {
		return &api.Error{Status: http.StatusConflict, Code: api.CodeAlreadyExists,
			Message: fmt.Sprintf("load balancer %s: member %s is there already; remove it first to give it another zone or weight", plain(b["name"]), plain(m["address"]))}
	}
	b["members"] = append(list, m)
	return nil
}

func removeMember(b record, text string) error {
	i, err := mustMember(b, text)
	if err == nil {
		b["members"] = slices.Delete(b["members"].([]any), i, i+1)
	}
	return err
}

func setDraining(b record, text string, draining bool) error {
	i, err := mustMember(b, text)
	if err == nil {
		b["members"].([]any)[i].(map[string]any)["draining"] = draining
	}
	return err
}

// memberAt finds a member by its address, in any spelling; -1: there is none.
func memberAt(b record, text string) (int, error) {
	address, err := netip.ParseAddr(text)
	if err != nil {
		return 0, usagef("%q is no address of a member; write one like 192.0.2.11", text)
	}
	list, _ := b["members"].([]any)
	return slices.IndexFunc(list, func(v any) bool {
		m, _ := v.(map[string]any)
		is, err := netip.ParseAddr(plain(m["address"]))
		return err == nil && is == address
	}), nil
}

func mustMember(b record, text string) (int, error) {
	i, err := memberAt(b, text)
	if err == nil && i < 0 {
		err = notFound("load balancer %s has no member %s; see mirrorctl load-balancer show %s", plain(b["name"]), text, plain(b["name"]))
	}
	return i, err
}

// completeMembers offers load balancers first, and then the members of the one that is named.
func (a *app) completeMembers(word string) completer {
	names := a.completeRefs(loadBalancerKind, 1)
	return func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 || word == "add" {
			return names(cmd, args, begun)
		}
		g, ctx, cancel := a.quickly(cmd)
		defer cancel()
		b, err := get(ctx, g, loadBalancerKind.word, args[0], a.options())
		if err != nil {
			return noCompletion(cmd, args, begun)
		}
		var addresses []string
		list, _ := b["members"].([]any)
		for _, v := range list {
			m, _ := v.(map[string]any)
			addresses = append(addresses, plain(m["address"]))
		}
		return without(beginningWith(addresses, begun), args), cobra.ShellCompDirectiveNoFileComp
	}
}
