package cloudwatch

import (
	"bytes"
	"net/url"
	"slices"
	"testing"
)

// TestManyValuesInLittle: a body of one byte for each value would take a hundred times its memory.
func TestManyValuesInLittle(t *testing.T) {
	many := append([]byte{cborList<<5 | cborIndefinite}, bytes.Repeat([]byte{cborMap << 5}, 1<<20-2)...)
	if _, err := decodeCBOR(append(many, cborBreak)); err == nil {
		t.Error("a million empty maps were decoded")
	}
}

// TestSlowPages: a page ends where its time does, after one query at least, and the next goes on there.
func TestSlowPages(t *testing.T) {
	w := newWorld(t)
	queries := []string{"a i-1 Sum", "b i-2 Maximum", "c i-none Sum", "d i-3 Minimum"}
	whole := w.ask("GetMetricData", dataOf("", queries...)).Results
	w.pageTime = 0
	var told []string
	for token := ""; ; {
		page := w.ask("GetMetricData", dataOf(token, queries...))
		if len(page.Results) != 1 || len(told) == len(queries) {
			t.Fatalf("%d results after %v", len(page.Results), told)
		}
		if r := page.Results[0]; !slices.Equal(r.Values, whole[len(told)].Values) || r.StatusCode != "Complete" {
			t.Errorf("%+v, want %+v", r, whole[len(told)])
		}
		told = append(told, page.Results[0].Id)
		if page.DataToken == "" {
			break
		}
		token = "&NextToken=" + url.QueryEscape(page.DataToken)
	}
	if !slices.Equal(told, []string{"a", "b", "c", "d"}) {
		t.Errorf("told of %v", told)
	}
}
