package manual

import (
	"fmt"
	"strings"
)

// Page is one manual page. Its methods append; texts are plain text in lines of any length.
type Page struct{ b strings.Builder }

// New begins the page of a program: section is that of the manual, as 1 or 8, summary the clause behind its
// name. A page bears no date, so that the same code gives the same page.
func New(program string, section int, version, summary string) *Page {
	p := &Page{}
	fmt.Fprintf(&p.b, ".TH %s %d \"\" %s mirrorgw\n", quote(strings.ToUpper(program)), section, quote("mirrorgw "+version))
	p.Section("NAME")
	fmt.Fprintf(&p.b, "%s \\- %s\n", escape(program), escape(summary))
	return p
}

// Section begins a section.
func (p *Page) Section(name string) { fmt.Fprintf(&p.b, ".SH %s\n", quote(name)) }

// Subsection begins a part of one.
func (p *Page) Subsection(name string) { fmt.Fprintf(&p.b, ".SS %s\n", quote(name)) }

// Text appends paragraphs, which empty lines part. Lines that begin with a space stay as they are.
func (p *Page) Text(text string) {
	for i, paragraph := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if i > 0 {
			p.b.WriteString(".PP\n")
		}
		p.paragraph(strings.Split(paragraph, "\n"))
	}
}

func (p *Page) paragraph(lines []string) {
	plain := 0
	for plain < len(lines) && !strings.HasPrefix(lines[plain], " ") {
		plain++
	}
	for _, line := range lines[:plain] {
		p.b.WriteString(escape(line) + "\n")
	}
	if plain < len(lines) {
		p.Verbatim(strings.Join(lines[plain:], "\n"))
	}
}

// Item appends a term and what it means.
func (p *Page) Item(term, meaning string) {
	fmt.Fprintf(&p.b, ".TP\n.B %s\n", quote(term))
	p.Text(meaning)
}

// Verbatim appends lines as they are.
func (p *Page) Verbatim(text string) {
	p.b.WriteString(".PP\n.nf\n")
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		p.b.WriteString(escape(line) + "\n")
	}
	p.b.WriteString(".fi\n")
}

// String is the page so far.
func (p *Page) String() string { return p.b.String() }

// escape keeps man(7) from taking text for requests and hyphens of options for those of words.
func escape(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(line)
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	return line
}

// quote is escape for the argument of a request.
func quote(text string) string { return `"` + strings.ReplaceAll(escape(text), `"`, `\(dq`) + `"` }
