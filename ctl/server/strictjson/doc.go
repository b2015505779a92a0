// Package strictjson reads JSON requests without guessing: one value, no field that is not known,
// no field twice, nothing behind the end, every value of the type and in the range that its field
// has. Errors name the field and what would be right. It also merges JSON merge patches (RFC
// 7396), with the same strictness.
//
// encoding/json alone would match names in any letter case, keep the last of two equal fields,
// take null for anything and cut off what follows the value.
package strictjson
