package printed

import (
	"fmt"
	"strings"
	"testing"
)

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestSeen(t *testing.T) {
	for _, keep := range []int{0, 4} {
		o := New(keep)
		ready, other := o.Seen("ready"), o.Seen("other")
		for _, part := range []string{"not yet, re", "a"} {
			fmt.Fprint(o, part)
			if closed(ready) {
				t.Errorf("keep %d: seen in %q", keep, o)
			}
		}
		fmt.Fprint(o, "dy now")
		if !closed(ready) || closed(other) {
			t.Errorf("keep %d: %v and %v after %q", keep, closed(ready), closed(other), o)
		}
		if !closed(o.Seen("now")) || closed(o.Seen("never")) {
			t.Errorf("keep %d: what was printed before is not found in %q", keep, o)
		}
	}
}

// TestALongTextIsSeenInWhatIsKept: the text is longer than what is kept, and comes byte by byte.
func TestALongTextIsSeenInWhatIsKept(t *testing.T) {
	o, text := New(4), "a text that is longer than four bytes"
	seen := o.Seen(text)
	for i := range len(text) {
		if closed(seen) {
			t.Fatalf("seen after %d bytes", i)
		}
		fmt.Fprint(o, text[i:i+1])
	}
	if !closed(seen) {
		t.Errorf("not seen; kept: %q", o)
	}
}

func TestKept(t *testing.T) {
	all, some := New(0), New(100)
	for i := range 1000 {
		fmt.Fprintf(all, "line %d\n", i)
		fmt.Fprintf(some, "line %d\n", i)
	}
	if n := strings.Count(all.String(), "\n"); n != 1000 {
		t.Errorf("%d of 1000 lines are kept", n)
	}
	if n := len(some.String()); n < 100 || n > 200 || !strings.HasSuffix(all.String(), some.String()) {
		t.Errorf("%d bytes are kept: %q", n, some)
	}
	want := "line 992\nline 993\nline 994\nline 995\nline 996\nline 997\nline 998\nline 999"
	if all.Tail() != want || some.Tail() != want {
		t.Errorf("tails %q, %q, want %q", all.Tail(), some.Tail(), want)
	}
}
