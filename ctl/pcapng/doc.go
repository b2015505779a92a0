// Package pcapng writes captures of Ethernet frames in the format that Wireshark and tcpdump read
// (draft-ietf-opsawg-pcapng): one section with its interfaces, packets with direction and comment, and
// statistics that say what was lost. Numbers are little-endian, times are nanoseconds since 1970.
package pcapng
