// Package tomldoc reads a TOML document key by key and remembers on which line each key stands,
// so that whoever reads it can refuse a value in one sentence that names file, line and remedy.
//
// The syntax is parsed by BurntSushi/toml. That parser gives lines for syntax errors only, so a
// small scanner of this package finds the lines of tables and keys.
package tomldoc
