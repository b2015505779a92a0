package console_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

const explainable = someTargets + `
[[interface]]
name = "web-2"
id = "eni-22222222222222222"
port = "wire1"
mac = "02:00:00:00:00:02"
[[filter]]
name = "ssh"
id = "tmf-22222222222222222"
[[filter.rule]]
direction = "egress"
number = 7
action = "accept"
protocol = "tcp"
destination_ports = "22"
[[session]]
name = "s2"
id = "tms-22222222222222222"
source = "web-2"
target = "ids"
filter = "ssh"
number = 1
vni = 77
packet_length = 30
`

func question(pairs ...string) string {
	query := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		query.Add(pairs[i], pairs[i+1])
	}
	return "/explain?" + query.Encode()
}

// TestExplain: the question is in the address, and the answer links to what decided.
func TestExplain(t *testing.T) {
	w := newWorld(t)
	w.apply(explainable)
	b := w.admin()
	status, text := b.get("/explain")
	mustHave(t, status, 200, text, "<h1>Explain</h1>", `<form class="sheet" method="get"`, `<option value="web-2">`)
	if strings.Contains(text, `id="answer"`) || strings.Contains(text, `id="summary"`) {
		t.Error("something is said though nothing was asked")
	}
	status, text = b.get(question("source", "web-2", "direction", "egress", "protocol", "tcp", "sourceAddress", "10.0.0.9", "destinationAddress", "10.0.0.5:22", "length", "90"))
	mustHave(t, status, 200, text, `<span class="badge good">matched</span> Session s2 mirrors it.`, `href="/sessions/tms-22222222222222222"`, `href="/interfaces/eni-22222222222222222"`, `href="/filters/tmf-22222222222222222" title="tmfr-`, ">rule 7</a>",
		`href="/targets/tmt-11111111111111111"`, ">77<", "tun0", "192.0.2.10", "50000 to 4789", `value="10.0.0.5:22"`, `value="90"`)
	status, text = b.get(question("source", "web-2", "direction", "egress", "protocol", "tcp", "sourceAddress", "10.0.0.9", "destinationAddress", "10.0.0.5:23"))
	mustHave(t, status, 200, text, "No session of the source mirrors it.", "Rule 7 does not match")
	checkPage(t, "/explain?…", text)
	status, text = b.get(question("source", "web-2", "direction", "ingress", "frame", "ff:ff:ff:ff:ff:ff 02 00 00 00 00 09\n0800 45"))
	mustHave(t, status, 200, text, "In hexadecimal", "<pre tabindex=\"0\"><code>ffffffffffff020000000009080045</code></pre>")
}

// TestExplainOthers: a frame from one source to another is seen by both.
func TestExplainOthers(t *testing.T) {
	w := newWorld(t)
	w.apply(explainable)
	b := w.admin()
	_, text := b.get(question("source", "web-2", "direction", "egress", "protocol", "tcp", "sourceAddress", "10.0.0.9", "destinationAddress", "10.0.0.5:22"))
	found := regexp.MustCompile(`>([0-9a-f]{108})<`).FindStringSubmatch(text)
	if found == nil {
		t.Fatal("the frame is not told: " + text)
	}
	status, text := b.get(question("source", "web-1", "direction", "ingress", "frame", "020000000001"+found[1][12:]))
	mustHave(t, status, 200, text, "Also seen by web-2, egress", `href="/interfaces/eni-22222222222222222"`, "s2")
	checkPage(t, "/explain?frame", text)
}

// TestExplainFaults: what is wrong stands at its field, and what was typed stays.
func TestExplainFaults(t *testing.T) {
	w := newWorld(t)
	w.apply(explainable)
	b := w.admin()
	packet := []string{"source", "web-2", "direction", "egress", "protocol", "tcp", "sourceAddress", "10.0.0.9", "destinationAddress", "10.0.0.5:22"}
	for field, wrong := range map[string]string{"source": "nobody", "direction": "up", "protocol": "all", "sourceAddress": "<b>", "destinationAddress": "10.0.0.5", "length": "long", "frame": "xyz"} {
		status, text := b.get(question(append(without(packet, field), field, wrong)...))
		mustHave(t, status, http.StatusUnprocessableEntity, text, `href="#field-`+field+`"`, `id="field-`+field+`-error"`)
		if strings.Contains(text, "<b>") || strings.Contains(text, `id="answer"`) {
			t.Errorf("%s: an answer, or markup: %s", field, text)
		}
	}
	w.api.Explainer = nil
	status, text := b.get(question(packet...))
	mustHave(t, status, http.StatusServiceUnavailable, text, "There is no data path to ask yet")
}

// without leaves out the pair of a name.
func without(pairs []string, name string) (rest []string) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] != name {
			rest = append(rest, pairs[i], pairs[i+1])
		}
	}
	return rest
}

// TestExplainWho: users of other accounts than the gateway's own have no such page.
func TestExplainWho(t *testing.T) {
	w := newWorld(t)
	w.apply(explainable)
	b := w.user("ann")
	if _, text := b.get("/"); strings.Contains(text, `href="/explain"`) {
		t.Error("the menu offers it")
	}
	if status, _ := b.get(question("source", "web-1", "direction", "ingress")); status != http.StatusForbidden {
		t.Errorf("status %d", status)
	}
}
