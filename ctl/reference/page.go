package reference

import (
	"fmt"
	"regexp"
	"strings"
)

// region is a part of a page that is written from here: its first line names what, its last line ends it.
var region = regexp.MustCompile(`(?ms)^<!-- generated: (.+?) -->\n.*?^<!-- end -->$`)

// Fill returns the text of a page with each of its regions
//
//	<!-- generated: gateway.toml [eal] -->
//	<!-- end -->
//
// filled with the table of the section that it names; "gateway.toml" alone names the keys before the first section. An
// error names a region that no section has, or a section that no region of the page has.
func Fill(page string) (string, error) {
	tables := map[string]string{}
	for _, file := range []struct {
		name      string
		sections  []Section
		changedBy func(section, key string) string
	}{{"gateway.toml", Gateway(), reloadOrRestart}, {"resources.toml", Resources(), nil}} {
		for i := range file.sections {
			name := strings.TrimSpace(file.name + " " + file.sections[i].Header())
			tables[name] = file.sections[i].Markdown(file.changedBy)
		}
	}
	var unknown []string
	filled := region.ReplaceAllStringFunc(page, func(old string) string {
		name := region.FindStringSubmatch(old)[1]
		table, ok := tables[name]
		if !ok {
			unknown = append(unknown, name)
			return old
		}
		delete(tables, name)
		return fmt.Sprintf("<!-- generated: %s -->\n%s<!-- end -->", name, table)
	})
	for name := range tables {
		return "", fmt.Errorf("the page has no line <!-- generated: %s -->; add it where the table belongs, and <!-- end --> below it", name)
	}
	if len(unknown) > 0 {
		return "", fmt.Errorf("the page asks for %s, which no table has, or has twice", strings.Join(unknown, ", "))
	}
	return filled, nil
}
