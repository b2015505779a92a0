package testbed

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/store"
	"mirrorgw/rules"
)

// TestReferenceAgreesWithCases runs rules.Evaluate over the golden cases: what people stated and
// what the reference says must be the same sessions for the same frames, without any data path.
// Bytes of the copies are the daemon's to show (TestCases).
func TestReferenceAgreesWithCases(t *testing.T) {
	found, err := filepath.Glob("cases/[0-9][0-9][0-9]_*")
	if err != nil || len(found) == 0 {
		t.Fatalf("found no cases (%v)", err)
	}
	for _, path := range found {
		t.Run(filepath.Base(path), func(t *testing.T) {
			snapshot := compileCase(t, path)
			evaluateFile(t, snapshot, 0, path, "send.pcap", "expect.pcap")
			evaluateFile(t, snapshot, 1, path, "send1.pcap", "expect1.pcap")
		})
	}
}

func compileCase(t *testing.T, dir string) *rules.Snapshot {
	t.Helper()
	cfg, err := config.Load(filepath.Join(dir, "gateway.toml"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := ctl.LoadDocument(filepath.Join(dir, "resources.toml"))
	if err != nil {
		t.Fatal(err)
	}
	resources, _, err := store.Resources(document, store.Options{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := rules.Compile(resources)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

// evaluateFile holds the verdicts over one input against the VNIs and frames of its copies.
func evaluateFile(t *testing.T, s *rules.Snapshot, port int, dir, send, expect string) {
	t.Helper()
	copies, fragments := readIfAny(t, dir, expect), &rules.Fragments{}
	for i, frame := range readIfAny(t, dir, send) {
		for _, v := range rules.Evaluate(s, port, frame, fragments) {
			if v.Outcome != rules.Matched || v.SampledOut || !s.Targets[s.Sessions[v.Session].Target].Resolved {
				continue
			}
			if len(copies) == 0 {
				t.Errorf("%s frame %d: the reference mirrors it (%s), the case does not", send, i+1, s.Sessions[v.Session].Name)
				return
			}
			if err := isCopyOf(copies[0], frame, &s.Sessions[v.Session]); err != nil {
				t.Errorf("%s frame %d: %v", send, i+1, err)
				return
			}
			copies = copies[1:]
		}
	}
	if len(copies) > 0 {
		t.Errorf("%s: the case has %d copies more than the reference; the first is\n%s", send, len(copies), summary(copies[0]))
	}
}

// isCopyOf tells what an expected copy has that is not as the reference says.
func isCopyOf(outer, frame []byte, session *rules.Session) error {
	packet := gopacket.NewPacket(outer, layers.LayerTypeEthernet, gopacket.Default)
	header := packet.Layer(layers.LayerTypeVXLAN).(*layers.VXLAN)
	inner := header.LayerPayload()
	source := packet.NetworkLayer().NetworkFlow().Src().String()
	switch {
	case header.VNI != session.VNI:
		return fmt.Errorf("the case states VNI %d, the reference session %s with VNI %d", header.VNI, session.Name, session.VNI)
	case len(inner) > len(frame) || string(inner) != string(frame[:len(inner)]):
		return fmt.Errorf("the case's copy is of another frame: %s", summary(outer))
	case source != session.OuterSource.String():
		return fmt.Errorf("the case states outer source %s, the reference %s", source, session.OuterSource)
	}
	return nil
}
