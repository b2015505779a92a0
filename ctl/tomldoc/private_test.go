package tomldoc

import (
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/problem"
)

func TestSecretAndTime(t *testing.T) {
	var problems problem.List
	root := Parse("f", []byte("a = \"hidden\"\nb = 70007\nc = [\"hidden\"]\nwhen = 2027-01-31T12:00:00+01:00\nlocal = 2027-01-31T12:00:00\nday = 2027-01-31\ntext = \"2027-01-31T12:00:00Z\"\n"), &problems)
	if got, ok := root.Secret("a"); got != "hidden" || !ok {
		t.Errorf("%q %v", got, ok)
	}
	if _, ok := root.Secret("none"); ok {
		t.Error("what is absent is there")
	}
	root.Secret("b")
	root.Secret("c")
	if got := root.Time("when"); !got.Equal(time.Date(2027, 1, 31, 11, 0, 0, 0, time.UTC)) {
		t.Errorf("%v", got)
	}
	for _, key := range []string{"local", "day", "text", "none"} {
		if got := root.Time(key); !got.IsZero() {
			t.Errorf("%s: %v", key, got)
		}
	}
	root.Done()
	err := problems.Err()
	if err == nil || problems.Len() != 5 || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "70007") {
		t.Errorf("%d problems: %v", problems.Len(), err)
	}
}
