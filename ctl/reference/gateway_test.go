package reference_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"mirrorgw/ctl/config"
	"mirrorgw/ctl/reference"
)

// place is where a key of gateway.toml is tried: lines of its own section that have to stand beside it, and the rest of the
// document.
type place struct{ beside, rest string }

const (
	eal   = "[eal]\nlcores = \"0-127\"\n"
	wire0 = "[[port]]\nname = \"wire0\"\ndevice = \"0000:3b:00.0\"\npeer = \"wire1\"\n"
	wire1 = "[[port]]\nname = \"wire1\"\ndevice = \"0000:3b:00.1\"\npeer = \"wire0\"\n"
	tap0  = "[[port]]\nname = \"tap0\"\ndevice = \"0000:3b:00.2\"\nrole = \"tap\"\n"
	tun0  = "[[port]]\nname = \"tun0\"\ndevice = \"0000:3b:00.3\"\nrole = \"tunnel\"\naddresses = [\"192.0.2.1/24\"]\n"
	one   = "[eal]\nlcores = \"1\"\n" + wire0 + wire1 + tun0
	other = "name = \"x\"\ndevice = \"0000:3c:00.0\"\n"
)

// placeOf is where the key of a section is right.
func placeOf(section, key string) place {
	switch section + "." + key {
	case "eal.mirror_lcores":
		return place{"lcores = \"5-6\"\n", strings.ReplaceAll(wire0+wire1+tun0, "peer", "queues = 2\npeer")}
	case "port.peer":
		return place{other, "[eal]\nlcores = \"1\"\n" + strings.ReplaceAll(wire0, `peer = "wire1"`, `peer = "x"`)}
	case "port.role":
		return place{other, one}
	case "port.name":
		return place{"device = \"0000:3c:00.0\"\nrole = \"tap\"\n", one}
	case "port.queues":
		return place{other + "role = \"tap\"\n", eal + strings.ReplaceAll(wire0+wire1, "peer", "queues = 128\npeer")}
	case "port.tunnel":
		return place{other + "peer = \"wire0\"\n", "[eal]\nlcores = \"1\"\n" + strings.ReplaceAll(wire0, "wire1", "x")}
	case "port.addresses", "port.vlan", "port.mtu":
		return place{other + "role = \"tunnel\"\naddresses = [\"192.0.3.1/24\"]\n", one}
	case "port.link_propagation", "port.hold_down":
		return place{other + "peer = \"wire0\"\n", "[eal]\nlcores = \"1\"\n" + strings.ReplaceAll(wire0, "wire1", "x")}
	case "metrics.mode", "metrics.group":
		return place{"socket = \"/run/x\"\n", one}
	case "metrics.listen", "metrics.socket":
		return place{"", one}
	case "console.tls_certificate":
		return place{"tls_key = \"/k\"\n", one}
	case "console.tls_key":
		return place{"tls_certificate = \"/c\"\n", one}
	case "bypass.on_inline":
		return place{"on_bypass = [\"/b\"]\n", one}
	case "bypass.on_bypass":
		return place{"on_inline = [\"/i\"]\n", one}
	case "bypass.", "bypass.heartbeat_period", "bypass.time_limit":
		return place{"heartbeat = [\"/h\"]\n", one}
	case "aws.tls_certificate":
		return place{"tls_key = \"/k\"\n", one}
	case "aws.tls_key":
		return place{"tls_certificate = \"/c\"\n", one}
	}
	return place{map[string]string{
		"eal":      "lcores = \"1\"\n",
		"port":     other + "role = \"tap\"\n",
		"route":    "prefix = \"198.51.100.0/24\"\nvia = \"192.0.2.254\"\n",
		"neighbor": "address = \"192.0.2.10\"\nmac = \"02:00:00:00:02:10\"\n",
	}[section], map[string]string{"eal": wire0 + wire1 + tun0}[section]}
}

// document has one key where it belongs; value "" leaves it out.
func (p place) document(s *reference.Section, key, value string) string {
	rest := p.rest
	if rest == "" {
		rest = one
	}
	line := ""
	if value != "" {
		line = key + " = " + value + "\n"
	}
	if s.Name == "" {
		return line + rest
	}
	var beside strings.Builder
	for _, l := range strings.SplitAfter(p.beside, "\n") {
		if !strings.HasPrefix(l, key+" =") {
			beside.WriteString(l)
		}
	}
	return rest + s.Header() + "\n" + beside.String() + line
}

// values are right and wrong values of keys whose table has no words and no borders to try.
var values = map[string]struct{ right, wrong []string }{
	"eal.lcores":              {[]string{`"1"`, `"3@1"`, `"127"`}, []string{`"128"`, `"x"`, `"1,1"`}},
	"eal.mirror_lcores":       {[]string{`"7"`, `"7,9"`}, []string{`"7-9"`, `"128"`}},
	"port.device":             {[]string{`"0000:3c:00.0"`, `"net_af_packet0,iface=eth1"`, `"net_pcap0,rx_pcap=in.pcap,tx_pcap=out.pcap"`}, []string{`"eth0"`, `"0000:3b:00.0"`}},
	"port.peer":               {[]string{`"wire0"`}, []string{`"wire9"`, `"x"`, `""`}},
	"port.addresses":          {[]string{`["192.0.3.1/24"]`, `["192.0.3.1/24", "2001:db8::1/64"]`}, []string{`[]`, `["192.0.3.1"]`, `["192.0.2.1/24"]`}},
	"route.prefix":            {[]string{`"198.51.100.0/24"`, `"0.0.0.0/0"`}, []string{`"198.51.100.1/24"`, `"2001:db8:1::/48"`, `"::/0"`}},
	"route.via":               {[]string{`"192.0.2.254"`}, []string{`"192.0.9.254"`, `"2001:db8::1"`}},
	"route.port":              {[]string{`"tun0"`}, []string{`"wire0"`, `"x"`}},
	"neighbor.address":        {[]string{`"192.0.2.10"`, `"198.51.100.1"`}, []string{`"192.0.2.1"`, `"x"`}},
	"neighbor.mac":            {[]string{`"02:00:00:00:02:10"`}, []string{`"01:00:00:00:00:00"`, `"x"`}},
	"neighbor.port":           {[]string{`"tun0"`}, []string{`"wire0"`}},
	"ctl.mode":                {[]string{`"0600"`, `"0777"`}, []string{`"0577"`, `"1000"`, `"x"`}},
	"ctl.admin_group":         {[]string{`"adm"`, `4`}, []string{`""`}},
	"ctl.reader_group":        {[]string{`"adm"`, `4`}, []string{`""`}},
	"metrics.listen":          {[]string{`"127.0.0.1:9464"`, `"[::1]:1"`}, []string{`":9464"`, `"127.0.0.1"`, `"127.0.0.1:0"`}},
	"metrics.mode":            {[]string{`"0600"`, `"0777"`}, []string{`"0577"`, `"1000"`}},
	"metrics.group":           {[]string{`"adm"`, `4`}, []string{`""`}},
	"aws.listen":              {[]string{`"127.0.0.1:1"`}, []string{`"192.0.2.1:1"`, `"x"`}},
	"aws.tls_certificate":     {[]string{`"/c"`}, []string{`""`}},
	"aws.tls_key":             {[]string{`"/k"`}, []string{`""`}},
	"aws.account":             {[]string{`"123456789012"`}, []string{`"1234"`, `123456789012`}},
	"aws.keys":                {[]string{`"/k"`}, []string{`""`}},
	"console.listen":          {[]string{`"127.0.0.1:1"`, `"[::1]:1"`}, []string{`"192.0.2.1:1"`, `"x"`}},
	"console.names":           {[]string{`["gw"]`, `["a.b-c"]`}, []string{`["a b"]`, `["gw:1"]`}},
	"console.tls_certificate": {[]string{`"/c"`}, []string{`""`}},
	"console.tls_key":         {[]string{`"/k"`}, []string{`""`}},
	"console.keys":            {[]string{`"/k"`}, []string{`""`}},
	"iam.directory":           {[]string{`"/d"`}, []string{`""`}},
	"state.path":              {[]string{`"/s"`}, []string{`""`}},
	"state.forward_after":     {[]string{`"1ns"`, `"10s"`}, []string{`"0s"`, `"x"`}},
	"audit.path":              {[]string{`"/a"`}, []string{`""`}},
	".dns_resolvers":          {[]string{`[]`}, []string{`["x"]`, `["192.0.2.1", "192.0.2.1"]`}},
	"bypass.on_inline":        {[]string{`["/i"]`, `["/i", "wire0"]`}, []string{`[]`, `["i"]`}},
	"bypass.on_bypass":        {[]string{`["/b"]`}, []string{`[]`, `["b"]`}},
	"bypass.heartbeat":        {[]string{`["/h"]`}, []string{`[]`, `["h"]`}},
	"history.path":            {[]string{`"/h"`}, []string{`""`}},
}

func parse(text string) (*config.Config, error) { return config.Parse("x", []byte(text)) }

// TestGatewayKeys: the tables have each key that is read, and no other.
func TestGatewayKeys(t *testing.T) {
	sections := reference.Gateway()
	var names []string
	for i := range sections {
		s := &sections[i]
		if s.Name == "" {
			for _, k := range s.Keys {
				names = append(names, k.Name)
			}
			continue
		}
		names = append(names, s.Name)
		compareKeys(t, s, func(line string) error {
			_, err := parse(placeOf(s.Name, "").document(s, "", "") + line)
			return err
		})
	}
	compareNames(t, "gateway.toml", names, func(line string) error { _, err := parse(line + one); return err })
}

// TestGatewayDefaults: a key that is left out means what the tables say.
func TestGatewayDefaults(t *testing.T) {
	eachKey(reference.Gateway(), func(s *reference.Section, k *reference.Key) {
		if k.Default == "" {
			return
		}
		p := placeOf(s.Name, k.Name)
		absent, err := parse(p.document(s, k.Name, ""))
		written, err2 := parse(p.document(s, k.Name, k.Default))
		if err != nil || err2 != nil {
			t.Errorf("%s %s: absent %v; = %s %v", s.Header(), k.Name, err, k.Default, err2)
		} else if a, w := asJSON(t, absent), asJSON(t, written); a != w {
			t.Errorf("%s %s: absence is not %s:\n%s\n%s", s.Header(), k.Name, k.Default, a, w)
		}
	})
}

func asJSON(t *testing.T, value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestGatewayValues: what the tables allow is accepted, what is just beyond is refused by a sentence about the key.
func TestGatewayValues(t *testing.T) {
	tried := map[string]bool{}
	eachKey(reference.Gateway(), func(s *reference.Section, k *reference.Key) {
		name := s.Name + "." + k.Name
		tried[name] = true
		right, wrong := borders(k)
		if more, ok := values[name]; ok {
			right, wrong = append(right, more.right...), append(wrong, more.wrong...)
		} else if k.Type != reference.Boolean && len(wrong) == 0 {
			t.Errorf("%s: the test has no values to try; add some to its table", name)
		}
		p := placeOf(s.Name, k.Name)
		for _, value := range right {
			if name == "port.role" && value == `"wire"` {
				continue // it needs a peer, which excludes the others: port.peer tries it
			}
			if _, err := parse(withAddresses(name, value, p.document(s, k.Name, value))); err != nil {
				t.Errorf("%s = %s is refused: %v", name, value, err)
			}
		}
		for _, value := range append(wrong, wrongType(k)) {
			_, err := parse(p.document(s, k.Name, value))
			if err == nil || !strings.Contains(err.Error(), k.Name) && !strings.Contains(err.Error(), "address") {
				t.Errorf("%s = %s is accepted, or refused for another key: %v", name, value, err)
			}
		}
		if k.Required {
			if _, err := parse(p.document(s, k.Name, "")); err == nil || !strings.Contains(err.Error(), k.Name) {
				t.Errorf("%s is required, but without it: %v", name, err)
			}
		}
	})
	for name := range values {
		if !tried[name] {
			t.Errorf("the test has values of %s, which no table has", name)
		}
	}
}

// withAddresses gives a port what it must have where copies leave.
func withAddresses(name, value, text string) string {
	if name == "port.role" && value == `"tunnel"` || name == "port.tunnel" && value == "true" {
		return text + "addresses = [\"192.0.3.1/24\"]\n"
	}
	return text
}

func eachKey(sections []reference.Section, do func(*reference.Section, *reference.Key)) {
	for i := range sections {
		for j := range sections[i].Keys {
			do(&sections[i], &sections[i].Keys[j])
		}
	}
}

// compareKeys asks a reader which keys a section has: its sentence about an unknown one lists them.
func compareKeys(t *testing.T, s *reference.Section, read func(line string) error) {
	t.Helper()
	var names []string
	for _, k := range s.Keys {
		names = append(names, k.Name)
	}
	compareNames(t, s.Header(), names, read)
}

func compareNames(t *testing.T, what string, names []string, read func(line string) error) {
	t.Helper()
	err := read("no_key_is_called_so = 1\n")
	if err == nil {
		t.Errorf("%s: an unknown key is accepted", what)
		return
	}
	list := regexp.MustCompile(`unknown key "no_key_is_called_so"; remove it or use one of: (.*)`).FindStringSubmatch(err.Error())
	if list == nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	known := map[string]bool{}
	for _, name := range strings.Split(list[1], ", ") {
		known[name] = true
	}
	for _, name := range names {
		if !known[name] {
			t.Errorf("%s: the table has the key %s, which is not read", what, name)
		}
		delete(known, name)
	}
	for name := range known {
		t.Errorf("%s: the key %s is read and not in the table", what, name)
	}
}

// wrongType is a value of a type that the key does not have.
func wrongType(k *reference.Key) string {
	switch k.Type {
	case reference.Integer:
		return `"x"`
	case reference.Boolean, reference.Tables, reference.Table, reference.Texts:
		return "1"
	}
	return "true"
}

// borders are values of the table at its borders, and those just beyond.
func borders(k *reference.Key) (right, wrong []string) {
	for _, word := range k.Words {
		right = append(right, fmt.Sprintf("%q", word))
	}
	if len(k.Words) > 0 {
		wrong = append(wrong, `"no-word"`)
	}
	switch k.Type {
	case reference.Boolean:
		right = append(right, "true", "false")
	case reference.Integer:
		return integerBorders(k)
	case reference.Duration:
		return durationBorders(k)
	case reference.Texts:
		if k.Most != "" {
			right, wrong = append(right, addressList(number(k.Most))), append(wrong, addressList(number(k.Most)+1))
		}
	case reference.Text:
		if k.Most != "" {
			most := number(k.Most)
			right, wrong = append(right, textOf(k, most)), append(wrong, textOf(k, most+1))
		}
	}
	if k.Default != "" {
		right = append(right, k.Default)
	}
	return right, wrong
}
