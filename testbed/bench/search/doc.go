// Package search finds the highest rate that a device under test carries with no loss, or with little,
// by trials (RFC 2544 section 26.1), and says how it was found. It is arithmetic only: what
// a trial is, a function decides.
package search
