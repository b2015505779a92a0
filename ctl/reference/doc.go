// Package reference has one table of every key of gateway.toml and one of every key of resources.toml: type,
// unit, range, default, when a change takes force, meaning. docs/configuration.md is written from them (make docs),
// and tests hold them against what ctl/config and ctl read: a key that is missing here, a default or a range that
// differs fails them. Nothing of the daemon reads the tables.
package reference
