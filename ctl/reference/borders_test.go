package reference_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"mirrorgw/ctl/reference"
)

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

func integerBorders(k *reference.Key) (right, wrong []string) {
	least, most := number(k.Least), number(k.Most)
	right, wrong = []string{k.Least, k.Most}, []string{fmt.Sprint(most + 1)}
	if below := fmt.Sprint(least - 1); strings.HasPrefix(k.Form, "or "+below) {
		right = append(right, below)
	} else {
		wrong = append(wrong, below)
	}
	return right, wrong
}

func durationBorders(k *reference.Key) (right, wrong []string) {
	quoted := func(d time.Duration) string { return strconv.Quote(strings.ReplaceAll(d.String(), "µ", "u")) }
	least, err := time.ParseDuration(k.Least)
	if err != nil {
		panic(err)
	}
	right, wrong = []string{quoted(least)}, []string{quoted(least - 1), `"x"`}
	if most, err := time.ParseDuration(k.Most); err == nil {
		right, wrong = append(right, quoted(most)), append(wrong, quoted(most+1))
	}
	return right, wrong
}

// textOf is a text of so many characters that the key takes: a path where it wants one.
func textOf(k *reference.Key, characters int) string {
	return strconv.Quote(first(k) + strings.Repeat("a", characters-1))
}

// first is how a text of the key begins.
func first(k *reference.Key) string {
	if strings.Contains(k.Form, "path") || strings.Contains(k.Form, "begins with `/`") {
		return "/"
	}
	return "a"
}

// addressList is a TOML list of so many addresses.
func addressList(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("\"10.0.%d.%d\"", i/250, i%250+1))
	}
	return "[" + strings.Join(list, ", ") + "]"
}
