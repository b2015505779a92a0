package cloudwatch

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"unicode/utf8"
)

// Major types of CBOR (RFC 8949, section 3.1).
const (
	cborUnsigned = 0
	cborNegative = 1
	cborText     = 3
	cborList     = 4
	cborMap      = 5
	cborTag      = 6
	cborSimple   = 7
)

const (
	cborIndefinite = 31
	cborBreak      = 0xff
	cborEpoch      = 1 // tag of a moment
	maxDepth       = 16
	maxValues      = 200000 // in a body: twice what a request has with all lists full
)

var errCBOR = errors.New("it is cut off, nested too deeply, too long, or has what requests do not have")

// decodeCBOR reads one value: nil, bool, float64, int64, string, []any or map[string]any. Moments
// become their numbers.
func decodeCBOR(data []byte) (any, error) {
	d := &cborDecoder{rest: data}
	value := d.value(0)
	if d.failed || len(d.rest) > 0 {
		return nil, errCBOR
	}
	return value, nil
}

// cborDecoder takes values from bytes. After a failure everything is nil.
type cborDecoder struct {
	rest   []byte
	values int // decoded so far
	failed bool
}

func (d *cborDecoder) fail() { d.failed, d.rest = true, nil }

func (d *cborDecoder) take(n uint64) []byte {
	if n > uint64(len(d.rest)) {
		d.fail()
		return make([]byte, min(n, 8))
	}
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}

// head reads the beginning of a value. indefinite: it goes on until a break.
func (d *cborDecoder) head() (major, info byte, n uint64, indefinite bool) {
	first := d.take(1)[0]
	major, info = first>>5, first&31
	switch {
	case info < 24:
		n = uint64(info)
	case info == 24:
		n = uint64(d.take(1)[0])
	case info == 25:
		n = uint64(binary.BigEndian.Uint16(d.take(2)))
	case info == 26:
		n = uint64(binary.BigEndian.Uint32(d.take(4)))
	case info == 27:
		n = binary.BigEndian.Uint64(d.take(8))
	case info == cborIndefinite:
		indefinite = true
	default:
		d.fail()
	}
	return major, info, n, indefinite
}

func (d *cborDecoder) value(depth int) any {
	if d.values++; depth > maxDepth || d.values > maxValues || d.failed {
		d.fail()
		return nil
	}
	major, info, n, indefinite := d.head()
	if indefinite && major != cborText && major != cborList && major != cborMap {
		d.fail()
		return nil
	}
	switch major {
	case cborUnsigned, cborNegative:
		return d.integer(major, n)
	case cborText:
		return d.text(n, indefinite)
	case cborList:
		list := []any{}
		d.each(n, indefinite, func() { list = append(list, d.value(depth+1)) })
		return list
	case cborMap:
		fields := map[string]any{}
		d.each(n, indefinite, func() {
			name, ok := d.value(depth + 1).(string)
			if _, twice := fields[name]; !ok || twice {
				d.fail()
			}
			fields[name] = d.value(depth + 1)
		})
		return fields
	case cborTag:
		if n != cborEpoch {
			d.fail()
		}
		return d.value(depth + 1)
	case cborSimple:
		return d.simple(info, n)
	}
	d.fail() // bytes
	return nil
}

func (d *cborDecoder) integer(major byte, n uint64) any {
	if n > math.MaxInt64 {
		d.fail()
	}
	if major == cborNegative {
		return -1 - int64(n)
	}
	return int64(n)
}

// each calls do for each of n members, or until a break.
func (d *cborDecoder) each(n uint64, indefinite bool, do func()) {
	for i := uint64(0); (indefinite || i < n) && !d.failed; i++ {
		if indefinite && len(d.rest) > 0 && d.rest[0] == cborBreak {
			d.rest = d.rest[1:]
			return
		}
		do()
	}
}

func (d *cborDecoder) text(n uint64, indefinite bool) string {
	var text strings.Builder
	if !indefinite {
		text.Write(d.take(n))
	} else {
		d.each(0, true, func() {
			major, _, n, nested := d.head()
			if major != cborText || nested {
				d.fail()
				return
			}
			text.Write(d.take(n))
		})
	}
	if !utf8.ValidString(text.String()) {
		d.fail()
	}
	return text.String()
}

func (d *cborDecoder) simple(info byte, n uint64) any {
	switch info {
	case 20, 21:
		return info == 21
	case 22, 23:
		return nil
	case 26:
		return d.finite(float64(math.Float32frombits(uint32(n))))
	case 27:
		return d.finite(math.Float64frombits(n))
	}
	d.fail()
	return nil
}

func (d *cborDecoder) finite(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		d.fail()
	}
	return f
}

// moments are the fields of answers that hold moments, or lists of them.
var moments = map[string]bool{"Timestamp": true, "Timestamps": true}

// cborOfJSON writes an answer, in JSON, as CBOR.
func cborOfJSON(text []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		panic(err) // it was made by this package
	}
	return appendCBOR(nil, value, false)
}

func appendCBOR(dst []byte, value any, moment bool) []byte {
	switch v := value.(type) {
	case map[string]any:
		dst = appendHead(dst, cborMap, uint64(len(v)))
		for name, field := range v {
			dst = appendCBOR(dst, name, false)
			dst = appendCBOR(dst, field, moments[name])
		}
	case []any:
		dst = appendHead(dst, cborList, uint64(len(v)))
		for _, member := range v {
			dst = appendCBOR(dst, member, moment)
		}
	case string:
		dst = append(appendHead(dst, cborText, uint64(len(v))), v...)
	case json.Number:
		if moment {
			dst = appendHead(dst, cborTag, cborEpoch)
		}
		number, _ := v.Float64() // what was written as a number is one
		dst = append(dst, cborSimple<<5|27)
		dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(number))
	}
	return dst
}

func appendHead(dst []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(dst, major<<5|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major<<5|25), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, major<<5|26), uint32(n))
}
