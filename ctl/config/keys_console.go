package config

import "strconv"

// consoleKeys are about the web console.
var consoleKeys = []Key{
	restarts("console", "listen", func(c *Config) string { return text(c.Console.Listen) }),
	restarts("console", "names", func(c *Config) string { return joined(c.Console.Names, strconv.Quote) }),
	restarts("console", "tls_certificate", func(c *Config) string { return c.Console.TLSCertificate }),
	restarts("console", "tls_key", func(c *Config) string { return c.Console.TLSKey }),
	restarts("console", "keys", func(c *Config) string { return c.Console.Keys }),
	reloads("console", "session_minutes", func(c *Config) *int { return &c.Console.SessionMinutes }, nil),
	reloads("console", "session_hours", func(c *Config) *int { return &c.Console.SessionHours }, nil),
}
