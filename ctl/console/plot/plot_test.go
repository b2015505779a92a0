package plot

import (
	"encoding/xml"
	"flag"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write what is drawn to testdata")

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// every makes points one after the other from noon on.
func every(length time.Duration, values ...float64) (points []Point) {
	for i, v := range values {
		points = append(points, Point{Time: noon.Add(time.Duration(i) * length), Length: length, Value: v})
	}
	return points
}

// hour is a plot with all there can be: a gap, partial minutes, two lines.
func hour() *Plot {
	in, out := every(time.Minute), every(time.Minute)
	for i := range 60 {
		if i >= 20 && i < 26 {
			continue
		}
		at := noon.Add(time.Duration(i) * time.Minute)
		in = append(in, Point{Time: at, Length: time.Minute, Value: 1e6 + 4e5*math.Sin(float64(i)/6), Partial: i == 19 || i == 26})
		out = append(out, Point{Time: at, Length: time.Minute, Value: 3e5 + float64(i%7)*1e4})
	}
	return &Plot{ID: "wire", Title: "wire0 and wire1", Unit: Frames, From: noon, To: noon.Add(time.Hour),
		Series: []Series{{Name: "wire0 to wire1", Points: in}, {Name: "wire1 to wire0", Points: out}},
		Gaps:   []Gap{{noon.Add(20 * time.Minute), noon.Add(26 * time.Minute)}}}
}

func TestGolden(t *testing.T) {
	hostile := `</title><script>alert("x")</script>&'`
	spark := &Spark{Label: "copies", Unit: Copies, From: noon, To: noon.Add(5 * time.Minute), Points: every(time.Minute, 1, 3, math.NaN(), 2, 0)}
	for name, got := range map[string]string{
		"hour.html": string(hour().Figure()),
		"empty.html": string((&Plot{ID: "none", Title: "nothing", Unit: Share, Top: 1, From: noon, To: noon.Add(day),
			Series: []Series{{Name: "lcore 1"}}, Note: "The gateway had not begun."}).Figure()),
		"hostile.html": string((&Plot{ID: hostile, Title: hostile, From: noon, To: noon.Add(7 * day), Live: hostile, Note: hostile,
			Series: []Series{{Name: hostile, Key: hostile, Points: every(day, 1, 2, 3)}}}).Figure()),
		"spark.html": string(spark.SVG()),
	} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s differs: run go test ./ctl/console/plot -update and look at the difference\n%s", path, got)
		}
		if strings.Contains(got, "<script") || strings.Contains(got, "style=") {
			t.Errorf("%s has a script or an inline style", name)
		}
	}
}

// parse reads markup as XML, which what is written is too, and returns every d, x, y, width and height.
func parse(t interface{ Fatalf(string, ...any) }, text string) (paths []string, rects []map[string]float64) {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if token == nil {
			if err.Error() != "EOF" {
				t.Fatalf("not well-formed: %v\n%s", err, text)
			}
			return paths, rects
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		numbers := map[string]float64{}
		for _, a := range element.Attr {
			if a.Name.Local == "d" {
				paths = append(paths, a.Value)
			}
			if v, err := strconv.ParseFloat(a.Value, 64); err == nil {
				numbers[a.Name.Local] = v
			}
		}
		if element.Name.Local == "rect" {
			rects = append(rects, numbers)
		}
	}
}

var command = regexp.MustCompile(`([MHVZ])([^MHVZ]*)`)

// inside checks that a path stays in the frame, and returns how many commands it has.
func inside(t interface{ Fatalf(string, ...any) }, d string) int {
	found := command.FindAllStringSubmatch(d, -1)
	length := 0
	for _, c := range found {
		length += len(c[0])
		for i, text := range strings.Fields(c[2]) {
			v, err := strconv.ParseFloat(text, 64)
			limit := float64(frameWidth)
			if c[1] == "V" || i == 1 {
				limit = frameHeight
			}
			if err != nil || math.IsNaN(v) || v < 0 || v > limit {
				t.Fatalf("%q of %q is outside of the frame", c[0], d)
			}
		}
	}
	if length != len(d) {
		t.Fatalf("%q has something else than commands", d)
	}
	return len(found)
}

func drawPoints(t *rapid.T, from time.Time) (points []Point) {
	at := from.Add(time.Duration(rapid.Int64Range(-1e5, 1e5).Draw(t, "start")) * time.Second)
	for range rapid.IntRange(0, 50).Draw(t, "n") {
		length := time.Duration(rapid.Int64Range(1, 1e5).Draw(t, "length")) * time.Second / 10
		value := rapid.OneOf(rapid.Float64(), rapid.Just(math.NaN()), rapid.Just(math.Inf(1)), rapid.Float64Range(0, 1e6), rapid.Just(0.0)).Draw(t, "value")
		points = append(points, Point{Time: at, Length: length, Value: value, Partial: rapid.Bool().Draw(t, "partial")})
		at = at.Add(length)
		if rapid.Bool().Draw(t, "gap") {
			at = at.Add(time.Duration(rapid.Int64Range(0, 1e5).Draw(t, "pause")) * time.Second)
		}
	}
	return points
}

// TestAnything draws plots of anything: they are well-formed, inside their frames, deterministic.
func TestAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := noon.Add(time.Duration(rapid.Int64Range(-1e9, 1e9).Draw(t, "from")) * time.Second)
		p := &Plot{ID: "p", Title: rapid.StringMatching(`[ -~]*`).Draw(t, "title"), Unit: Unit(rapid.IntRange(0, int(Count)).Draw(t, "unit")),
			From: from, To: from.Add(time.Duration(rapid.Int64Range(1, 1e8).Draw(t, "span")) * time.Second),
			Top: rapid.OneOf(rapid.Just(0.0), rapid.Float64()).Draw(t, "top")}
		for range rapid.IntRange(0, 10).Draw(t, "series") {
			p.Series = append(p.Series, Series{Name: rapid.StringMatching(`[ -~]*`).Draw(t, "name"), Points: drawPoints(t, from)})
		}
		for range rapid.IntRange(0, 3).Draw(t, "gaps") {
			begin := from.Add(time.Duration(rapid.Int64Range(-1e6, 1e8).Draw(t, "gap")) * time.Second)
			p.Gaps = append(p.Gaps, Gap{begin, begin.Add(time.Hour)})
		}
		seen := map[string]bool{}
		for _, tick := range p.layout().Values {
			if seen[tick.Label] {
				t.Fatalf("two lines of the scale read %s", tick.Label)
			}
			seen[tick.Label] = true
		}
		text := string(p.Figure())
		if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
			t.Fatalf("something is not a number:\n%s", text)
		}
		paths, rects := parse(t, text)
		for _, d := range paths {
			inside(t, d)
		}
		for _, r := range rects {
			if r["x"] < 0 || r["x"]+r["width"] > frameWidth+.05 || r["y"]+r["height"] > frameHeight {
				t.Fatalf("a rectangle is outside of the frame: %v", r)
			}
		}
		if again := string(p.Figure()); again != text {
			t.Fatalf("drawn twice, it differs")
		}
		if rows := strings.Count(text, `<th scope="row">`); rows > maxRows {
			t.Fatalf("the table has %d rows", rows)
		}
	})
}

func TestPaths(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		points []Point
		want   string
	}{
		"nothing":       {nil, ""},
		"level":         {every(time.Minute, 5, 5, 5, 5, 5, 5, 5, 5, 5, 10), "M0 70H900V0H1000"},
		"steps":         {every(time.Minute, 10, 0, 5), "M0 0H100V140H200V70H300"},
		"unknown":       {every(time.Minute, 10, nan, 5), "M0 0H100M200 70H300"},
		"least":         {every(time.Minute, 10, 1e-9), "M0 0H100V138.5H200"},
		"below 0":       {every(time.Minute, 10, -3), "M0 0H100V140H200"},
		"begins before": {[]Point{{Time: noon.Add(-time.Minute), Length: 2 * time.Minute, Value: 10}}, "M0 0H100"},
		"ends after":    {[]Point{{Time: noon.Add(9 * time.Minute), Length: time.Hour, Value: 10}}, "M900 0H1000"},
		"outside":       {[]Point{{Time: noon.Add(10 * time.Minute), Length: time.Hour, Value: 10}}, ""},
		"a bit late":    {[]Point{{noon, time.Minute, 10, false}, {noon.Add(66 * time.Second), time.Minute, 5, false}}, "M0 0H110V70H210"},
		"a gap":         {[]Point{{noon, time.Minute, 10, false}, {noon.Add(3 * time.Minute), time.Minute, 5, false}}, "M0 0H100M300 70H400"},
	} {
		p := Plot{From: noon, To: noon.Add(10 * time.Minute), Top: 10, Series: []Series{{Points: c.points}}}
		if got := p.layout().Paths[0]; got != c.want {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
}

func TestScales(t *testing.T) {
	for _, c := range []struct {
		top  float64
		unit Unit
		want string
	}{
		{0, Frames, "0 1"}, {1, Share, "0 % 20 % 40 % 60 % 80 % 100 %"}, {0.07, Share, "0 % 2 % 4 % 6 % 8 %"},
		{3, Frames, "0 1 2 3"}, {1000, Frames, "0 200 400 600 800 1k"}, {14.88e6, Frames, "0 5M 10M 15M"},
		{9.9e9, Bits, "0 2G 4G 6G 8G 10G"}, {1200, Nanoseconds, "0 ns 500 ns 1 µs 1.5 µs"}, {0.3, Copies, "0 0.1 0.2 0.3"},
		{1e18, Count, "0 200P 400P 600P 800P 1000P"},
	} {
		end, step := scale(c.top)
		var labels []string
		for _, tick := range valueTicks(c.unit, end, step) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("%g: %q; want %q", c.top, got, c.want)
		}
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		from time.Time
		span time.Duration
		want string
	}{
		{noon.Add(7 * time.Second), time.Minute, "12:00:15 12:00:30 12:00:45 12:01:00"},
		{noon, 5 * time.Minute, "12:00 12:01 12:02 12:03 12:04"},
		{noon, time.Hour, "12:00 12:10 12:20 12:30 12:40 12:50"},
		{noon.Add(time.Minute), 6 * time.Hour, "13:00 14:00 15:00 16:00 17:00 18:00"},
		{noon, day, "12:00 16:00 20:00 Nov 24 04:00 08:00"},
		{noon, 7 * day, "Nov 24 Nov 25 Nov 26 Nov 27 Nov 28 Nov 29 Nov 30"},
	} {
		var labels []string
		for _, tick := range timeTicks(c.from, c.from.Add(c.span)) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != c.want {
			t.Errorf("%v: %q; want %q", c.span, got, c.want)
		}
	}
}
