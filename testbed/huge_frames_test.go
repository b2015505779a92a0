package testbed

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgw/testbed/traffic"
)

// TestHugeFrames sends frames that no Ethernet carries but captures hold. net_pcap would cut what it
// writes to longestSent, so longer frames are dropped and counted, and still mirrored; it crashes on
// frames over longestRead, so their captures are refused at the start. The frame before and the
// one behind pass in any case.
func TestHugeFrames(t *testing.T) {
	for _, size := range []int{2048, 2049, 9018, 16128, 16129, 65535, 65536, 80066} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			frames := plainDay()[:3]
			frames[1] = append(frames[1], bytes.Repeat([]byte{0x5a}, size-len(frames[1]))...)
			path := filepath.Join(t.TempDir(), "in.pcap")
			if err := traffic.Write(path, frames); err != nil {
				t.Fatal(err)
			}
			refusal := refusalOf(t, path)
			if size <= longestRead {
				if refusal != "" {
					t.Fatalf("refused: %s", refusal)
				}
				runCaptures(t, []string{path})
				return
			}
			if want := fmt.Sprintf("has a frame of %d bytes (frame 2)", size); !strings.Contains(refusal, want) {
				t.Errorf("refused with %q, want a sentence with %q", refusal, want)
			}
			checkRefused(t, path, refusal)
		})
	}
}
