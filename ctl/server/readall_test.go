package server

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestReadAll(t *testing.T) {
	const limit = 300_000
	for _, n := range []int{0, 1, 64 << 10, 64<<10 + 1, 200_000, limit} {
		text := strings.Repeat("x", n)
		for _, announced := range []int64{int64(n), -1} {
			for _, r := range []io.Reader{strings.NewReader(text), iotest.DataErrReader(strings.NewReader(text))} {
				body, err := readAll(r, announced, limit)
				if err != nil || !bytes.Equal(body, []byte(text)) || cap(body) > limit+1 || announced >= 0 && cap(body) != n {
					t.Errorf("%d of %d bytes: got %d in a buffer of %d, %v", n, announced, len(body), cap(body), err)
				}
			}
		}
	}
	if _, err := readAll(strings.NewReader("short"), 6, limit); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a body that ends early: %v", err)
	}
	if _, err := readAll(iotest.ErrReader(io.ErrClosedPipe), -1, limit); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a body that breaks: %v", err)
	}
}
