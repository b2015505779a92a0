package console

import (
	"net/http"
	"net/url"
	"slices"

	"mirrorgw/ctl/api"
)

const pathGuide = "/sessions/guide"

// Steps of the guide, in order.
const (
	stepSource   = "source"
	stepTarget   = "target"
	stepFilter   = "filter"
	stepSettings = "settings"
	stepReview   = "review"
)

// guideStep is one page of the guide.
type guideStep struct {
	key, label, heading, intro string
	next                       string // label of the button
}

// guideSteps follow the AWS guide, with what a newcomer knows first at the beginning: what is to be watched.
var guideSteps = []guideStep{
	{stepSource, "Source", "Choose the mirror source", "The network interface whose packets are copied. Its traffic goes on untouched.", "Go on to the target"},
	{stepTarget, "Target", "Choose the mirror target", "Where the copies go, in VXLAN: the tool that looks at them listens there on UDP port 4789.", "Go on to the filter"},
	{stepFilter, "Filter", "Choose the filter", "Which of the packets are copied. Inbound is traffic to the source, outbound traffic from it.", "Go on to the settings"},
	{stepSettings, "Settings", "Set up the session", "What the session is called, and how it copies.", "Review"},
	{stepReview, "Review", "Review and create", "Nothing has been made yet. It is made when you choose Create.", "Create"},
}

// What steps say when they make a resource on the way.
var (
	makeHeadings = map[string]string{stepTarget: "Make the mirror target", stepFilter: "Make the filter"}
	makeIntros   = map[string]string{stepTarget: guideSteps[1].intro + " It is made at the end.",
		stepFilter: "Which of the packets are copied. As proposed here, all of them are, both ways; change the rules, or remove them. It is made at the end."}
)

func guideIndex(key string) int {
	return slices.IndexFunc(guideSteps, func(s guideStep) bool { return s.key == key })
}

// guideCreating is the button at the end, and guideBack the one to the step before.
const (
	guideBack     = "back"
	guideCreating = "create"
)

// guidePath is the address of a step.
func guidePath(id, step string, more ...string) string {
	query := url.Values{"draft": {id}, "step": {step}}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return pathGuide + "?" + query.Encode()
}

// guideStart is where the guide begins, for buttons: each has a draft of its own, which is kept when
// its first step has been done.
func guideStart() string { return guidePath(newDraftID(), stepSource) }

// guideData is what the page shows.
type guideData struct {
	Marks    []guideMark
	Step     string // "Step 2 of 5"
	Heading  string
	Intro    string
	Key      string
	Form     *form
	Choices  *choices // nil: there is nothing to choose from
	Review   []section
	Made     []madeThing
	Trouble  string
	Action   string // path that the form is sent to
	HasBack  bool
	Making   bool    // the step makes a resource on the way
	Other    *action // another way through the step
	Creating bool
}

// guideMark is a step in the list of steps.
type guideMark struct {
	Label, Path   string // no path: it cannot be reached yet
	Done, Current bool
}

// guide shows a step.
func (v *visit) guide() (*reply, error) {
	id, step := v.r.URL.Query().Get("draft"), v.r.URL.Query().Get("step")
	d := v.session.draft(id)
	switch {
	case d == nil && step != "" && step != stepSource:
		return v.guideLost(), nil
	case d == nil && !isDraftID(id):
		d = newDraft(newDraftID())
	case d == nil:
		d = newDraft(id)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.session != "" {
		return d.toSession(), nil
	}
	if reached := d.reached(step); reached != step && step != "" {
		return &reply{redirect: guidePath(d.id, reached)}, nil
	}
	p, err := v.guidePageOf(d, d.reached(step))
	if err != nil {
		return nil, err
	}
	p.blame(d)
	return v.showGuide(d, p, http.StatusOK), nil
}

// guideLost tells of a draft that is not kept.
func (v *visit) guideLost() *reply {
	v.session.tell(flashWarning, "What you had begun is not kept any more: of a log-in the guide keeps the last "+digitsOf(maxDrafts)+". Begin again.")
	return &reply{redirect: pathGuide}
}

// toSession leads from a draft to what became of it.
func (d *draft) toSession() *reply {
	return &reply{redirect: mirrorSessions.path + "/" + d.session + "?check=copies"}
}

// reached is the step that was asked for, or the first one before it that is not done.
func (d *draft) reached(step string) string {
	asked := max(guideIndex(step), 0)
	for i := range asked {
		if !d.done[guideSteps[i].key] {
			return guideSteps[i].key
		}
	}
	return guideSteps[asked].key
}

// takeStep takes what was typed at a step.
func (v *visit) takeStep() (*reply, error) {
	id, step := v.r.URL.Query().Get("draft"), v.r.URL.Query().Get("step")
	d := v.session.draft(id)
	if d == nil {
		if step != "" && step != stepSource {
			return v.guideLost(), nil
		}
		if !isDraftID(id) {
			id = newDraftID()
		}
		d = v.session.begin(id)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.session != "" {
		return d.toSession(), nil
	}
	if reached := d.reached(step); reached != step && step != "" {
		return &reply{redirect: guidePath(d.id, reached)}, nil
	}
	step = d.reached(step)
	do := v.form.Get(fieldDo)
	if step == stepReview && do != guideBack {
		return v.guideCreate(d)
	}
	return v.takeForm(d, step, do)
}

// takeForm keeps what was typed, and goes on where it is good.
func (v *visit) takeForm(d *draft, step, do string) (*reply, error) {
	before := guideSteps[max(guideIndex(step)-1, 0)].key
	if step == stepReview {
		return &reply{redirect: guidePath(d.id, before)}, nil
	}
	kept := d.keep(step, v.form)
	p, err := v.guidePageWith(d, step, v.form)
	if err != nil {
		return nil, err
	}
	if !kept {
		p.Form.fault("", "What was typed is longer than the guide keeps. Make what is long, such as a filter of many rules, on a page of its own and choose it here")
		return v.showGuide(d, p, http.StatusUnprocessableEntity), nil
	}
	d.done[step], d.trouble = false, ""
	delete(d.faults, step)
	if p.Form.edit(do) {
		return v.showGuide(d, p, http.StatusOK), nil
	}
	if do == guideBack {
		return &reply{redirect: guidePath(d.id, before)}, nil
	}
	if err := v.tryStep(d, step, p); err != nil {
		return nil, err
	}
	if len(p.Form.Faults) > 0 {
		return v.showGuide(d, p, http.StatusUnprocessableEntity), nil
	}
	d.done[step] = true
	return &reply{redirect: guidePath(d.id, d.wrong(stepReview))}, nil
}

// wrong is the first step that is not done or has a fault, or the one that is given.
func (d *draft) wrong(otherwise string) string {
	for _, s := range guideSteps {
		if s.key != stepReview && (!d.done[s.key] || len(d.faults[s.key]) > 0) {
			return s.key
		}
	}
	return otherwise
}

// blame shows at the fields what was refused at the end.
func (p *guideData) blame(d *draft) {
	for _, one := range d.faults[p.Key] {
		p.fault(one.Field, one.Text)
	}
}

// showGuide makes the page with what all steps have.
func (v *visit) showGuide(d *draft, p *guideData, status int) *reply {
	at := guideIndex(p.Key)
	s := guideSteps[at]
	p.Step, p.Heading, p.Intro = "Step "+digitsOf(at+1)+" of "+digitsOf(len(guideSteps)), s.heading, s.intro
	if p.Making {
		p.Heading, p.Intro = makeHeadings[p.Key], makeIntros[p.Key]
	}
	p.Action, p.HasBack, p.Made, p.Trouble, p.Creating = guidePath(d.id, p.Key), at > 0, d.made, d.trouble, p.Key == stepReview
	if p.Creating && len(d.made) > 0 {
		p.Intro = "The session has not been made yet. It is made when you choose Create."
	}
	above := crumb{mirrorSessions.title, mirrorSessions.path}
	if !v.may(http.MethodGet, api.PathSessions) {
		above = crumb{"Overview", pathHome}
	}
	p.Form.Submit, p.Form.Cancel = s.next, above.Path
	reachable := true
	for i, one := range guideSteps {
		mark := guideMark{Label: one.label, Done: d.done[one.key] && len(d.faults[one.key]) == 0, Current: i == at}
		if reachable && !mark.Current {
			mark.Path = guidePath(d.id, one.key)
		}
		reachable = reachable && mark.Done
		p.Marks = append(p.Marks, mark)
	}
	return &reply{status: status, template: "guide", title: p.Heading, crumbs: []crumb{above}, data: p}
}

// mayMake says whether the user is offered to make a resource on the way.
func (v *visit) mayMake(step string) bool {
	switch step {
	case stepTarget:
		return v.may(http.MethodPost, api.PathTargets)
	case stepFilter:
		return v.may(http.MethodPost, api.PathFilters)
	}
	return false
}

// beginning leads to the guide from the overview.
type beginning struct {
	Heading string
	action
}

// beginning is there while there are no sessions, and for who may make one without seeing the list of them.
func (v *visit) beginning() *beginning {
	switch {
	case !v.may(http.MethodPost, api.PathSessions):
		return nil
	case !v.may(http.MethodGet, api.PathSessions):
		return &beginning{"Mirror traffic", action{Label: "Create a session", Path: guideStart()}}
	}
	if page, err := v.api.Sessions().Page(v.ctx, 1, ""); err != nil || len(page.Items) > 0 {
		return nil
	}
	return &beginning{"Nothing is mirrored yet", action{Label: "Create the first session", Path: guideStart()}}
}
