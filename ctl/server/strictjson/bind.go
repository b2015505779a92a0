package strictjson

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"mirrorgw/ctl/tomldoc"
)

// Decode reads a request into the struct that into points at. The error is a *Error.
func Decode(data []byte, into any) error {
	tree, err := parse(data)
	if err != nil {
		return err
	}
	return bindAll(tree, into)
}

// bindAll stores a tree and reports every fault, the first ones at least.
func bindAll(tree any, into any) error {
	b := &binder{}
	b.bind("", tree, reflect.ValueOf(into).Elem())
	if len(b.faults) > 0 {
		return &Error{b.faults}
	}
	return nil
}

// binder stores JSON values in Go values and collects the faults.
type binder struct{ faults []Fault }

func (b *binder) fault(kind Kind, field, format string, args ...any) {
	if len(b.faults) < maxFaults {
		b.faults = append(b.faults, Fault{kind, field, fmt.Sprintf(format, args...)})
	}
}

// wrong reports a value of the wrong type.
func (b *binder) wrong(path string, value any, expected string) {
	if path == "" {
		b.fault(Malformed, "", "the body is %s; send %s", describe(value), expected)
		return
	}
	if value == nil {
		b.fault(InvalidValue, path, "field %s is null; give it %s, or leave it out", path, expected)
		return
	}
	b.fault(InvalidValue, path, "field %s is %s; give it %s", path, describe(value), expected)
}

// describe names the type of a JSON value, and the value where it is short.
func describe(value any) string {
	switch v := value.(type) {
	case object:
		return "an object"
	case []any:
		return "an array"
	case string:
		if len(v) > 40 {
			return "a string"
		}
		return "the string " + strconv.Quote(v)
	case json.Number:
		return "the number " + v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return "null"
}

func (b *binder) bind(path string, value any, to reflect.Value) {
	if to.CanAddr() && to.Addr().Type().Implements(unmarshalerType) {
		b.bindUnmarshaler(path, value, to.Addr().Interface().(json.Unmarshaler))
		return
	}
	switch to.Kind() {
	case reflect.Struct:
		b.bindStruct(path, value, to)
	case reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		b.bind(path, value, to.Elem())
	case reflect.Slice:
		b.bindSlice(path, value, to)
	case reflect.Map:
		b.bindMap(path, value, to)
	case reflect.String:
		text, ok := value.(string)
		if !ok {
			b.wrong(path, value, "a string")
		}
		to.SetString(text)
	case reflect.Bool:
		is, ok := value.(bool)
		if !ok {
			b.wrong(path, value, "true or false")
		}
		to.SetBool(is)
	case reflect.Int:
		b.bindInt(path, value, to, math.MinInt32, math.MaxInt32)
	case reflect.Int64:
		b.bindInt(path, value, to, -maxExact, maxExact)
	default:
		panic(fmt.Sprintf("strictjson: field %s has the type %s, which requests do not have", path, to.Type()))
	}
}

var unmarshalerType = reflect.TypeFor[json.Unmarshaler]()

// bindUnmarshaler serves api.Protocol, the one type with a decoder of its own: a string or number.
func (b *binder) bindUnmarshaler(path string, value any, to json.Unmarshaler) {
	switch value.(type) {
	case string, json.Number:
	default:
		b.wrong(path, value, "a name or a number")
		return
	}
	text, err := json.Marshal(value)
	if err == nil {
		err = to.UnmarshalJSON(text)
	}
	if err != nil {
		b.wrong(path, value, "a name or a number")
	}
}

func (b *binder) bindStruct(path string, value any, to reflect.Value) {
	o, ok := value.(object)
	if !ok {
		b.wrong(path, value, "an object")
		return
	}
	known := fieldsOf(to.Type())
	for _, m := range o {
		index, ok := known.index[m.name]
		if !ok {
			b.unknown(path, m.name, known.names)
			continue
		}
		b.bind(join(path, m.name), m.value, to.FieldByIndex(index))
		b.refuseZero(join(path, m.name), m.value, known.zeroIsAbsent[m.name])
	}
}

// refuseZero reports a number 0 where the type cannot tell it from an absent one.
func (b *binder) refuseZero(path string, value any, zeroIsAbsent bool) {
	if number, ok := value.(json.Number); ok && zeroIsAbsent && (number == "0" || number == "-0") {
		b.fault(InvalidValue, path, "field %s is 0; give it another number, or leave it out", path)
	}
}

func (b *binder) unknown(path, name string, known []string) {
	at := join(path, name)
	if near := tomldoc.Nearest(name, known); near != "" {
		b.fault(UnknownField, at, "field %s is not known; did you mean %s?", at, join(path, near))
		return
	}
	b.fault(UnknownField, at, "field %s is not known; remove it", at)
}

func (b *binder) bindSlice(path string, value any, to reflect.Value) {
	list, ok := value.([]any)
	if !ok {
		b.wrong(path, value, "an array")
		return
	}
	slice := reflect.MakeSlice(to.Type(), len(list), len(list))
	for i, item := range list {
		b.bind(fmt.Sprintf("%s[%d]", path, i), item, slice.Index(i))
	}
	to.Set(slice)
}

func (b *binder) bindMap(path string, value any, to reflect.Value) {
	o, ok := value.(object)
	if !ok {
		b.wrong(path, value, "an object of strings")
		return
	}
	m := reflect.MakeMapWithSize(to.Type(), len(o))
	for _, entry := range o {
		item := reflect.New(to.Type().Elem()).Elem()
		b.bind(join(path, entry.name), entry.value, item)
		m.SetMapIndex(reflect.ValueOf(entry.name), item)
	}
	to.Set(m)
}

// maxExact is the largest whole number that every JSON reader holds exactly (RFC 8259 section 6).
const maxExact = 1<<53 - 1

// bindInt takes whole numbers. Fields that need more than 32 bits are int64.
func (b *binder) bindInt(path string, value any, to reflect.Value, least, most int64) {
	number, ok := value.(json.Number)
	if !ok {
		b.wrong(path, value, "a whole number")
		return
	}
	n, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil || n < least || n > most {
		b.fault(InvalidValue, path, "field %s is %s; give it a whole number from %d to %d, without point or exponent",
			path, number, least, most)
		return
	}
	to.SetInt(n)
}
