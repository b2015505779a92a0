package plot

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A case for the page's script, as it takes it.
type scriptPoint struct {
	Time   int64    `json:"time"`
	Length int64    `json:"length"`
	Value  *float64 `json:"value"`
}

type scriptCase struct {
	Unit     string          `json:"unit"`
	From     int64           `json:"from"`
	To       int64           `json:"to"`
	Top      float64         `json:"top"`
	Series   [][]scriptPoint `json:"series"`
	plot     *Plot
	position int
}

// script asks for the layout of each case, and how its first values are written.
const script = `
import {layout} from %LAYOUT%;
import {format, formatLong} from %NUMBERS%;
let text = '';
for await (const piece of process.stdin) text += piece;
console.log(JSON.stringify(JSON.parse(text).map((c) => ({
  ...layout(c), words: c.series.flat().map((p) => format(c.unit, p.value) + '|' + formatLong(c.unit, p.value))}))));
`

type scriptAnswer struct {
	layout
	Words []string `json:"words"`
}

// drawCase makes a plot of anything. The seed is fixed: what fails fails again.
func drawCase(r *rand.Rand, position int) *scriptCase {
	from := noon.Add(time.Duration(r.Int64N(1e9)) * time.Millisecond)
	span := time.Duration(math.Pow(10, 3+r.Float64()*7)) * time.Millisecond
	p := &Plot{Unit: Unit(r.IntN(int(Count) + 1)), From: from, To: from.Add(span), Top: float64(r.IntN(2))}
	c := &scriptCase{Unit: p.Unit.Key(), From: p.From.UnixMilli(), To: p.To.UnixMilli(), Top: p.Top, Series: [][]scriptPoint{}, plot: p, position: position}
	magnitude := math.Pow(10, r.Float64()*16-4)
	for range r.IntN(4) {
		s, points := Series{}, []scriptPoint{}
		length := max(span/time.Duration(1+r.IntN(40)), time.Millisecond).Truncate(time.Millisecond)
		for at := from.Add(-length); at.Before(p.To); at = at.Add(length) {
			point, value := Point{Time: at, Length: length, Value: math.NaN()}, new(float64)
			switch r.IntN(8) {
			case 0:
				value = nil
			case 1:
				at = at.Add(3 * length)
				point.Value = 0
			default:
				*value = magnitude * r.Float64()
				point.Value = *value
			}
			s.Points, points = append(s.Points, point), append(points, scriptPoint{point.Time.UnixMilli(), length.Milliseconds(), value})
		}
		p.Series, c.Series = append(p.Series, s), append(c.Series, points)
	}
	return c
}

// TestScriptDrawsTheSame runs the page's own modules: a plot that begins to move must not jump.
func TestScriptDrawsTheSame(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed, which runs the page's script")
	}
	random := rand.New(rand.NewPCG(8, 8))
	var cases []*scriptCase
	for i := range 300 {
		cases = append(cases, drawCase(random, i))
	}
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	var answers []scriptAnswer
	if err := json.Unmarshal(runScript(t, node, input), &answers); err != nil || len(answers) != len(cases) {
		t.Fatalf("%d answers: %v", len(answers), err)
	}
	for i, c := range cases {
		want := scriptAnswer{layout: *c.plot.layout()}
		for _, s := range c.plot.Series {
			for _, p := range s.Points {
				want.Words = append(want.Words, c.plot.Unit.Format(p.Value)+"|"+c.plot.Unit.FormatLong(p.Value))
			}
		}
		if len(want.Words) == 0 {
			want.Words = []string{}
		}
		if want.Paths == nil {
			want.Paths = []string{}
		}
		if want.Times == nil {
			want.Times = []tick{}
		}
		if diff := cmp.Diff(want, answers[i], cmp.AllowUnexported(scriptAnswer{}, layout{}, tick{})); diff != "" {
			t.Fatalf("case %d, unit %s (-server +script):\n%s", i, c.Unit, diff)
		}
	}
}

func runScript(t *testing.T, node string, input []byte) []byte {
	t.Helper()
	text := []byte(script)
	for place, name := range map[string]string{"%LAYOUT%": "plots.js", "%NUMBERS%": "numbers.js"} {
		path, err := filepath.Abs(filepath.Join("..", "assets", name))
		if err != nil {
			t.Fatal(err)
		}
		quoted, _ := json.Marshal("file://" + path)
		text = bytes.ReplaceAll(text, []byte(place), quoted)
	}
	command := exec.Command(node, "--input-type=module", "-e", string(text))
	command.Stdin = bytes.NewReader(input)
	var fault bytes.Buffer
	command.Stderr = &fault
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, fault.String())
	}
	return out
}
