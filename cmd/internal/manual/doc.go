// Package manual writes manual pages (man(7)), and the same as pages of docs/, for the programs of this tree, from what they
// know of their own command lines.
package manual
