// Package decode tells people what is in an Ethernet frame: one line about it, and its layers with
// their fields and where these stand. It judges nothing and is no part of the data path.
//
// Frames come from anybody. What is cut or malformed is said to be so, and whatever could be read
// before that is told; no frame makes it panic, loop or tell without bound. Numbers on the wire are
// in network byte order unless a comment says otherwise.
package decode
