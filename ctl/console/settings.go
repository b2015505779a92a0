package console

import (
	"net/http"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/config"
)

// settings shows what the gateway runs by: versions, the configuration in force, what a reload came to.
func (v *visit) settings() (*reply, error) {
	if !v.scope().Gateway {
		return nil, failed(http.StatusForbidden, "This page is about the gateway itself, which users of other accounts, and those who may not read its state and statistics, do not see.")
	}
	s, err := v.api.State(v.ctx)
	if err != nil {
		return nil, err
	}
	d := &detail{Name: "Settings in force", Sections: []section{versionSection(v, s), {ID: "configuration", Heading: "Configuration", Facts: reloadFacts(&s.Configuration)}}}
	if v.Config == nil {
		return &reply{template: "detail", data: d}, nil
	}
	for _, setting := range v.Config().Settings() {
		last := &d.Sections[len(d.Sections)-1]
		if name := sectionHeading(setting.Section); last.Heading != name {
			d.Sections = append(d.Sections, section{ID: "settings-" + strings.ReplaceAll(setting.Section, " ", "-"), Heading: name,
				Table: &table{Caption: name, Headings: []heading{{Label: "Key"}, {Label: "Value"}, {Label: "A change counts"}}}})
			last = &d.Sections[len(d.Sections)-1]
		}
		last.Table.Rows = append(last.Table.Rows, settingRow(&setting))
	}
	return &reply{template: "detail", data: d}, nil
}

func sectionHeading(section string) string {
	switch {
	case section == "":
		return "At the top of the file"
	case strings.HasPrefix(section, "port "):
		return "Port " + strings.TrimPrefix(section, "port ")
	}
	return "[" + section + "]"
}

func settingRow(s *config.Setting) []cell {
	counts := "after a restart"
	if s.Reloads {
		counts = "after a reload"
	}
	return []cell{{Text: s.Name, Code: true}, {Text: dash(s.Value), Code: s.Value != ""}, {Text: counts}}
}

func versionSection(v *visit, s *api.State) section {
	return section{ID: "gateway", Heading: "Gateway", Facts: []fact{{"Name", cell{Text: v.Gateway}}, {"Version", cell{Text: s.Version}},
		{"Running since", cell{Text: s.StartedAt.UTC().Format("2006-01-02 15:04:05 UTC")}}, {"Generation in force", cell{Text: grouped(int64(s.Generation))}},
		{"Revision of the resources", cell{Text: grouped(int64(s.Revision))}}, {"Changes not in force everywhere", cell{Text: grouped(int64(s.Pending))}}}}
}

func reloadFacts(c *api.Configuration) []fact {
	facts := []fact{{"File", cell{Text: dash(c.File), Code: c.File != ""}}, {"Log level", cell{Text: dash(c.LogLevel)}}, {"Reloads", cell{Text: grouped(int64(c.Reloads))}}, {"Failed reloads", cell{Text: grouped(int64(c.FailedReloads))}}}
	if !c.LoadedAt.IsZero() {
		facts = append(facts, fact{"In force since", cell{Text: c.LoadedAt.UTC().Format("2006-01-02 15:04:05 UTC")}})
	}
	if len(c.RestartNeeded) > 0 {
		facts = append(facts, fact{"Waits for a restart", cell{Text: strings.Join(c.RestartNeeded, "; ")}})
	}
	if r := c.LastReload; r != nil && len(r.Failures) > 0 {
		facts = append(facts, fact{"The last reload failed", cell{Text: strings.Join(r.Failures, "; ")}})
	}
	return facts
}
