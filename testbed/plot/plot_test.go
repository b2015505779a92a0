package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func example() Line {
	return Line{
		Title: "Production & copies", Note: "one lcore, 64-byte frames",
		X: Axis{Label: "offered load, Mpps"}, Y: Axis{Label: "rate, Mpps"},
		Series: []Series{
			{Name: "production", Points: []Point{XY(1, 1), {X: 10, Y: 9.5, Low: 9, High: 10}}},
			{Name: "OVS-DPDK <peer>", Dashed: true, Points: []Point{XY(1, 1), XY(10, 5)}},
		},
	}
}

// TestSVGIsXMLWithEveryText: the chart is well-formed and says what it was given.
func TestSVGIsXMLWithEveryText(t *testing.T) {
	chart := example()
	text, err := chart.SVG()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if data, ok := token.(xml.CharData); ok {
			said.Write(data)
		}
	}
	for _, want := range []string{chart.Title, chart.Note, chart.X.Label, chart.Y.Label, "production", "OVS-DPDK <peer>"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("the chart does not say %q", want)
		}
	}
	if again, _ := chart.SVG(); !bytes.Equal(text, again) {
		t.Error("the same chart gave other bytes")
	}
}

func TestRefusals(t *testing.T) {
	for name, spoil := range map[string]func(*Line){
		"1 to 8":           func(l *Line) { l.Series = nil },
		"has no points":    func(l *Line) { l.Series[0].Points = nil },
		"finite":           func(l *Line) { l.Series[0].Points[0].Y = math.NaN() },
		"above 0 only":     func(l *Line) { l.X.Log, l.Series[0].Points[0].X = true, 0 },
		"values above 0 o": func(l *Line) { l.Y.Log, l.Series[0].Points[1].Low = true, -1 },
	} {
		chart := example()
		spoil(&chart)
		if _, err := chart.SVG(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error %v, want one with %q", err, name)
		}
	}
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		name   string
		axis   Axis
		values []float64
		want   string
	}{
		{"from zero", Axis{}, []float64{3, 47}, "0 10 20 30 40 50"},
		{"small", Axis{}, []float64{0.11, 0.34}, "0 0.1 0.2 0.3 0.4"},
		{"a range of its own", Axis{From: 0.9, To: 1}, []float64{0.95}, "0.9 0.92 0.94 0.96 0.98 1"},
		{"all the same", Axis{}, []float64{0}, "0 0.2 0.4 0.6 0.8 1"},
		{"decades", Axis{Log: true}, []float64{1, 10000}, "1 10 100 1,000 10,000"},
		{"few decades", Axis{Log: true}, []float64{3, 80}, "1 2 5 10 20 50 100"},
		{"one decade", Axis{Log: true}, []float64{10}, "10 20 50 100"},
		{"a million", Axis{Log: true}, []float64{1000, 1e6}, "1,000 10,000 100,000 1,000,000"},
	} {
		s := newScale(c.axis, c.values, 0, 100)
		var got []string
		for _, v := range s.ticks {
			got = append(got, number(v))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: ticks %v, want %s", c.name, got, c.want)
		}
		if first, last := s.at(s.ticks[0]), s.at(s.ticks[len(s.ticks)-1]); math.Abs(first) > 1e-6 || math.Abs(last-100) > 1e-6 {
			t.Errorf("%s: ticks from %g to %g, want 0 to 100", c.name, first, last)
		}
	}
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plots", "a.svg")
	chart := example()
	if err := chart.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || !bytes.HasPrefix(text, []byte("<svg ")) {
		t.Fatalf("%v, %.40q", err, text)
	}
}
