package console

import (
	"net/http"
	"net/url"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

// rulesPath is the page with all rules of a filter in a direction.
func rulesPath(filter, direction string) string {
	return "/filters/" + filter + "/" + directionWords[direction]
}

// newRulePath is the form that adds a rule.
func newRulePath(filter, direction string) string {
	return "/rules/new?" + url.Values{"trafficMirrorFilterId": {filter}, "trafficDirection": {direction}, "ruleAction": {"accept"}}.Encode()
}

// rulesOf lists the rules of a filter in one direction page by page, in the order in which they are asked.
func (v *visit) rulesOf(direction string) (*reply, error) {
	id := v.r.PathValue("id")
	w := readView(rulesPath(id, direction), v.r.URL.Query())
	w.sort = "" // the order says what a rule does
	page, err := v.api.Rules().Page(v.ctx, pageRows, "", client.Where("trafficMirrorFilterId", id), client.Where("trafficDirection", direction), client.Ordered(w.search, "ruleNumber", w.skip()))
	if err != nil {
		return nil, err
	}
	noun := directionWords[direction] + " rules"
	l := &listing{Noun: noun, Table: v.ruleTable("Rules", page.Items)}
	if w.search != "" {
		l.Table.Empty = "No " + noun + " have all of these words."
	}
	l.around(w, page.Total, len(page.Items))
	if v.may(http.MethodPost, api.PathRules) {
		l.Create, l.CreateLabel = newRulePath(id, direction), "Add "+directionWords[direction]+" rule"
	}
	name, known := page.Names[id] // with the rules of a page; a filter itself comes with all of them
	if !known {
		filter, err := v.api.Filters().Get(v.ctx, id)
		if err != nil {
			return nil, err
		}
		name = filter.Name
	}
	return &reply{template: "list", title: strings.ToUpper(noun[:1]) + noun[1:] + " of " + name, crumbs: ofFilter(id, name), data: l}, nil
}
