package config

// Setting is a key of gateway.toml with the value in force.
type Setting struct {
	Section string // such as "quotas", or "port wire0"; empty: of the document itself
	Name    string
	Value   string // as gateway.toml would have it; empty: none
	Reloads bool   // a reload takes it over; else a restart is needed
}

// Settings lists every key of what is configured, in the order of the documentation. Secrets are not in
// gateway.toml, so none is here; files with secrets are named.
func (c *Config) Settings() (list []Setting) {
	for i := range c.Ports {
		for k := range portKeys {
			key := &portKeys[k]
			if key.Name != "name" {
				list = append(list, Setting{"port " + c.Ports[i].Name, key.Name, key.port(&c.Ports[i]), key.Reloads})
			}
		}
	}
	for i := range keys {
		if key := &keys[i]; key.port == nil && key.isThere(c) {
			list = append(list, Setting{key.Section, key.Name, key.value(c), key.Reloads})
		}
	}
	return list
}
