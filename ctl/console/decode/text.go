package decode

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shown writes a number for people.
type shown func(uint64) string

func decimal(v uint64) string { return strconv.FormatUint(v, 10) }

// hexadecimal has as many digits as that many bytes.
func hexadecimal(bytes int) shown {
	return func(v uint64) string { return fmt.Sprintf("0x%0*x", 2*bytes, v) }
}

func inBytes(v uint64) string { return plural(int(v), "byte") }

func inSeconds(v uint64) string { return plural(int(v), "second") }

// named adds the name that a number has.
func named(names map[uint64]string, show shown) shown {
	return func(v uint64) string {
		if name, ok := names[v]; ok {
			return show(v) + " (" + name + ")"
		}
		return show(v)
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}

func areLeft(n int) string {
	if n == 1 {
		return "is 1"
	}
	return "are " + strconv.Itoa(max(n, 0))
}

// flags are the names of the bits that are set, the highest first; names begin with the highest of
// len(names) bits. An empty name is not told.
func flags(v uint64, names ...string) string {
	var set []string
	for i, name := range names {
		if v>>(len(names)-1-i)&1 == 1 && name != "" {
			set = append(set, name)
		}
	}
	return strings.Join(set, ", ")
}

// shownFlags are the names of the set bits behind the number.
func shownFlags(bytes int, names ...string) shown {
	return func(v uint64) string {
		if set := flags(v, names...); set != "" {
			return hexadecimal(bytes)(v) + " (" + set + ")"
		}
		return hexadecimal(bytes)(v)
	}
}

// printable makes text of bytes from a frame: what is not a letter, a digit, a mark or a blank of
// ASCII is written as \xNN, so that nothing can hide in it, break a line or turn it round.
func printable(raw []byte) string {
	var text strings.Builder
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		if r == utf8.RuneError && size <= 1 || r == '\\' || r != ' ' && !unicode.IsGraphic(r) || unicode.Is(unicode.Zs, r) && r != ' ' || unicode.Is(unicode.M, r) {
			for _, b := range raw[:size] {
				fmt.Fprintf(&text, `\x%02x`, b)
			}
		} else {
			text.WriteRune(r)
		}
		raw = raw[size:]
	}
	return text.String()
}

// checksum is the Internet checksum (RFC 1071) of bytes that have it in them: 0, if it is right.
func checksum(data []byte) uint16 {
	var sum uint32
	for i, b := range data {
		sum += uint32(b) << (8 * (1 - i%2))
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
