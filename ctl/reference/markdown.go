package reference

import (
	"fmt"
	"strings"
)

// Markdown is the table of a section. With changes there is a column that says when a new value takes force.
func (s *Section) Markdown(changes bool) string {
	var b strings.Builder
	head := []string{"key", "type", "default", "values", "meaning"}
	if changes {
		head = []string{"key", "type", "default", "values", "changed by", "meaning"}
	}
	row(&b, head)
	row(&b, strings.Split(strings.Repeat("---,", len(head)-1)+"---", ","))
	for i := range s.Keys {
		k := &s.Keys[i]
		cells := []string{"`" + k.Name + "`", string(k.Type), k.defaultCell(), k.valuesCell()}
		if changes {
			cells = append(cells, k.changeCell())
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

func (k *Key) changeCell() string {
	if k.Reload {
		return "reload"
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
