// Package bypass drives what takes production past the gateway when it cannot forward: a network card
// with a relay, an optical switch, a switch that is told so. The operator names programs for it; this
// package runs them at the right moments, with limits, and remembers what became of them
// (docs/fail-open.md). Nothing of it runs on an lcore.
package bypass
