package console

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/audit"
	"mirrorgw/ctl/client"
)

const pathAudit = "/audit"

// auditPage is a page of the audit log, and what chooses from it.
type auditPage struct {
	Form  *form
	Table *table
	Note  string
	Next  string // path of the page with older entries; empty: there is none
	First string // path of the newest entries; empty: these are they
}

func auditForm(query url.Values) *form {
	f := &form{Submit: "Search", Fields: []field{
		{Name: "user", Label: "User", Hint: "A user name, ARN, account, access key, or the number of a user of the gateway’s machine.", Autocomplete: "off"},
		{Name: "action", Label: "Action", Hint: "The name; * stands for any characters.", Autocomplete: "off"},
		{Name: "resource", Label: "Resource", Hint: "An identifier or ARN.", Autocomplete: "off"},
		{Name: "outcome", Label: "Outcome", Kind: kindChoice, Options: []option{{"", "Any"}, {"success", "Success"}, {"failure", "Failure"}, {"denied", "Denied"}}},
		{Name: "search", Label: "Words", Hint: "All of them stand somewhere in the entry.", Autocomplete: "off"},
	}}
	f.fill(query)
	return f
}

// auditList shows the newest entries that are asked for, or those before a position.
func (v *visit) auditList() (*reply, error) {
	query := v.r.URL.Query()
	f := auditForm(query)
	texts := f.texts()
	page := &auditPage{Form: f, Table: &table{Caption: "Entries of the audit log", Empty: "There are no such entries here.",
		Headings: []heading{{Label: "Time"}, {Label: "Who"}, {Label: "Action"}, {Label: "Outcome"}, {Label: "Resource"}, {Label: "Door"}}}}
	a := &reply{template: "audit", data: page}
	log, err := v.api.AuditLog(v.ctx, client.AuditQuery{Limit: pageRows, Before: query.Get("before"), User: texts["user"], Action: texts["action"],
		Resource: texts["resource"], Outcome: texts["outcome"], Search: texts["search"]})
	if err != nil {
		a.status = http.StatusBadRequest
		return a, f.refused(err, nil)
	}
	for i := range log.Items {
		page.Table.Rows = append(page.Table.Rows, auditRow(&log.Items[i]))
	}
	if log.Unreadable > 0 {
		page.Note = grouped(int64(log.Unreadable)) + " lines on the way are no entries."
	}
	asked := url.Values{}
	for name, text := range texts {
		if text != "" {
			asked.Set(name, text)
		}
	}
	if query.Get("before") != "" {
		page.First = pathAudit + "?" + asked.Encode()
	}
	if log.Next != "" {
		asked.Set("before", log.Next)
		page.Next = pathAudit + "?" + asked.Encode()
	}
	return a, nil
}

func auditRow(e *api.AuditEntry) []cell {
	touched := ""
	if len(e.Resources) > 0 {
		touched = e.Resources[0]
	}
	if more := len(e.Resources) - 1; more > 0 {
		touched += " and " + strconv.Itoa(more) + " more"
	}
	return []cell{{Text: e.Time.UTC().Format("2006-01-02 15:04:05"), Path: pathAudit + "/" + e.Position}, {Text: auditWho(e)}, {Text: dash(e.Action)},
		auditOutcome(e), {Text: touched, Code: true}, {Text: e.Door}}
}

func auditWho(e *api.AuditEntry) string {
	i := &e.Identity
	if i.ARN == "" && i.UID != nil {
		return "uid " + strconv.Itoa(*i.UID)
	}
	if i.User == "" && i.Type == audit.TypeRoot && i.Account != "" {
		return "account " + i.Account
	}
	return cmp.Or(i.User, i.ARN, i.AccessKey, i.Type)
}

func auditOutcome(e *api.AuditEntry) cell {
	if e.Code != "" || e.Status >= 400 {
		return cell{Text: cmp.Or(e.Code, strconv.Itoa(e.Status)), Badge: "bad", Title: e.Message}
	}
	return cell{Text: "success", Badge: "good"}
}

// auditDetail shows an entry whole.
func (v *visit) auditDetail() (*reply, error) {
	e, err := v.api.AuditEntry(v.ctx, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	whole, err := json.MarshalIndent(e.Record, "", "  ")
	if err != nil {
		return nil, err
	}
	d := &detail{Name: cmp.Or(e.Action, "Unknown action"), ID: e.RequestID, Kind: "request"}
	facts := []fact{{"Time", cell{Text: e.Time.UTC().Format("2006-01-02 15:04:05.000 UTC")}}, {"Who", cell{Text: auditWho(e)}}, {"ARN", cell{Text: dash(e.Identity.ARN), Code: true}},
		{"Access key", cell{Text: dash(e.Identity.AccessKey), Code: true}}, {"From", cell{Text: dash(e.SourceIP)}}, {"Door", cell{Text: dash(e.Door)}}, {"Outcome", auditOutcome(e)},
		{"Status", cell{Text: strconv.Itoa(e.Status)}}, {"Policy", cell{Text: dash(e.Policy)}}, {"Statement", cell{Text: dash(e.Statement)}},
		{"Took", cell{Text: (time.Duration(e.Microseconds) * time.Microsecond).String()}}}
	d.Sections = []section{{ID: "details", Heading: "Details", Note: sentence(e.Message), Facts: facts}, {ID: "entry", Heading: "The whole entry", Text: string(whole)}}
	return &reply{template: "detail", title: d.Name, crumbs: []crumb{{"Audit log", pathAudit}}, data: d}, nil
}
