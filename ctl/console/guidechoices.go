package console

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// choiceRows is how many resources a page of choices has.
const choiceRows = 20

// choices are resources of which one is chosen: found by words, and the one chosen before on top.
type choices struct {
	Legend, Noun   string
	Search         string
	Draft, Step    string
	ShowAll        string
	Options        []choice
	First1, Last   int // positions, from 1
	Total          int
	Previous, Next string
	Empty          string
	Error          string
	Typed          *field // instead: the user may not see the list, and types an identifier
}

// choice is one of them.
type choice struct {
	Value, Label, Details string
	State                 *cell // nil: it has none
	Checked               bool
	Refused               string // why it cannot be chosen; empty: it can
}

// First is the ID of what is first to be chosen, for faults.
func (c *choices) First() string {
	if c.Typed != nil {
		return c.Typed.ID()
	}
	for i := range c.Options {
		if c.Options[i].Refused == "" {
			return "choice-" + strconv.Itoa(i)
		}
	}
	return "choices"
}

// choosing is a step that chooses a resource.
func (v *visit) choosing(d *draft, step string, typed url.Values, list func(c *choices, search string, skip int, chosen string) error) (*guideData, error) {
	w := readView("", v.r.URL.Query())
	chosen := strings.TrimSpace(typed.Get(fieldChoice))
	c := &choices{Search: w.search, Draft: d.id, Step: step, ShowAll: guidePath(d.id, step, fieldWay, wayChoose)}
	if err := list(c, w.search, (w.page-1)*choiceRows, chosen); err != nil {
		return nil, err
	}
	if c.Typed != nil {
		c.Typed.Value = chosen
	}
	c.First1, c.Last = (w.page-1)*choiceRows+1, min(w.page*choiceRows, c.Total)
	page := func(n int) string {
		return guidePath(d.id, step, fieldWay, wayChoose, "q", w.search, "page", strconv.Itoa(n))
	}
	if w.page > 1 {
		c.Previous = page(w.page - 1)
	}
	if c.Last < c.Total {
		c.Next = page(w.page + 1)
	}
	p := &guideData{Key: step, Form: &form{}, Choices: c}
	p.Form.hide(fieldWay, wayChoose)
	if v.mayMake(step) {
		p.Other = &action{Label: "Make a new " + step, Path: guidePath(d.id, step, fieldWay, wayMake)}
	}
	if step == stepSource && v.may(http.MethodPost, api.PathInterfaces) {
		p.Other = &action{Label: "Create a network interface", Path: interfaces.path + "/new"} // on a page of its own: it is the gateway that has it
	}
	return p, nil
}

// choose lists a page of a collection, the chosen one first if the page does not have it.
func choose[W any](v *visit, c *choices, path string, collection client.Collection[W], search string, skip int, chosen string, of func(*look, *W) choice) error {
	if !v.may("GET", path) {
		c.Typed = &field{Name: fieldChoice, Label: c.Legend, Required: true, Autocomplete: "off", Hint: "Its identifier. You may not list the " + c.Noun + "."}
		return nil
	}
	page, err := collection.Page(v.ctx, choiceRows, "", client.Ordered(search, "name", skip))
	if err != nil {
		return err
	}
	c.Total, c.Empty = page.Total, "There are no "+c.Noun+" yet."
	if search != "" {
		c.Empty = "No " + c.Noun + " have all of these words."
	}
	l, has := &look{v, page.Names}, false
	for i := range page.Items {
		one := of(l, &page.Items[i])
		one.Checked = one.Value == chosen && one.Refused == ""
		has = has || one.Checked
		c.Options = append(c.Options, one)
	}
	if has || chosen == "" {
		return nil
	}
	if w, err := collection.Get(v.ctx, chosen); err == nil {
		one := of(&look{v, map[string]string{}}, w)
		if one.Checked = one.Refused == ""; one.Checked {
			c.Options = append([]choice{one}, c.Options...)
		}
	}
	return nil
}

func (v *visit) sourceChoices(c *choices, search string, skip int, chosen string) error {
	c.Legend, c.Noun = "Mirror source", interfaces.many
	return choose(v, c, api.PathInterfaces, v.api.Interfaces(), search, skip, chosen, func(_ *look, w *api.NetworkInterface) choice {
		one := choice{Value: w.NetworkInterfaceID, Label: w.Name, Details: details(w.Port, vlanText(w.VLAN), w.MACAddress, strings.Join(w.IPAddresses, " "), w.InstanceID, w.Description)}
		if w.Port == "" {
			one.Refused = "It is on no port of this gateway: it can be a target, but no source."
		}
		return one
	})
}

func vlanText(vlan int) string {
	if vlan == 0 {
		return ""
	}
	return "VLAN " + digits(vlan)
}

func (v *visit) targetChoices(c *choices, search string, skip int, chosen string) error {
	c.Legend, c.Noun = "Mirror target", targets.many
	return choose(v, c, api.PathTargets, v.api.Targets(), search, skip, chosen, func(l *look, w *api.TrafficMirrorTarget) choice {
		one := choice{Value: w.TrafficMirrorTargetID, Label: w.Name, Details: details(targetTypes[targetType(w)]+" "+l.destination(w).Text, w.Description)}
		if w.State != "" {
			badge := state(w.State, w.StateReason)
			one.State = &badge
		}
		return one
	})
}

func (v *visit) filterChoices(c *choices, search string, skip int, chosen string) error {
	c.Legend, c.Noun = "Filter", filters.many
	return choose(v, c, api.PathFilters, v.api.Filters(), search, skip, chosen, func(_ *look, w *api.TrafficMirrorFilter) choice {
		return choice{Value: w.TrafficMirrorFilterID, Label: w.Name, Details: details(counted(len(w.IngressFilterRules), "inbound rule"), counted(len(w.EgressFilterRules), "outbound rule"),
			strings.Join(w.NetworkServices, " "), w.Description)}
	})
}

// counted is a number of things.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(int64(n)) + " " + noun + "s"
}

// details has what is there of some texts.
func details(texts ...string) string {
	var has []string
	for _, text := range texts {
		if text != "" {
			has = append(has, text)
		}
	}
	return strings.Join(has, " · ")
}

// tryChoice looks whether what was chosen is there, and keeps its identifier.
func (v *visit) tryChoice(d *draft, step string, p *guideData) error {
	ref := strings.TrimSpace(d.typed[step].Get(fieldChoice))
	if ref == "" {
		p.fault("", "Choose a "+map[string]string{stepSource: "network interface", stepTarget: "target", stepFilter: "filter"}[step])
		return nil
	}
	if p.Choices.Typed != nil {
		return nil // the user may not look; the API tells at the end
	}
	var err error
	switch step {
	case stepSource:
		_, err = v.api.Interfaces().Get(v.ctx, ref)
	case stepTarget:
		_, err = v.api.Targets().Get(v.ctx, ref)
	case stepFilter:
		_, err = v.api.Filters().Get(v.ctx, ref)
	}
	var refused *api.Error
	if errors.As(err, &refused) && refused.Status < 500 {
		p.fault("", forPeople(refused.Message))
		return nil
	}
	return err
}
