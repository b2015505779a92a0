package cloudwatch

import (
	"bytes"
	"testing"
)

// TestManyValuesInLittle: a body of one byte for each value would take a hundred times its memory.
func TestManyValuesInLittle(t *testing.T) {
	many := append([]byte{cborList<<5 | cborIndefinite}, bytes.Repeat([]byte{cborMap << 5}, 1<<20-2)...)
	if _, err := decodeCBOR(append(many, cborBreak)); err == nil {
		t.Error("a million empty maps were decoded")
	}
}
