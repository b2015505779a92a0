package filewatch

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestChanged(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	write := func(path, text string) {
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	write(one, "a")
	f, rare := New(0, one, two), New(time.Hour, one, two)
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"replaced by the same", func() { write(one, "a") }},
		{"the other one appears", func() { write(two, "b") }},
		{"longer in place", func() { os.WriteFile(two, []byte("bb"), 0o600) }},
		{"other rights", func() { os.Chmod(two, 0o644) }},
		{"gone", func() { os.Remove(one) }},
	} {
		if f.Changed() {
			t.Errorf("before %q: changed", step.name)
		}
		step.do()
		if !f.Changed() {
			t.Errorf("%s: not noticed", step.name)
		}
	}
	if rare.Changed() {
		t.Error("looked again within the hour")
	}
}
