package console

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// sessionSteps are the steps that fields of a session belong to; the others are settings.
var sessionSteps = map[string]string{"networkInterfaceId": stepSource, "trafficMirrorTargetId": stepTarget, "trafficMirrorFilterId": stepFilter, "": stepReview}

// sort puts what the API says of the session to the steps.
func (d *draft) sort(e *api.Error) {
	for _, one := range faultsOf(e) {
		base, _, _ := strings.Cut(one.Field, ".")
		step, has := sessionSteps[base]
		if !has {
			step = stepSettings
		}
		d.faults[step] = append(d.faults[step], one)
	}
}

// sessionBody is what the API takes of the session, with what the steps before have chosen.
func (d *draft) sessionBody(settings *form) map[string]any {
	body := bodyWithTags(settings, (*form).body)
	for field, step := range sessionSteps {
		if chosen := strings.TrimSpace(d.typed[step].Get(fieldChoice)); field != "" && chosen != "" {
			body[field] = chosen
		}
	}
	return body
}

// guideCreate makes what is to be made, in order. What is refused ends it: what was made before stays,
// is chosen in its step from then on, and the page tells of it. The draft's lock is held.
func (v *visit) guideCreate(d *draft) (*reply, error) {
	if wrong := d.wrong(""); wrong != "" {
		return &reply{redirect: guidePath(d.id, wrong)}, nil
	}
	d.trouble, d.faults = "", map[string][]fault{}
	if err := makeOnTheWay(v, d, stepTarget, targets); err != nil {
		return v.guideRefused(d, stepTarget, err), nil
	}
	if err := makeOnTheWay(v, d, stepFilter, filters); err != nil {
		return v.guideRefused(d, stepFilter, err), nil
	}
	p, err := v.guidePageWith(d, stepSettings, d.typed[stepSettings])
	if err != nil {
		return nil, err
	}
	changed, err := createOnce(v, d, mirrorSessions, v.owned(d, d.sessionBody(p.Form)))
	if err != nil {
		return v.guideRefused(d, stepReview, err), nil
	}
	d.session, d.typed = changed.Resource.TrafficMirrorSessionID, map[string]url.Values{}
	v.session.tell(flashSuccess, "Created "+mirrorSessions.one+" "+changed.Resource.Name+".")
	for _, one := range d.made {
		v.session.tell(flashSuccess, "Created "+one.Kind+" "+one.Name+" for it.")
	}
	v.warn(changed.Warnings)
	return d.toSession(), nil
}

// makeOnTheWay makes the target or the filter, if a step says so, and has the step choose it then.
func makeOnTheWay[W any](v *visit, d *draft, step string, r *resource[W]) error {
	if !d.makes(step) {
		return nil
	}
	p, err := v.guidePageWith(d, step, d.typed[step])
	if err != nil {
		return err
	}
	changed, err := createOnce(v, d, r, v.owned(d, bodyWithTags(p.Form, r.bodyOf)))
	if err != nil {
		return err
	}
	w := &changed.Resource
	d.made = append(d.made, madeThing{r.one, r.common(w).Name, r.at(w)})
	d.typed[step] = url.Values{fieldWay: {wayChoose}, fieldChoice: {r.id(w)}}
	v.warn(changed.Warnings)
	return nil
}

// createOnce makes a resource; the same draft does not make the same one twice.
func createOnce[W any](v *visit, d *draft, r *resource[W], body map[string]any) (*api.Changed[W], error) {
	text, err := json.Marshal(body) // with the keys in order
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(d.id + r.api + string(text)))
	token := client.ClientToken(hex.EncodeToString(sum[:16]))
	changed, err := r.collection(v.api).CreateFrom(v.ctx, body, token)
	var late *api.Error
	if !errors.As(err, &late) || late.Code != api.CodeLcoreStalled {
		return changed, err
	}
	v.session.tell(flashWarning, sentence(late.Message)) // it is made: the token gets it
	return r.collection(v.api).CreateFrom(v.ctx, body, token)
}

// guideRefused keeps what the API has said for the steps that it is about, and leads to the first of them.
func (v *visit) guideRefused(d *draft, step string, err error) *reply {
	word := map[string]string{stepTarget: targets.one, stepFilter: filters.one, stepReview: mirrorSessions.one}[step]
	d.trouble = "The " + word + " was not made"
	if step != stepReview {
		d.trouble += ", and neither was the " + mirrorSessions.one
	}
	d.trouble += "."
	var refused *api.Error
	switch {
	case !errors.As(err, &refused) || refused.Status >= 500:
		d.trouble += " " + sentence(err.Error()) + " What was typed is kept: try again, nothing is made twice."
	case step == stepReview:
		d.sort(refused)
		for _, one := range d.faults[stepReview] {
			d.trouble += " " + sentence(one.Text)
		}
		delete(d.faults, stepReview)
	default:
		d.faults[step] = faultsOf(refused)
	}
	return &reply{redirect: guidePath(d.id, d.wrong(stepReview))}
}

// reviewing shows what will be made.
func (v *visit) reviewing(d *draft) (*guideData, error) {
	p := &guideData{Key: stepReview, Form: &form{}}
	source := d.typed[stepSource].Get(fieldChoice)
	p.Review = []section{{Heading: "Mirror source", Facts: []fact{{"Network interface", reference("/interfaces", source, v.interfaceName(source))}}}}
	if owner := v.guideOwner(d); owner != "" {
		p.Review[0].Facts = append(p.Review[0].Facts, fact{"Account, of all that is made", cell{Text: owner, Code: true}})
	}
	target, err := v.reviewed(d, stepTarget, "Mirror target")
	if err != nil {
		return nil, err
	}
	filter, err := v.reviewed(d, stepFilter, "Filter")
	if err != nil {
		return nil, err
	}
	settings, err := v.reviewed(d, stepSettings, "Session")
	if err != nil {
		return nil, err
	}
	p.Review = append(p.Review, target, filter, settings)
	for i := range p.Review {
		step := guideSteps[i]
		p.Review[i].ID = step.key
		p.Review[i].Action = &action{Label: "Change the " + strings.ToLower(step.label), Path: guidePath(d.id, step.key)}
	}
	return p, nil
}

// reviewed is what a step comes to.
func (v *visit) reviewed(d *draft, step, heading string) (section, error) {
	id := d.typed[step].Get(fieldChoice)
	switch {
	case d.makes(step) || step == stepSettings:
	case step == stepTarget:
		return section{Heading: heading, Facts: []fact{{"It is there already", reference("/targets", id, v.targetName(id))}}}, nil
	default:
		return section{Heading: heading, Facts: []fact{{"It is there already", reference("/filters", id, v.filterName(id))}}}, nil
	}
	p, err := v.guidePageWith(d, step, d.typed[step])
	if err != nil {
		return section{}, err
	}
	s := section{Heading: heading, Note: "It is made when you choose Create.", Facts: typedFacts(p.Form)}
	if step == stepFilter {
		s.Table = typedRules(p.Form)
		if body := filterBody(p.Form); len(s.Table.Rows) == 0 && body["networkServices"] == nil {
			s.Note += " It has no rules and no network services: the session will copy nothing until it has."
		}
	}
	return s, nil
}

// typedFacts are what was typed into fields; those left empty are left out.
func typedFacts(f *form) (facts []fact) {
	for i := range f.Fields {
		one := &f.Fields[i]
		value := strings.TrimSpace(one.Value)
		for _, option := range one.Options {
			if one.Kind == kindChoice && option.Value == value {
				value = option.Label
			}
		}
		if one.Kind == kindCheck && value != "" {
			value = "yes"
		}
		if value != "" {
			facts = append(facts, fact{one.Label, cell{Text: value}})
		}
	}
	if tags, _ := f.Tags.tags(); len(tags) > 0 {
		var texts []string
		for _, row := range newTagEditor(maps.Clone(tags)).Rows {
			texts = append(texts, row.Key+" = "+row.Value)
		}
		facts = append(facts, fact{"Tags", cell{Text: strings.Join(texts, ", ")}})
	}
	return facts
}

// typedRules are the rules of the form, in its order.
func typedRules(f *form) *table {
	t := &table{Caption: "Rules of the new filter", Empty: "There are no rules.", Headings: []heading{{Label: "Direction"}, {Label: "Number"}, {Label: "Action"}, {Label: "Protocol"},
		{Label: "Source ports"}, {Label: "Destination ports"}, {Label: "Source"}, {Label: "Destination"}, {Label: "Description"}}}
	for _, group := range f.Groups {
		direction, _, _ := strings.Cut(group.Legend, " ")
		for _, row := range group.typedRows() {
			cells := []cell{{Text: strings.ToLower(direction)}}
			for i, text := range row {
				if text = strings.TrimSpace(text); text == "" && i >= 2 && i <= 6 {
					text = map[bool]string{true: "any", false: "all"}[i >= 5]
				}
				cells = append(cells, cell{Text: text})
			}
			t.Rows = append(t.Rows, cells)
		}
	}
	return t
}

// checkSection is what to look at once the guide has created a session.
func (v *visit) checkSection(w *api.TrafficMirrorSession) section {
	numbers := cell{Text: "the status of the session, below", Path: "#status"}
	if v.Live != nil {
		numbers = cell{Text: "the numbers of the session, which move, below", Path: "#now"}
	}
	target := "/targets/" + w.TrafficMirrorTargetID
	return section{ID: "check", Heading: "What to check now", Note: "The session is in force. A copy is made as soon as the source sends or gets a packet that the filter accepts.", Facts: []fact{
		{"Are copies made?", numbers},
		{"Do they get to the target?", cell{Text: "what the target gets, and the way there", Path: target + "#way"}},
		{"Does the filter take what you mean?", cell{Text: "its rules", Path: "/filters/" + w.TrafficMirrorFilterID}},
		{"Does the receiver get them? There:", cell{Text: "tcpdump -n udp port 4789", Code: true}}}}
}
