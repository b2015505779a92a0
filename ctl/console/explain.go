package console

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"mirrorgw/ctl/api"
)

const pathExplain = "/explain"

// explainPage is the question, and its answer once there is one.
type explainPage struct {
	Form     *form
	Outcome  cell   // a badge; empty: nothing has been asked, or wrongly
	Verdict  string // a sentence
	Sections []section
}

// explainFields are what mirrorctl explain takes. The packet is built as a frame of the source, with
// its MAC address and VLAN.
func (v *visit) explainFields() ([]field, error) {
	sources, err := proposals(v, api.PathInterfaces, v.api.Interfaces(), interfaceOf)
	if err != nil {
		return nil, err
	}
	return []field{
		{Name: "source", Label: "Mirror source", Kind: kindSuggest, Required: true, Options: sources, Hint: "The name or identifier of the network interface whose packet it is. Its port, MAC address and VLAN are those of the frame."},
		{Name: "direction", Label: "Direction", Kind: kindChoice, Required: true, Options: []option{{"ingress", "Ingress, towards the source"}, {"egress", "Egress, from the source"}}},
		{Name: "protocol", Label: "Protocol", Kind: kindSuggest, Options: protocolChoices, Hint: "A name, or a number from 0 to 255."},
		{Name: "sourceAddress", Label: "From", Hint: "With tcp, udp and sctp a port may follow: 10.0.0.9:4000 or [2001:db8::1]:4000.", Autocomplete: "off"},
		{Name: "destinationAddress", Label: "To", Hint: "With tcp, udp and sctp a port must follow: 10.0.0.5:443.", Autocomplete: "off"},
		{Name: "length", Label: "Length of the frame", Kind: kindNumber, Hint: "In bytes. Empty: as short as it can be."},
		{Name: "frame", Label: "Or the frame itself", Kind: kindArea, Hint: "From the Ethernet header, in hexadecimal, instead of the four fields above; blanks, line breaks and colons do not count."},
	}, nil
}

// explain asks the data path what the address says, so that the answer can be shared. It changes nothing.
func (v *visit) explain() (*reply, error) {
	fields, err := v.explainFields()
	if err != nil {
		return nil, err
	}
	f := &form{Fields: fields, Submit: "Explain"}
	page := &explainPage{Form: f}
	answer := &reply{template: "explain", data: page}
	query := v.r.URL.Query()
	if !query.Has("source") {
		return answer, nil
	}
	f.fill(query)
	request, wrong := explainRequest(f)
	if wrong != "" {
		f.fault("length", f.labelled(wrong, "length", "length"))
		answer.status = http.StatusUnprocessableEntity
		return answer, nil
	}
	explained, err := v.api.Explain(v.ctx, request)
	if err != nil {
		answer.status = http.StatusUnprocessableEntity
		return answer, f.refused(err, nil)
	}
	page.Outcome, page.Verdict = state(explained.Outcome, ""), verdictOf(explained)
	page.Sections = v.explainSections(explained)
	return answer, nil
}

// explainRequest is the question of the form. What is wrong with it the API says, but for a length that
// is no number.
func explainRequest(f *form) (request api.ExplainRequest, wrong string) {
	texts := f.texts()
	for name, text := range texts {
		texts[name] = strings.TrimSpace(text)
	}
	request = api.ExplainRequest{Source: texts["source"], Direction: texts["direction"], SourceAddr: texts["sourceAddress"], DestinationAddr: texts["destinationAddress"],
		Frame: strings.NewReplacer(" ", "", ":", "", "\r", "", "\n", "", "\t", "").Replace(texts["frame"])}
	if texts["protocol"] != "" {
		request.Protocol = &api.Protocol{Text: texts["protocol"]}
	}
	if text := texts["length"]; text != "" {
		length, err := strconv.Atoi(text)
		if err != nil {
			return request, fmt.Sprintf("length is %q; give a whole number of bytes", text)
		}
		request.Length = length
	}
	return request, ""
}

// verdictOf is the answer in one sentence.
func verdictOf(e *api.Explanation) string {
	switch {
	case e.Outcome == "matched" && e.Skipped != "":
		return "Session " + e.Session + " asks for it, but no copy would be sent (" + e.Skipped + ")."
	case e.Outcome == "matched":
		return "Session " + e.Session + " mirrors it."
	case e.Outcome == "missed":
		return "No session of the source mirrors it."
	case e.Outcome == "excluded":
		return "Traffic of this kind is never mirrored: " + e.Exclusion + "."
	}
	return "The source does not see this frame in this direction."
}
