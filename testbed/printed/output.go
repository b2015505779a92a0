package printed

import (
	"bytes"
	"strings"
	"sync"
)

// Output is what a program prints: it is Stdout or Stderr of an exec.Cmd, or both. All methods may be
// called from any goroutine.
type Output struct {
	keep int // bytes; 0: all

	mu      sync.Mutex
	text    []byte
	waiting []waiter
}

// waiter waits for a text.
type waiter struct {
	text []byte
	seen chan struct{} // closed once text was printed
}

// New returns an Output that keeps at least the last so many bytes, and about twice as many at most; 0: all.
func New(keep int) *Output { return &Output{keep: keep} }

// Seen returns a channel that is closed once the text has been printed. What was printed before
// the call counts as far as it is kept.
func (o *Output) Seen(text string) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := waiter{[]byte(text), make(chan struct{})}
	if bytes.Contains(o.text, w.text) {
		close(w.seen)
	} else {
		o.waiting = append(o.waiting, w)
	}
	return w.seen
}

// Write takes what the program prints. It returns no error.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := len(o.text)
	o.text = append(o.text, p...)
	o.wake(before)
	if keep := o.needed(); keep > 0 && len(o.text) > 2*keep {
		o.text = append(o.text[:0], o.text[len(o.text)-keep:]...)
	}
	return len(p), nil
}

// needed is how many bytes are kept, 0 for all: not less than a text that is waited for.
func (o *Output) needed() int {
	if o.keep == 0 {
		return 0
	}
	keep := o.keep
	for _, w := range o.waiting {
		keep = max(keep, len(w.text))
	}
	return keep
}

// wake tells those whose text ends behind the first bytes, which they have been told of.
func (o *Output) wake(bytesBefore int) {
	still := o.waiting[:0]
	for _, w := range o.waiting {
		if bytes.Contains(o.text[max(0, bytesBefore-len(w.text)+1):], w.text) {
			close(w.seen)
		} else {
			still = append(still, w)
		}
	}
	o.waiting = still
}

// String is everything that is kept.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// tailLines is how many lines an error shows.
const tailLines = 8

// Tail is the last lines, for an error.
func (o *Output) Tail() string {
	lines := strings.Split(strings.TrimSpace(o.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
