package cli

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// value is how values of one kind are written: on the command line, in JSON, and for people.
type value struct {
	hint   string                         // how usage names it
	parse  func(text string) (any, error) // into what goes to the API
	format func(v any) string             // out of what encoding/json read; nil: plain
	many   bool                           // a JSON array: the flag may be repeated, and takes commas
	toggle bool                           // the flag alone means true
	always bool                           // format has a word for an absent value too
}

// word is text that the daemon judges.
func word(hint string) value {
	return value{hint: hint, parse: func(text string) (any, error) { return text, nil }}
}

// words is a list of them.
func words(hint string) value {
	v := word(hint)
	v.many = true
	return v
}

// number is a whole number; its range is the daemon's to judge, and named here for people.
func number(from, to int) value {
	return value{hint: fmt.Sprintf("%d-%d", from, to), parse: func(text string) (any, error) {
		n, err := strconv.Atoi(text)
		if err != nil || n < from || n > to {
			return nil, fmt.Errorf("give a number from %d to %d", from, to)
		}
		return n, nil
	}}
}

// rate is a number a second of a range too wide to be named.
func rate(from, to int) value {
	v := number(from, to)
	v.hint = "RATE"
	return v
}

// yesNo is a truth value.
func yesNo() value {
	return value{hint: "true|false", toggle: true, parse: func(text string) (any, error) {
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("give true or false")
		}
		return b, nil
	}, format: func(v any) string {
		if v == true {
			return "yes"
		}
		return "no"
	}}
}

// portRange is FROM-TO, or one port.
func portRange() value {
	return value{hint: "FROM-TO", parse: parsePortRange, format: func(v any) string {
		m, _ := v.(map[string]any)
		from, to := plain(m["fromPort"]), plain(m["toPort"])
		if from == to {
			return from
		}
		return from + "-" + to
	}}
}

func parsePortRange(text string) (any, error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	from, err1 := strconv.ParseUint(first, 10, 16)
	to, err2 := strconv.ParseUint(last, 10, 16)
	if err1 != nil || err2 != nil || from > to {
		return nil, fmt.Errorf("give a port or a range of ports from 0 to 65535, as 443 or 80-443")
	}
	return map[string]any{"fromPort": from, "toPort": to}, nil
}

// protocolNames are those that people read more easily than a number.
var protocolNames = map[string]string{"-1": "all", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "132": "sctp"}

// protocol is a name, a number, or all.
func protocol() value {
	return value{hint: "PROTOCOL", parse: func(text string) (any, error) {
		if n, err := strconv.Atoi(text); err == nil {
			return n, nil
		}
		return text, nil
	}, format: func(v any) string {
		text := plain(v)
		if name, ok := protocolNames[text]; ok {
			return name
		}
		return text
	}}
}

// listeners are udp:4789, of a load balancer.
func listeners() value {
	return value{hint: "PROTOCOL:PORT", many: true, parse: func(text string) (any, error) {
		proto, port, ok := strings.Cut(text, ":")
		n, err := strconv.ParseUint(port, 10, 16)
		if !ok || err != nil {
			return nil, fmt.Errorf("give protocol and port, as udp:4789")
		}
		return map[string]any{"protocol": proto, "port": n}, nil
	}, format: func(v any) string {
		m, _ := v.(map[string]any)
		return plain(m["protocol"]) + ":" + plain(m["port"])
	}}
}

// text is a value for people.
func (v value) text(read any) string {
	if list, ok := read.([]any); ok && (v.many || v.format == nil) {
		parts := make([]string, len(list))
		for i, one := range list {
			parts[i] = v.text(one)
		}
		return strings.Join(parts, ", ")
	}
	if v.format != nil && (read != nil || v.always) {
		return v.format(read)
	}
	return plain(read)
}

// plain writes a JSON value without quotes; nothing for an absent one.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return printable(v)
	case json.Number:
		return v.String()
	case map[string]any:
		return pairs(v)
	}
	return fmt.Sprint(v)
}

// printable replaces control characters, which a terminal would obey.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// pairs writes tags and the like: a=1, b=2.
func pairs(m map[string]any) string {
	var parts []string
	for _, key := range sortedKeys(m) {
		parts = append(parts, key+"="+plain(m[key]))
	}
	return strings.Join(parts, ", ")
}
