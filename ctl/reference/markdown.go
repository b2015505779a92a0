package reference

import (
	"fmt"
	"strings"

	"mirrorgw/ctl/config"
)

// Markdown is the table of a section. Where changedBy is not nil, a column says by what a new value takes force.
func (s *Section) Markdown(changedBy func(section, key string) string) string {
	var b strings.Builder
	head := []string{"key", "type", "default", "values", "meaning"}
	if changedBy != nil {
		head = []string{"key", "type", "default", "values", "changed by", "meaning"}
	}
	row(&b, head)
	row(&b, strings.Split(strings.Repeat("---,", len(head)-1)+"---", ","))
	for i := range s.Keys {
		k := &s.Keys[i]
		cells := []string{"`" + k.Name + "`", string(k.Type), k.defaultCell(), k.valuesCell()}
		if changedBy != nil {
			cells = append(cells, changedBy(s.Name, k.Name))
		}
		row(&b, append(cells, k.Meaning))
	}
	return b.String()
}

func row(b *strings.Builder, cells []string) {
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}

func (k *Key) defaultCell() string {
	switch {
	case k.Required:
		return "required"
	case k.Default != "":
		return "`" + k.Default + "`"
	case k.Absent != "":
		return k.Absent
	}
	return "empty"
}

// reloadOrRestart says which of the two a key of gateway.toml needs.
func reloadOrRestart(section, name string) string {
	for _, k := range config.Keys() {
		if k.Section == section && k.Name == name && k.Reloads {
			return "reload"
		}
	}
	return "restart"
}

// valuesCell says which values are right.
func (k *Key) valuesCell() string {
	var parts []string
	if len(k.Words) > 0 {
		parts = append(parts, "`"+strings.Join(k.Words, "`, `")+"`")
	}
	limits, form := k.limits(), k.Form
	if k.Type == Text {
		limits, form = form, limits
	}
	for _, part := range []string{limits, form} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "; ")
}

func (k *Key) limits() string {
	switch {
	case k.Type == Duration && k.Most != "":
		return fmt.Sprintf("`\"%s\"` to `\"%s\"`", k.Least, k.Most)
	case k.Type == Duration:
		return ""
	case k.Type == Integer && k.Most != "":
		return strings.TrimSpace(fmt.Sprintf("%s to %s %s", k.Least, k.Most, k.Unit))
	case k.Most == "":
		return ""
	case k.Type == Text:
		return "up to " + k.Most + " characters"
	}
	return "up to " + k.Most
}
