package tomldoc

import (
	"fmt"
	"strings"
)

// lineIndex maps the path of a table or key, such as "filter[0].rule[2].source", to its line.
type lineIndex map[string]int

// find returns the line of path or of the nearest table around it, 0 when there is none.
func (x lineIndex) find(path string) int {
	for path != "" {
		if line, ok := x[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}

// scanner walks a document that the TOML parser has accepted.
type scanner struct {
	lines  lineIndex
	counts map[string]int // array table, without its index -> number of entries seen
	table  string         // path of the table that keys belong to
	quote  string         // the multi-line string that is open: `"""`, `'''` or nothing
	depth  int            // open brackets of the value that is being continued
}

// indexLines finds the line of every table header and of every key at the start of a line.
// Keys inside inline tables have no entry; find falls back to the line where the value starts.
func indexLines(data string) lineIndex {
	s := &scanner{lines: lineIndex{}, counts: map[string]int{}}
	for i, text := range strings.Split(data, "\n") {
		s.line(i+1, strings.TrimSpace(text))
	}
	return s.lines
}

func (s *scanner) line(number int, text string) {
	if s.quote != "" || s.depth > 0 {
		s.skipValue(text)
		return
	}
	switch {
	case text == "" || text[0] == '#':
	case strings.HasPrefix(text, "[["):
		s.arrayTable(number, splitKey(text[2:]))
	case text[0] == '[':
		s.table = s.resolve(splitKey(text[1:]))
		s.lines[s.table] = number
	default:
		s.key(number, text)
	}
}

func (s *scanner) key(number int, text string) {
	path := s.table
	for _, part := range splitKey(text) {
		path = join(path, part)
		if _, seen := s.lines[path]; !seen {
			s.lines[path] = number
		}
	}
	s.skipValue(text[keyEnd(text):])
}

// arrayTable opens the next entry of an array of tables.
func (s *scanner) arrayTable(number int, parts []string) {
	last := len(parts) - 1
	name := join(s.resolve(parts[:last]), parts[last])
	s.table = fmt.Sprintf("%s[%d]", name, s.counts[name])
	s.counts[name]++
	s.lines[s.table] = number
	if _, seen := s.lines[name]; !seen {
		s.lines[name] = number
	}
}

// resolve turns the parts of a header into a path: a part that names an array of tables means
// its latest entry.
func (s *scanner) resolve(parts []string) string {
	path := ""
	for _, part := range parts {
		path = join(path, part)
		if n := s.counts[path]; n > 0 {
			path = fmt.Sprintf("%s[%d]", path, n-1)
		}
	}
	return path
}

// skipValue follows strings and brackets through one line of a value.
func (s *scanner) skipValue(text string) {
	for text != "" {
		if s.quote != "" {
			text = s.skipString(text)
			continue
		}
		switch text[0] {
		case '#':
			return
		case '[', '{':
			s.depth++
		case ']', '}':
			s.depth--
		case '"', '\'':
			s.quote = text[:1]
			if triple := strings.Repeat(s.quote, 3); strings.HasPrefix(text, triple) {
				s.quote = triple
			}
			text = text[len(s.quote):]
			continue
		}
		text = text[1:]
	}
	if len(s.quote) == 1 { // cannot happen in a document that the parser accepted
		s.quote = ""
	}
}

// skipString returns what follows the end of the open string, or nothing when it goes on.
func (s *scanner) skipString(text string) string {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && s.quote[0] == '"' {
			i++
			continue
		}
		if strings.HasPrefix(text[i:], s.quote) {
			end := i + len(s.quote)
			if len(s.quote) == 3 { // up to two quotes may stand right before the closing three
				for end < len(text) && text[end] == s.quote[0] {
					end++
				}
			}
			s.quote = ""
			return text[end:]
		}
	}
	return ""
}

// splitKey splits a dotted key, bare or quoted, up to the '=' or ']' after it.
func splitKey(text string) []string {
	var parts []string
	var part strings.Builder
	quote := byte(0)
	for i := 0; i < keyEnd(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			part.WriteByte(c)
		case c == '"' || c == '\'':
			quote = c
		case c == '.':
			parts = append(parts, part.String())
			part.Reset()
		case c != ' ' && c != '\t':
			part.WriteByte(c)
		}
	}
	return append(parts, part.String())
}

// keyEnd is the index of the first '=' or ']' outside quotes.
func keyEnd(text string) int {
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '=' || c == ']':
			return i
		}
	}
	return len(text)
}

func join(path, part string) string {
	if path == "" {
		return part
	}
	return path + "." + part
}
