package strictjson

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl/api"
)

// TestWidePatch: a patch of very many fields takes time in proportion to its length.
func TestWidePatch(t *testing.T) {
	var text strings.Builder
	text.WriteString(`{"tags":{`)
	for i := range 60000 {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `"k%05d":""`, i)
	}
	text.WriteString("}}")
	type wire struct {
		Tags map[string]string `json:"tags"`
	}
	var into wire
	start := time.Now()
	if err := Merge([]byte(text.String()), &wire{Tags: map[string]string{"a": "b"}}, &into); err != nil || len(into.Tags) != 60001 {
		t.Fatal(len(into.Tags), err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestLongNameOfManyItems: the place of each item has the whole name, and is made for the one that a sentence is about.
func TestLongNameOfManyItems(t *testing.T) {
	name, items := strings.Repeat("k", 50<<10), strings.Repeat("1,", 20000)
	for _, body := range []string{`{"` + name + `":[` + items + `1]}`, `{"` + name + `":{"a":[` + items + `{"b":{"c":1,"c":1}}]}}`} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := Decode([]byte(body), &api.NetworkInterface{})
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; err == nil || n > 16<<20 {
			t.Errorf("%d bytes for a body of %d, %.50v", n, len(body), err)
		}
		if want := name + ".a[20000].b.c is there twice"; strings.Contains(body, `"c"`) && !strings.Contains(err.Error(), want) {
			t.Errorf("...%s, want ...%s", err.Error()[max(0, len(err.Error())-60):], want[len(want)-40:])
		}
	}
}
