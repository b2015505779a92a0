package console

import (
	"bytes"
	"html/template"
	"net/url"
	"time"

	"mirrorgw/ctl/console/decode"
	"mirrorgw/ctl/console/live"
	"mirrorgw/ctl/console/plot"
	"mirrorgw/ctl/console/watch"
)

// Page is a page of the table, for tests.
type Page struct {
	Path, Title string
	Open        bool
	Get, Post   bool
}

// Pages are those of the table.
func (s *Server) Pages() (all []Page) {
	for _, p := range s.pages {
		all = append(all, Page{p.path, p.title, p.open, p.get != nil, p.post != nil})
	}
	return all
}

// RenderWith makes a page of every template that shows texts of users, each of them one of text's.
func RenderWith(text func() string) map[string]string {
	table := Table(text)
	f := &form{Submit: "Save", Cancel: "/targets", Tags: &tagEditor{Rows: []tagRow{{text(), text()}}, Error: text()}, Hidden: []hidden{{hiddenWas, text()}},
		Changed: &conflict{Rows: []conflictRow{{Label: text(), Was: text(), Now: text(), Yours: text(), BothHaveChanged: true}}}}
	for _, kind := range []fieldKind{kindText, kindPassword, kindNumber, kindArea, kindList, kindChoice, kindSuggest, kindCheck, kindSome} {
		f.Fields = append(f.Fields, field{Name: "n" + string(kind), Label: text(), Hint: text(), Kind: kind, Value: text(), Error: text(), Options: []option{{text(), text()}}})
		f.Faults = append(f.Faults, fault{"n", text()})
	}
	f.Groups = []*rowEditor{{Name: "g", Legend: text(), Noun: text(), Error: text(), Columns: []field{{Name: "c", Label: text(), Hint: text()}}, Rows: [][]string{{text()}}}}
	d := &detail{Name: text(), ID: text(), Kind: text(), Sections: []section{{ID: "s", Heading: text(), Note: text(), Facts: []fact{{text(), cell{Text: text(), Title: text(), Badge: "good"}},
		{text(), cell{Text: text(), Code: true}}}, Table: &table, Plots: []template.HTML{(&plot.Plot{ID: text(), Title: text(), Note: text(), Live: text(), From: time.Unix(0, 0), To: time.Unix(60, 0), Series: []plot.Series{{Name: text(), Key: text()}}}).Figure()},
		List: &list{ID: "l", Heading: text(), Empty: text(), Columns: []listColumn{{text(), "name", unitWord, "path"}, {text(), "state", unitStatus, ""}}, Rows: []live.Row{{"key": text(), "name": text(), "path": "/targets/" + text(), "state": text()}}}}}}
	pages := map[string]string{}
	o := &overview{Gateway: true, Topic: text(), Problems: []live.Row{{"key": text(), "severity": text(), "text": text(), "advice": text(), "path": "/targets/" + text()}},
		Tiles: []tile{{text(), cell{Text: text(), Live: text(), Unit: text()}, []fact{{text(), cell{Text: text()}}}, ""}}, Ports: &table, Lcores: &table, Lists: []list{*d.Sections[0].List}, Changes: d.Sections[0].List,
		Facts: d.Sections[0].Facts, Ranges: []rangeLink{{text(), "/?range=" + url.QueryEscape(text()), true}}}
	guide := &guideData{Marks: []guideMark{{text(), "/sessions/guide", true, true}}, Step: text(), Heading: text(), Intro: text(), Form: f, Review: d.Sections, Made: []madeThing{{text(), text(), "/targets/" + text()}},
		Trouble: text(), Action: guidePath(text(), text(), "q", text()), Other: &action{Label: text(), Path: "/targets"}, Choices: &choices{Legend: text(), Noun: text(), Search: text(), Draft: text(), Step: text(),
			ShowAll: guidePath(text(), stepSource), Error: text(), Total: 1, Options: []choice{{Value: text(), Label: text(), Details: text(), State: &cell{Text: text(), Badge: "bad", Title: text()}, Refused: text()}}}}
	for name, data := range map[string]any{"guide": guide, "form": f, "capture": &capturePage{f, []runningCapture{{text(), d.Sections[0].Facts}}, someWatched(text)}, "audit": &auditPage{f, &table, text(), "/audit?user=" + url.QueryEscape(text()), ""}, "explain": &explainPage{f, cell{Text: text(), Badge: "good"}, text(), d.Sections}, "overview": o, "detail": d, "error": text(), "enter": enterData{text(), text()}, "login": loginData{f, true, "/targets?q=" + url.QueryEscape(text())},
		"list": &listing{Table: &table, Path: "/targets", Search: text(), Sort: text(), Next: view{"/targets", text(), text(), 1}.link(2, text()), Noun: text()}} {
		var page bytes.Buffer
		err := templates[name].ExecuteTemplate(&page, "base", &frame{Title: text(), Gateway: text(), Version: text(), User: text(), Token: text(), Data: data,
			Menu: []navSection{{"Traffic", []navEntry{{text(), "/targets", true}}}}, Crumbs: []crumb{{text(), "/targets"}}, Flashes: []flash{{flashSuccess, text()}},
			Health: &health{Faults: []live.Row{{"key": text(), "text": text()}}, Topic: map[bool]string{true: live.Health}[name == "list"]}})
		if err != nil {
			panic(err)
		}
		pages[name] = page.String()
	}
	return pages
}

// someWatched is a watch of one frame.
func someWatched(text func() string) watched {
	fields := []decode.Field{{Name: text(), Value: text(), Fields: []decode.Field{{Name: text(), Value: text()}}}}
	return watched{Ended: text(), Facts: []fact{{text(), cell{Text: text()}}}, Rows: []*watch.Row{{Number: 1, Clock: text(), After: text(), Port: text(), Point: text(), Session: text(), SessionID: text(), Data: []byte(text()),
		Packet: &decode.Packet{Source: text(), Destination: text(), Protocol: text(), Info: text(), Wrapped: []string{text()}, Fault: text(), Layers: []decode.Layer{{Name: text(), Summary: text(), Fault: text(), Fields: fields}}}}}}
}

// Table is one of a row.
func Table(text func() string) table {
	return table{Caption: text(), Headings: []heading{{Label: text(), Path: view{"/targets", text(), text(), 1}.link(1, text()), Sorted: "ascending"}, {Label: text()}},
		Rows: [][]cell{{{Text: text(), Path: "/targets/" + text(), Title: text()}, {Text: text(), Badge: "bad", Title: text()}}}, Empty: text()}
}
