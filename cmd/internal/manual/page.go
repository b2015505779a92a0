package manual

import "strings"

// Page is one manual page. Its methods append; texts are plain text in lines of any length.
type Page struct {
	program, version, summary string
	section                   int
	parts                     []part
}

// part is a piece of a page: term is that of an item, the heading of a section.
type part struct {
	kind       kind
	term, text string
}

type kind int

const (
	section kind = iota
	subsection
	text
	item
	verbatim
)

// New begins the page of a program: section is that of the manual, as 1 or 8, summary the clause behind its
// name. A page bears no date, so that the same code gives the same page.
func New(program string, section int, version, summary string) *Page {
	return &Page{program: program, section: section, version: version, summary: summary}
}

// Section begins a section, whose name is in capitals.
func (p *Page) Section(name string) { p.add(section, name, "") }

// Subsection begins a part of one.
func (p *Page) Subsection(name string) { p.add(subsection, name, "") }

// Text appends paragraphs, which empty lines part. Lines that begin with a space stay as they are.
func (p *Page) Text(words string) {
	for _, paragraph := range strings.Split(strings.Trim(words, "\n"), "\n\n") {
		plain, kept := cut(paragraph)
		if plain != "" {
			p.add(text, "", plain)
		}
		if kept != "" {
			p.add(verbatim, "", kept)
		}
	}
}

// cut parts the lines of a paragraph in front of the first that begins with a space.
func cut(paragraph string) (plain, kept string) {
	lines := strings.Split(paragraph, "\n")
	n := 0
	for n < len(lines) && !strings.HasPrefix(lines[n], " ") {
		n++
	}
	return strings.Join(lines[:n], "\n"), strings.Join(lines[n:], "\n")
}

// Item appends a term and what it means.
func (p *Page) Item(term, meaning string) { p.add(item, term, meaning) }

// Verbatim appends lines as they are.
func (p *Page) Verbatim(lines string) { p.add(verbatim, "", strings.TrimRight(lines, "\n")) }

func (p *Page) add(k kind, term, words string) { p.parts = append(p.parts, part{k, term, words}) }
