package problem

import (
	"errors"
	"testing"
)

func TestSentences(t *testing.T) {
	for want, p := range map[string]Problem{
		"a.toml:3: port \"x\": fault; remedy": {Position{"a.toml", 3}, `port "x"`, "k", "fault; remedy", ""},
		"a.toml: fault; remedy":               {Position{File: "a.toml"}, "", "", "fault; remedy", ""},
		"session \"s\": fault; remedy":        {Subject: `session "s"`, Text: "fault; remedy"},
	} {
		if got := p.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestErr(t *testing.T) {
	var list List
	if list.Err() != nil {
		t.Error("an empty list is an error")
	}
	list.Add(Problem{Position{"f", 9}, "", "", "second", ""})
	list.Add(Problem{Position{"f", 2}, "", "", "first", ""})
	var err *Error
	if !errors.As(list.Err(), &err) || err.Error() != "f:2: first\nf:9: second" || err.Problems[0].Line != 2 {
		t.Errorf("Err = %v", list.Err())
	}
}
