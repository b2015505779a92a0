package main

import "strings"

// shellQuote makes one word of a text for bash, zsh and fish. A single quote inside becomes a typographic
// one: the shells differ about it, and the texts are for people.
func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", "’") + "'" }

// zshText keeps what ends a description or begins an action for _arguments from doing so.
func zshText(text string) string {
	return strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`).Replace(text)
}
