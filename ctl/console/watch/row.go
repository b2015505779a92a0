package watch

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"mirrorgw/ctl/console/decode"
	"mirrorgw/ctl/pcapng"
)

// Row is one frame.
type Row struct {
	Number    int    `json:"number"` // from 1 on
	Time      string `json:"time"`   // nanoseconds since 1970, more than JavaScript's numbers can tell
	Clock     string `json:"clock"`  // the same, for people
	After     string `json:"after"`  // seconds after the first frame, to the microsecond
	Port      string `json:"port"`
	Point     string `json:"point"`
	Session   string `json:"session,omitempty"`   // name, or ID where it has none; empty: of none
	SessionID string `json:"sessionId,omitempty"` // empty: not known
	Length    int    `json:"length"`              // of the frame, bytes
	Data      []byte `json:"data"`                // what was captured of it

	*decode.Packet
}

// Captured is how much of the frame is here, bytes.
func (r *Row) Captured() int { return len(r.Data) }

// Dump is the frame as hexadecimal numbers and characters, 16 bytes a line.
func (r *Row) Dump() string { return hex.Dump(r.Data) }

// Reader makes rows of a capture.
type Reader struct {
	packets *pcapng.Reader
	count   int
	first   time.Time
}

// NewReader reads a capture as the API gives it.
func NewReader(capture io.Reader) *Reader {
	return &Reader{packets: pcapng.NewReader(bufio.NewReaderSize(capture, 64<<10))}
}

// Next waits for the next frame. io.EOF: the capture has ended.
func (r *Reader) Next() (*Row, error) {
	p, err := r.packets.Packet()
	if err != nil {
		return nil, err
	}
	if r.count++; r.count == 1 {
		r.first = p.Time
	}
	row := &Row{Number: r.count, Time: strconv.FormatInt(p.Time.UnixNano(), 10), Clock: Clock(p.Time), After: fmt.Sprintf("%.6f", p.Time.Sub(r.first).Seconds()),
		Length: p.Length, Data: append([]byte{}, p.Data...), Packet: decode.Frame(p.Data, p.Length)}
	row.Port, row.Point = place(r.packets.Interface(p.Interface).Name)
	row.Session, row.SessionID = session(p.Comment)
	return row, nil
}

// place is the port and the point of an interface: port/point.
func place(name string) (port, point string) {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return name, ""
}

// sessionComment is what the API says of a frame of a session: "session NAME (ID), ingress of its source",
// without a name "session ID, …".
var sessionComment = regexp.MustCompile(`^session (?:(.*) \()?(tms-[0-9a-f]+)\)?, (?:ingress|egress) of its source$`)

func session(comment string) (name, id string) {
	found := sessionComment.FindStringSubmatch(comment)
	if found == nil {
		return comment, ""
	}
	if name, id = found[1], found[2]; name == "" {
		name = id
	}
	return name, id
}
