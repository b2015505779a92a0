package strictjson

import (
	"fmt"
	"strings"
	"testing"
	"time"
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
