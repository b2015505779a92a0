package decode

import "fmt"

// Packet is what is told of a frame. All texts are printable, whatever the frame had.
type Packet struct {
	Source      string   `json:"source"` // address of the innermost packet, without a port
	Destination string   `json:"destination"`
	Protocol    string   `json:"protocol"`          // of the innermost layer that is known
	Info        string   `json:"info"`              // one line about it
	Wrapped     []string `json:"wrapped,omitempty"` // tags, labels and tunnels around it, the outermost first
	Fault       string   `json:"fault,omitempty"`   // one sentence: what is wrong with the frame; empty: nothing
	Cut         bool     `json:"cut,omitempty"`     // the fault is no fault of the frame: the capture has only its beginning
	Layers      []Layer  `json:"layers"`            // the outermost first
}

// Layer is a header, or what no header was found in.
type Layer struct {
	Name    string  `json:"name"`
	Summary string  `json:"summary,omitempty"`
	At      int     `json:"at"`     // offset in the frame, bytes
	Length  int     `json:"length"` // bytes
	Fault   string  `json:"fault,omitempty"`
	Fields  []Field `json:"fields,omitempty"`
}

// Field is a part of a layer.
type Field struct {
	Name   string  `json:"name"`
	Value  string  `json:"value,omitempty"`
	At     int     `json:"at"`
	Length int     `json:"length"`
	Fields []Field `json:"fields,omitempty"` // what it has in it
}

// Bounds of what is told of one frame: an honest one has some ten layers and a hundred fields.
const (
	maxLayers = 32
	maxFields = 400
)

// Frame decodes a frame from its Ethernet header on. data is its beginning or all of it, length what it
// had on the wire, bytes. It does not keep data.
func Frame(data []byte, length int) *Packet {
	d := newDecoder(data, length)
	return contained(d, d.run)
}

// contained keeps a defect of the decoder to the frame that shows it.
func contained(d *decoder, decode func()) (told *Packet) {
	told = d.out
	defer func() {
		if defect := recover(); defect != nil {
			d.out.Protocol, d.out.Cut = "unknown", false
			d.out.Fault = fmt.Sprintf("The decoder has a defect that this frame shows (%v); its bytes are as they came.", defect)
		}
	}()
	decode()
	return told
}

// step decodes a layer, and says what comes next in it; nil: nothing that is known.
type step func(*decoder) step

func (d *decoder) run() {
	for next := step(ethernet); next != nil; {
		if len(d.out.Layers) == maxLayers {
			d.out.Fault = fmt.Sprintf("The frame has more than %d layers; the rest is not decoded.", maxLayers)
			return
		}
		next = d.one(next)
	}
	if d.faulty() {
		return
	}
	d.rest("Data", d.end)
	d.rest("Trailer", d.length)
	if d.out.Protocol == "" {
		d.out.Protocol = "Ethernet"
	}
}

// one decodes one layer and closes it.
func (d *decoder) one(s step) step {
	d.layer, d.fields, d.begin = Layer{At: d.at}, nil, d.at
	next := s(d)
	d.layer.Length, d.layer.Fields = d.at-d.begin, d.fields
	d.out.Layers = append(d.out.Layers, d.layer)
	if d.faulty() {
		return nil
	}
	return next
}

// rest tells of bytes up to an offset that nothing is known of.
func (d *decoder) rest(name string, end int) {
	if n := end - d.at; n > 0 {
		d.out.Layers = append(d.out.Layers, Layer{Name: name, Summary: plural(n, "byte"), At: d.at, Length: n})
		d.at = end
	}
}
