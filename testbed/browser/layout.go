package browser

import (
	"bytes"
	_ "embed"
	"fmt"
	"image/png"
)

//go:embed layout.js
var layoutScript string

// Layout judges what the page looks like in a window: texts and controls that lie on each other or are cut
// off, a page wider than its window, a page without content. The window grows to the height of the page,
// so that what sticks to an edge is where it is when all has been scrolled, and stays so. A picture of it is
// written to a path that is not empty.
func (p *Page) Layout(v View, path string) (faults []string) {
	p.person.t.Helper()
	p.Look(v)
	var height int
	p.Evaluate("document.documentElement.scrollHeight", &height)
	if height > v.Height {
		v.Height = min(height, highest)
		p.Look(v)
	}
	p.Evaluate(layoutScript, &faults)
	picture := p.shot(nil)
	if colours := p.colours(picture); colours < 8 {
		faults = append(faults, fmt.Sprintf("the page is blank: its picture has %d colours", colours))
	}
	if path != "" {
		p.write(path, picture)
	}
	return faults
}

// highest is how much of a page is looked at, pixels.
const highest = 12000

// colours is how many different ones the upper part of a picture has, counted to 100: letters have soft
// edges, so that any text has more than a few.
func (p *Page) colours(picture []byte) int {
	p.person.t.Helper()
	decoded, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		p.person.t.Fatal(err)
	}
	seen, box := map[[3]uint32]bool{}, decoded.Bounds()
	for y := box.Min.Y; y < min(box.Max.Y, 800) && len(seen) < 100; y += 2 {
		for x := box.Min.X; x < box.Max.X; x++ {
			r, g, b, _ := decoded.At(x, y).RGBA()
			seen[[3]uint32{r, g, b}] = true
		}
	}
	return len(seen)
}
