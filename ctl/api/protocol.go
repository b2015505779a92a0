package api

import (
	"encoding/json"
	"strconv"
)

// Protocol is an IP protocol: a number from 0 to 255, or -1 for all. In requests it may be a
// name too, such as "tcp"; responses have the number.
type Protocol struct {
	Text string // as the request had it, or the number
}

// ProtocolNumber is a protocol by number.
func ProtocolNumber(n int) *Protocol { return &Protocol{strconv.Itoa(n)} }

// UnmarshalJSON accepts a number or a string.
func (p *Protocol) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &p.Text)
	}
	var n json.Number
	if err := json.Unmarshal(data, &n); err != nil {
		return err
	}
	p.Text = n.String()
	return nil
}

// MarshalJSON writes a number where the text is one.
func (p Protocol) MarshalJSON() ([]byte, error) {
	if n, err := strconv.Atoi(p.Text); err == nil {
		return json.Marshal(n)
	}
	return json.Marshal(p.Text)
}
