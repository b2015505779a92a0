package reference_test

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgw/ctl"
	"mirrorgw/ctl/reference"
)

// resourcesBeside is what the sections of resources.toml must have besides a key that is tried.
var resourcesBeside = map[string]string{
	"interface":               "name = \"x\"\nmac = \"02:00:00:00:00:01\"\n",
	"target":                  "name = \"x\"\naddress = \"192.0.2.1\"\n",
	"load_balancer":           "name = \"x\"\n",
	"load_balancer.listeners": "port = 4789\n",
	"load_balancer.health":    "protocol = \"tcp\"\nport = 80\n",
	"load_balancer.member":    "address = \"192.0.2.1\"\n",
	"filter":                  "name = \"x\"\n",
	"filter.rule":             "direction = \"ingress\"\nnumber = 1\naction = \"accept\"\nprotocol = \"tcp\"\n",
	"session":                 "name = \"x\"\nsource = \"a\"\ntarget = \"b\"\nfilter = \"c\"\nnumber = 1\n",
	"share":                   "name = \"x\"\n",
	"share.principal":         "id = \"123456789012\"\n",
}

// resourceDocument has one key where it belongs; value "" leaves it out. Keys of all kinds are tried on a filter.
func resourceDocument(s *reference.Section, key, value string) string {
	name, header := s.Name, s.Header()
	if name == "" {
		name, header = "filter", "[[filter]]"
	}
	var b strings.Builder
	if parent, _, sub := strings.Cut(name, "."); sub {
		fmt.Fprintf(&b, "[[%s]]\nname = \"x\"\n", parent)
	}
	b.WriteString(header + "\n")
	for _, line := range strings.SplitAfter(resourcesBeside[name], "\n") {
		instead := name == "target" && (key == "interface" || key == "load_balancer") && strings.HasPrefix(line, "address")
		by := name == "load_balancer.health" && key == "path" && strings.HasPrefix(line, "protocol")
		switch {
		case by:
			b.WriteString("protocol = \"http\"\n")
		case !strings.HasPrefix(line, key+" =") && !instead:
			b.WriteString(line)
		}
	}
	if value != "" {
		fmt.Fprintf(&b, "%s = %s\n", key, value)
	}
	return b.String()
}

// resourceValues are right and wrong values of keys whose table has no words and no borders to try.
var resourceValues = map[string]struct{ right, wrong []string }{
	".id":                           {[]string{`"tmf-0123456789abcdef0"`}, []string{`"tmf-0"`, `"eni-0123456789abcdef0"`, `""`}},
	".account":                      {[]string{`"123456789012"`}, []string{`"1"`, `""`}},
	".tags":                         {[]string{many(50, `"k%d" = "v"`, "{}")}, []string{many(51, `"k%d" = "v"`, "{}"), `{"aws:x" = ""}`, `{"" = ""}`}},
	"interface.mac":                 {[]string{`"02:00:00:00:00:01"`}, []string{`"01:00:00:00:00:00"`, `"x"`}},
	"target.address":                {[]string{`"192.0.2.10"`, `"2001:db8::1"`}, []string{`"x"`, `"0.0.0.0"`}},
	"target.interface":              {[]string{`"x"`}, []string{`""`}},
	"target.load_balancer":          {[]string{`"x"`}, []string{`""`}},
	"load_balancer.listeners":       {[]string{many(50, "{port = %d}", "[]")}, []string{many(51, "{port = %d}", "[]")}},
	"load_balancer.health":          {[]string{`{protocol = "tcp", port = 80}`, `{protocol = "icmp"}`}, []string{`{protocol = "tcp"}`, `{}`}},
	"load_balancer.member":          {[]string{many(1000, `{address = "2001:db8::%x"}`, "[]")}, []string{many(1001, `{address = "2001:db8::%x"}`, "[]")}},
	"load_balancer.member.address":  {[]string{`"192.0.2.10"`}, []string{`"x"`}},
	"load_balancer.health.path":     {nil, []string{`"x"`}},
	"filter.services":               {[]string{`["amazon-dns"]`, `[]`}, []string{`["dns"]`}},
	"filter.rule":                   {[]string{`[]`}, []string{`[{}]`}},
	"filter.rule.protocol":          {[]string{`"tcp"`, `"udp"`, `"icmp"`, `"icmpv6"`, `0`, `255`, `-1`, `"all"`}, []string{`256`, `-2`, `"x"`}},
	"filter.rule.source":            {[]string{`"10.0.0.0/8"`, `"::/0"`}, []string{`"10.0.0.1/8"`, `"10.0.0.1"`}},
	"filter.rule.destination":       {[]string{`"10.0.0.0/8"`, `"::/0"`}, []string{`"10.0.0.1/8"`, `"10.0.0.1"`}},
	"filter.rule.source_ports":      {[]string{`80`, `"80"`, `"80-443"`, `"0-65535"`}, []string{`65536`, `"443-80"`}},
	"filter.rule.destination_ports": {[]string{`80`, `"80"`, `"80-443"`, `"0-65535"`}, []string{`65536`, `"443-80"`}},
	"filter.rule.id":                {[]string{`"tmfr-0123456789abcdef0"`}, []string{`"x"`}},
	"filter.rule.tags":              {[]string{many(50, `"k%d" = "v"`, "{}")}, []string{many(51, `"k%d" = "v"`, "{}")}},
	"session.source":                {[]string{`"x"`}, []string{`""`}},
	"session.target":                {[]string{`"x"`}, []string{`""`}},
	"session.filter":                {[]string{`"x"`}, []string{`""`}},
	"share.principal":               {[]string{many(1000, `{id = "%012d"}`, "[]")}, []string{many(1001, `{id = "%012d"}`, "[]"), `[{}]`}},
	"share.principal.id":            {[]string{`"123456789012"`, `"arn:aws:organizations::123456789012:organization/o-0123456789"`}, []string{`"x"`}},
	"share.principal.invitation":    {[]string{`"01234567-0123-4123-8123-0123456789ab"`}, []string{`"x"`}},
}

// many is a TOML list or table of so many entries, numbered from 1.
func many(n int, form, brackets string) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(form, i+1))
	}
	return brackets[:1] + strings.Join(list, ", ") + brackets[1:]
}

func parseDocument(text string) (*ctl.Document, error) { return ctl.ParseDocument("x", []byte(text)) }

// TestResourceKeys: the tables have each key that is read, and no other.
func TestResourceKeys(t *testing.T) {
	sections := reference.Resources()
	common := sections[0].Keys
	var names []string
	for i := range sections[1:] {
		s := sections[1+i]
		if resourcesBeside[s.Name] == "" {
			t.Fatalf("the test does not know what [%s] needs", s.Name)
		}
		if !strings.Contains(s.Name, ".") {
			names = append(names, s.Name)
			s.Keys = append(append([]reference.Key{}, common...), s.Keys...)
		}
		compareKeys(t, &s, func(line string) error {
			_, err := parseDocument(resourceDocument(&s, "", "") + line)
			return err
		})
	}
	compareNames(t, "resources.toml", names, func(line string) error { _, err := parseDocument(line); return err })
}

// TestResourceDefaults: a key that is left out means what the tables say.
func TestResourceDefaults(t *testing.T) {
	eachKey(reference.Resources(), func(s *reference.Section, k *reference.Key) {
		if k.Default == "" {
			return
		}
		absent, err := parseDocument(resourceDocument(s, k.Name, ""))
		written, err2 := parseDocument(resourceDocument(s, k.Name, k.Default))
		if err != nil || err2 != nil {
			t.Errorf("%s %s: absent %v; = %s %v", s.Header(), k.Name, err, k.Default, err2)
		} else if a, w := asJSON(t, absent), asJSON(t, written); a != w {
			t.Errorf("%s %s: absence is not %s:\n%s\n%s", s.Header(), k.Name, k.Default, a, w)
		}
	})
}

// TestResourceValues: what the tables allow is accepted, what is just beyond is refused by a sentence about the key.
func TestResourceValues(t *testing.T) {
	tried := map[string]bool{}
	eachKey(reference.Resources(), func(s *reference.Section, k *reference.Key) {
		name := s.Name + "." + k.Name
		tried[name] = true
		right, wrong := borders(k)
		if more, ok := resourceValues[name]; ok {
			right, wrong = append(right, more.right...), append(wrong, more.wrong...)
		} else if k.Type != reference.Boolean && len(wrong) == 0 {
			t.Errorf("%s: the test has no values to try; add some to its table", name)
		}
		for _, value := range right {
			if _, err := parseDocument(resourceDocument(s, k.Name, value)); err != nil && !needsMore(name, value) {
				t.Errorf("%s = %.80s is refused: %v", name, value, err)
			}
		}
		for _, value := range append(wrong, wrongType(k)) {
			_, err := parseDocument(resourceDocument(s, k.Name, value))
			if err == nil || !names(err.Error(), s, k.Name) {
				t.Errorf("%s = %.80s is accepted, or refused for another key: %v", name, value, err)
			}
		}
		if k.Required {
			if _, err := parseDocument(resourceDocument(s, k.Name, "")); err == nil || !names(err.Error(), s, k.Name) {
				t.Errorf("%s is required, but without it: %v", name, err)
			}
		}
	})
	for name := range resourceValues {
		if !tried[name] {
			t.Errorf("the test has values of %s, which no table has", name)
		}
	}
}

// needsMore are values that are right with others only: a session that has lost its target names it by ID, icmp has no port.
func needsMore(name, value string) bool {
	return name == "session.inactive" && value == `"target-deleted"` || name == "load_balancer.health.protocol" && value == `"icmp"`
}

// names says whether a sentence is about a key: by its name, by its words, or by those of the section that it is in.
func names(sentence string, s *reference.Section, key string) bool {
	sentence = strings.ToLower(sentence)
	_, part, _ := strings.Cut(s.Name, ".")
	for _, word := range []string{key, strings.ReplaceAll(key, "_", " "), strings.TrimSuffix(key, "es"), strings.TrimSuffix(part, "s"), strings.TrimSuffix(strings.TrimSuffix(strings.ReplaceAll(key, "_", " "), " pps"), " bps")} {
		if word != "" && strings.Contains(sentence, word) {
			return true
		}
	}
	return strings.Contains(sentence, "points nowhere")
}
