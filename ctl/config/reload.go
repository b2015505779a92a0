package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Difference is a key that two configurations have different values for.
type Difference struct {
	Reloads  bool   // a reload takes it over; else a restart is needed
	Key      string // such as "[quotas] sessions_per_source" or "[[port]] wire0: queues"
	Old, New string
}

// String is the difference in a line.
func (d Difference) String() string {
	return fmt.Sprintf("%s: %s -> %s", d.Key, cmp.Or(d.Old, "none"), cmp.Or(d.New, "none"))
}

// Differences compares the configuration that a gateway runs by with another one, key by key.
func (c *Config) Differences(other *Config) (list []Difference) {
	told := map[string]bool{}
	for i := range keys {
		k := &keys[i]
		switch {
		case k.comesOrGoes(c, other):
			if !told[k.Section] {
				told[k.Section] = true
				list = append(list, Difference{Key: "[" + k.Section + "]", Old: presence(k.isThere(c)), New: presence(k.isThere(other))})
			}
		case k.port != nil:
			list = append(list, k.portDifferences(c, other)...)
		case k.value(c) != k.value(other):
			list = append(list, Difference{k.Reloads, k.String(), k.value(c), k.value(other)})
		}
	}
	return list
}

func presence(there bool) string {
	if there {
		return "there"
	}
	return "not there"
}

// isThere is false for the keys of an optional section that a configuration does not have.
func (k *Key) isThere(c *Config) bool {
	there := optional[k.Section]
	return there == nil || there(c)
}

func (k *Key) comesOrGoes(a, b *Config) bool { return k.isThere(a) != k.isThere(b) }

// portDifferences compares ports of one name. That ports come, go or change places is told once.
func (k *Key) portDifferences(c, other *Config) (list []Difference) {
	if k.Name == "name" {
		if before, after := k.value(c), k.value(other); before != after {
			list = append(list, Difference{Key: k.String(), Old: before, New: after})
		}
		return list
	}
	for i := range c.Ports {
		p := &c.Ports[i]
		at := other.PortIndex(p.Name)
		if at < 0 {
			continue
		}
		if before, after := k.port(p), k.port(&other.Ports[at]); before != after {
			list = append(list, Difference{Key: "[[port]] " + p.Name + ": " + k.Name, Old: before, New: after})
		}
	}
	return list
}

// TakeOver makes c have what another configuration says and a reload takes over. c must not be
// shared yet.
func (c *Config) TakeOver(other *Config) {
	for i := range keys {
		if k := &keys[i]; k.Reloads && !k.comesOrGoes(c, other) {
			k.take(c, other)
		}
	}
}

// ReloadPlan says of each section what a reload takes over, and what needs a restart.
func ReloadPlan() []string {
	var lines, sections []string
	reload, restart := map[string][]string{}, map[string][]string{}
	for i := range keys {
		k := &keys[i]
		if !slices.Contains(sections, k.Section) {
			sections = append(sections, k.Section)
		}
		if k.Reloads {
			reload[k.Section] = append(reload[k.Section], k.Name)
		} else {
			restart[k.Section] = append(restart[k.Section], k.Name)
		}
	}
	for _, section := range sections {
		name := "[" + section + "] "
		if section == "" {
			name = ""
		}
		if at := reload[section]; at != nil {
			lines = append(lines, name+strings.Join(at, ", "))
		}
	}
	var whole []string
	for _, section := range sections {
		if reload[section] == nil {
			whole = append(whole, "["+section+"]")
		} else if rest := restart[section]; rest != nil {
			whole = append(whole, "["+section+"] "+strings.Join(rest, ", "))
		}
	}
	return append(lines, "a restart is needed for: "+strings.Join(whole, "; "))
}
