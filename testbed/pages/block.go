package pages

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Block is a block of code of a page: fenced, or indented by four blanks or more.
type Block struct {
	Page     string // path, as it was given to Read
	Line     int    // of its first line, from 1
	Language string // of a fence; empty: none, or indented
	Fenced   bool
	Text     string // without the indentation; ends with a line feed
	Mark     Mark
}

// Mark is what the comment in front of a block says; the zero value: there is none.
type Mark struct{ Run, Before, Needs, File string }

// String is where the block is.
func (b *Block) String() string { return fmt.Sprintf("%s:%d", b.Page, b.Line) }

var (
	fence   = regexp.MustCompile("^( *)```([a-z]*)$")
	comment = regexp.MustCompile(`^ *<!-- (run|needs|file): (.+?)(?:; before: (.+))? -->$`)
	listed  = regexp.MustCompile(`^ *(?:[-*]|\d+\.) +`)
)

// Read returns the blocks of a page, in their order.
func Read(path string) ([]Block, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &reader{page: path, lines: strings.Split(string(text), "\n")}
	for r.at < len(r.lines) {
		if err := r.next(); err != nil {
			return nil, err
		}
	}
	return r.blocks, nil
}

// reader goes through the lines of a page.
type reader struct {
	page   string
	lines  []string
	at     int
	blocks []Block
	mark   Mark
	blank  bool // the line before is empty
	indent int  // of the text of the list item that we are in
}

// next takes a line, or a block.
func (r *reader) next() error {
	line := r.lines[r.at]
	depth := len(line) - len(strings.TrimLeft(line, " "))
	switch m := comment.FindStringSubmatch(line); {
	case m != nil:
		r.mark = markOf(m)
		r.at++
	case fence.MatchString(line):
		return r.fenced()
	case strings.TrimSpace(line) == "":
		r.blank = true
		r.at++
	case (r.blank || r.at == 0) && depth >= r.indent+4:
		r.indented(r.indent + 4)
	default:
		if item := listed.FindString(line); item != "" {
			r.indent = len(item)
		} else if r.blank && depth == 0 {
			r.indent = 0
		}
		r.blank, r.mark = false, Mark{}
		r.at++
	}
	return nil
}

func markOf(m []string) Mark {
	switch m[1] {
	case "run":
		return Mark{Run: m[2], Before: m[3]}
	case "needs":
		return Mark{Needs: m[2]}
	}
	return Mark{File: m[2]}
}

func (r *reader) fenced() error {
	head := fence.FindStringSubmatch(r.lines[r.at])
	b := Block{Page: r.page, Line: r.at + 2, Language: head[2], Fenced: true, Mark: r.mark}
	for r.at++; r.at < len(r.lines); r.at++ {
		line := r.lines[r.at]
		if strings.TrimSpace(line) == "```" {
			r.blocks = append(r.blocks, b)
			r.at++
			r.mark, r.blank = Mark{}, true
			return nil
		}
		b.Text += strings.TrimPrefix(line, head[1]) + "\n"
	}
	return fmt.Errorf("%s:%d: the block has no end; write ``` on a line of its own", r.page, b.Line-1)
}

// indented takes lines of that depth and empty ones between them.
func (r *reader) indented(depth int) {
	b := Block{Page: r.page, Line: r.at + 1, Mark: r.mark}
	empty := ""
	for ; r.at < len(r.lines); r.at++ {
		line := r.lines[r.at]
		switch {
		case strings.TrimSpace(line) == "":
			empty += "\n"
			continue
		case !strings.HasPrefix(line, strings.Repeat(" ", depth)):
			r.blank = empty != ""
			r.end(b)
			return
		}
		b.Text += empty + line[depth:] + "\n"
		empty = ""
	}
	r.end(b)
}

func (r *reader) end(b Block) {
	r.blocks = append(r.blocks, b)
	r.mark = Mark{}
}
