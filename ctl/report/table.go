package report

import (
	"strings"
	"unicode/utf8"
)

// table lays out text in columns: numbers to the right, words to the left.
type table struct {
	rows      [][]string // the first is the header
	leftAlign map[int]bool
}

func newTable(header ...string) *table {
	return &table{rows: [][]string{header}, leftAlign: map[int]bool{}}
}

// left aligns columns to the left.
func (t *table) left(columns ...int) *table {
	for _, column := range columns {
		t.leftAlign[column] = true
	}
	return t
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// print writes title and table, or nothing when there are no rows.
func (t *table) print(out *strings.Builder, title string) {
	if len(t.rows) == 1 {
		return
	}
	widths := t.widths()
	out.WriteString(title + "\n")
	for i, row := range t.rows {
		t.printRow(out, row, widths)
		if i == 0 {
			rules := make([]string, len(widths))
			for j, width := range widths {
				rules[j] = strings.Repeat("─", width)
			}
			t.printRow(out, rules, widths)
		}
	}
	out.WriteString("\n")
}

func (t *table) widths() []int {
	widths := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

func (t *table) printRow(out *strings.Builder, row []string, widths []int) {
	var line strings.Builder
	for i, cell := range row {
		padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if t.leftAlign[i] {
			cell += padding
		} else {
			cell = padding + cell
		}
		line.WriteString("  " + cell)
	}
	out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
}
