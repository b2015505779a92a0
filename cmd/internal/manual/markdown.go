package manual

import (
	"fmt"
	"strings"
)

// Markdown is the page for docs/. It does not name the version, so that it changes with the code alone.
func (p *Page) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s(%d): reference\n\n%s: %s. This page is written from the code (`make docs`); it is the text of the manual page.\n",
		p.program, p.section, p.program, p.summary)
	before := section
	for _, part := range p.parts {
		if part.kind != item || before != item {
			b.WriteByte('\n')
		}
		switch part.kind {
		case section:
			b.WriteString("## " + part.term[:1] + strings.ToLower(part.term[1:]) + "\n")
		case subsection:
			b.WriteString("### " + plain(part.term) + "\n")
		case text:
			b.WriteString(plain(part.text) + "\n")
		case item:
			fmt.Fprintf(&b, "- `%s`: %s\n", part.term, strings.ReplaceAll(plain(part.text), "\n", "\n  "))
		case verbatim:
			b.WriteString("```text\n" + part.text + "\n```\n")
		}
		before = part.kind
	}
	return b.String()
}

// plain keeps Markdown from taking text for more than text.
func plain(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", `\<`, "[", `\[`, "]", `\]`, "`", "\\`").Replace(text)
}
