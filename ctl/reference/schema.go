package reference

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// write appends a type: what it is, and its fields.
func (s *schema) write(b *bytes.Buffer, name string, about comments) {
	fmt.Fprintf(b, "\n### %s\n", name)
	if text := about[name]; text != "" {
		fmt.Fprintf(b, "\n%s.\n", text)
	}
	if len(s.Properties) == 0 {
		return
	}
	b.WriteString("\n| field | type | | meaning |\n| --- | --- | --- | --- |\n")
	for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
		always := ""
		if slices.Contains(s.Required, field) {
			always = "always"
		}
		property := s.Properties[field]
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", field, property.words(), always, s.meaning(name, field, about))
	}
}

// meaning is what the sources say of a field; what all resources have is told with Common.
func (s *schema) meaning(name, field string, about comments) string {
	if text := about[name+"."+field]; text != "" {
		return text
	}
	if _, resource := s.Properties["ownerId"]; resource && about["Common."+field] != "" {
		return about["Common."+field]
	}
	return s.Properties[field].Description
}

// words is a type for people, with links to those that have a part of their own.
func (s *schema) words() string {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		return fmt.Sprintf("[%s](#%s)", name, strings.ToLower(name))
	}
	if len(s.AnyOf) > 0 {
		var parts []string
		for i := range s.AnyOf {
			parts = append(parts, s.AnyOf[i].words())
		}
		return strings.Join(parts, " or ")
	}
	if names, ok := s.Type.([]any); ok {
		return strings.ReplaceAll(strings.Trim(fmt.Sprint(names), "[]"), " ", " or ")
	}
	name, _ := s.Type.(string)
	switch {
	case name == "array" && s.Items != nil:
		return "array of " + s.Items.words()
	case name == "object":
		var values schema
		if json.Unmarshal(s.Additional, &values) == nil && (values.Type != nil || values.Ref != "") {
			return "object of " + values.words()
		}
	case s.Format != "":
		return name + " (" + s.Format + ")"
	case s.Minimum != nil:
		return fmt.Sprintf("%s from %d", name, *s.Minimum)
	}
	return name
}
