package cli

import (
	"strings"
	"unicode/utf8"
)

// table lays out text in columns: two spaces between them, numbers to the right.
type table struct {
	header []string
	right  map[int]bool // columns of numbers
	rows   [][]string
}

func newTable(header ...string) *table { return &table{header: header, right: map[int]bool{}} }

// numbers aligns columns to the right.
func (t *table) numbers(columns ...int) *table {
	for _, column := range columns {
		t.right[column] = true
	}
	return t
}

func (t *table) row(cells ...string) { t.rows = append(t.rows, cells) }

// lines returns the header and the rows without trailing blanks.
func (t *table) lines() []string {
	widths := make([]int, len(t.header))
	all := append([][]string{t.header}, t.rows...)
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	lines := make([]string, len(all))
	for i, row := range all {
		lines[i] = t.line(row, widths)
	}
	return lines
}

func (t *table) line(row []string, widths []int) string {
	var b strings.Builder
	for i, cell := range row {
		pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if i > 0 {
			b.WriteString("  ")
		}
		if t.right[i] {
			b.WriteString(pad + cell)
		} else {
			b.WriteString(cell + pad)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
