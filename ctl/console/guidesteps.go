package console

import (
	"errors"
	"net/url"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// Inputs of the steps that choose a resource.
const (
	fieldWay    = "way" // wayMake, or wayChoose
	fieldChoice = "choice"
	wayMake     = "make"
	wayChoose   = "choose"
)

// guidePageOf makes a step with what was typed there before, or what it proposes.
func (v *visit) guidePageOf(d *draft, step string) (*guideData, error) {
	typed := d.typed[step]
	if way := v.r.URL.Query().Get(fieldWay); way != "" && way != typed.Get(fieldWay) {
		typed = url.Values{fieldWay: {way}} // the other way through the step begins empty
	}
	return v.guidePageWith(d, step, typed)
}

// guidePageWith makes a step with values; none: what it proposes.
func (v *visit) guidePageWith(d *draft, step string, typed url.Values) (*guideData, error) {
	switch step {
	case stepSource:
		return v.choosing(d, step, typed, v.sourceChoices)
	case stepTarget:
		if v.isMaking(step, typed) {
			return v.making(d, step, typed, v.targetFields, nil)
		}
		return v.choosing(d, step, typed, v.targetChoices)
	case stepFilter:
		if v.isMaking(step, typed) {
			return v.making(d, step, typed, v.filterFields, firstRules)
		}
		return v.choosing(d, step, typed, v.filterChoices)
	case stepSettings:
		return v.making(d, step, typed, func() ([]field, error) { return v.guideSettings(d) }, nil)
	}
	return v.reviewing(d)
}

// isMaking says whether a resource is made on the way. Where there is none to choose, it is.
func (v *visit) isMaking(step string, typed url.Values) bool {
	if !v.mayMake(step) {
		return false
	}
	if way := typed.Get(fieldWay); way != "" {
		return way == wayMake
	}
	total, err := 1, error(nil)
	if step == stepTarget && v.may("GET", api.PathTargets) {
		total, err = countOf(v, v.api.Targets())
	}
	if step == stepFilter && v.may("GET", api.PathFilters) {
		total, err = countOf(v, v.api.Filters())
	}
	return err == nil && total == 0
}

func countOf[W any](v *visit, collection client.Collection[W]) (int, error) {
	page, err := collection.Page(v.ctx, 1, "", client.Ordered("", "name", 0))
	if err != nil {
		return 0, err
	}
	return page.Total, nil
}

// making is a step with a form.
func (v *visit) making(d *draft, step string, typed url.Values, fields func() ([]field, error), groups func() []*rowEditor) (*guideData, error) {
	all, err := fields()
	if err != nil {
		return nil, err
	}
	f := &form{Fields: all, Tags: &tagEditor{}}
	if groups != nil {
		f.Groups = groups()
	}
	if typed.Has("name") { // the form was filled in; else it shows what it proposes
		f.fill(typed)
		f.Tags = readTags(typed)
	}
	p := &guideData{Key: step, Form: f}
	if step != stepSettings {
		f.hide(fieldWay, wayMake)
		p.Making = true
		p.Other = &action{Label: "Choose one that is there", Path: guidePath(d.id, step, fieldWay, wayChoose)}
	}
	return p, nil
}

// firstRules propose to mirror everything, both ways: what a newcomer looks for first are copies.
func firstRules() []*rowEditor {
	groups := ruleGroups()
	for _, group := range groups {
		row := group.empty()
		row[0] = "100"
		group.Rows = append(group.Rows, row)
	}
	return groups
}

// guideSettings are the session's fields but for what the steps before have chosen.
func (v *visit) guideSettings(d *draft) ([]field, error) {
	settings := sessionSettings()
	source := d.typed[stepSource].Get(fieldChoice)
	if v.may("GET", api.PathSessions) && source != "" {
		page, err := v.api.Sessions().Page(v.ctx, pageRows, "", client.Where("networkInterfaceId", source), client.Ordered("", "sessionNumber", 0))
		if err != nil {
			return nil, err
		}
		free, used := 1, []string{}
		for i := range page.Items {
			n := page.Items[i].SessionNumber
			if used = append(used, digits(n)); n == free {
				free++
			}
		}
		settings[0].Value = digits(free)
		if len(used) > 0 {
			settings[0].Hint += " The source already has: " + strings.Join(used, ", ") + "."
		}
	}
	return append(commonFields(sessionNameHint), settings...), nil
}

// fault shows what is wrong at the field of the step, by the API's name of it.
func (p *guideData) fault(name, text string) {
	aliases := map[string]string{}
	switch {
	case p.Choices != nil:
		p.Choices.Error = strings.TrimSpace(p.Choices.Error + " " + sentence(text))
		p.Form.Faults = append(p.Form.Faults, fault{p.Choices.First(), sentence(text)})
		return
	case p.Key == stepTarget:
		aliases = targets.aliases
	case p.Key == stepFilter:
		aliases = filters.aliases
	}
	path := name
	if alias, has := aliases[name]; has {
		name = alias
	}
	p.Form.fault(name, p.Form.labelled(text, path, name))
}

// tryStep asks the API whether it would take what was typed; the faults are in the page then.
func (v *visit) tryStep(d *draft, step string, p *guideData) error {
	if p.Choices != nil {
		return v.tryChoice(d, step, p)
	}
	if _, twice := p.Form.Tags.tags(); twice != "" {
		p.fault("tags", twice)
		return nil
	}
	var err error
	switch step {
	case stepTarget:
		_, err = v.api.Targets().CreateFrom(v.ctx, v.owned(d, bodyWithTags(p.Form, targets.bodyOf)), client.DryRun())
	case stepFilter:
		_, err = v.api.Filters().CreateFrom(v.ctx, v.owned(d, bodyWithTags(p.Form, filters.bodyOf)), client.DryRun())
	case stepSettings:
		return v.trySettings(d, p)
	}
	var refused *api.Error
	if errors.As(err, &refused) && refused.Status < 500 {
		for _, one := range faultsOf(refused) {
			p.fault(one.Field, one.Text)
		}
		return nil
	}
	return err
}

// trySettings tries the session, where all that it refers to is there already. Else the end tells.
func (v *visit) trySettings(d *draft, p *guideData) error {
	if d.makes(stepTarget) || d.makes(stepFilter) {
		return nil
	}
	_, err := v.api.Sessions().CreateFrom(v.ctx, v.owned(d, d.sessionBody(p.Form)), client.DryRun())
	var refused *api.Error
	if err == nil || !errors.As(err, &refused) || refused.Status >= 500 {
		return err
	}
	d.sort(refused)
	for _, one := range d.faults[stepSettings] {
		p.fault(one.Field, one.Text)
	}
	for _, one := range d.faults[stepReview] {
		p.fault("", one.Text)
	}
	delete(d.faults, stepSettings)
	delete(d.faults, stepReview)
	return nil
}

// makes says whether a step makes a resource.
func (d *draft) makes(step string) bool { return d.typed[step].Get(fieldWay) == wayMake }

// faultsOf are all that the API says is wrong.
func faultsOf(e *api.Error) (all []fault) {
	for _, one := range append([]api.Error{*e}, e.Details...) {
		all = append(all, fault{one.Field, forPeople(one.Message)})
	}
	return all
}

// bodyWithTags is what the API takes of a form and its tags, which have no key twice.
func bodyWithTags(f *form, bodyOf func(*form) map[string]any) map[string]any {
	body := bodyOf(f)
	if tags, _ := f.Tags.tags(); len(tags) > 0 {
		body["tags"] = tags
	}
	return body
}
