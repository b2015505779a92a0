package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/ctl/store"
	"mirrorgw/rules"
	"mirrorgw/testbed/traffic"
)

// snapshot builds the files of a workload as the daemon does and returns what the data path gets.
func snapshot(t *testing.T, w workload) (*rules.Snapshot, int) {
	t.Helper()
	dir := t.TempDir()
	if _, err := prepare(dir, w); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir) // the device names its capture by a relative path
	cfg, err := config.Load(gatewayFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := config.CheckFiles(cfg); err != nil {
		t.Fatal(err)
	}
	doc, err := ctl.LoadDocument(resourcesFile)
	if err != nil {
		t.Fatal(err)
	}
	resources, warnings, err := store.Resources(doc, store.Options{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	for _, warning := range warnings {
		t.Errorf("warning: %v", warning)
	}
	s, err := rules.Compile(resources)
	if err != nil {
		t.Fatal(err)
	}
	return s, cfg.PortIndex("wire0")
}

func TestEveryWorkloadDoesWhatItsNameSays(t *testing.T) {
	sizes := map[string]struct{ length, sources, sessions, ruleCount, frames int }{
		"forward-64":    {short, 0, 0, 0, flows},
		"mirror-64":     {short, 1, 1, 10, flows},
		"mirror-512":    {medium, 1, 1, 10, flows},
		"mirror-1500":   {long, 1, 1, 10, flows},
		"rules-1000":    {short, 1, 1, 1000, flows},
		"rules-10000":   {short, 1, 1, 10000, flows},
		"sources-10000": {short, 10000, 30000, 3, 10000},

		"mirror-imix":      {0, 1, 1, 10, flows}, // 0: of several lengths
		"mirror-vlan":      {short + 4, 1, 1, 10, flows},
		"mirror-ipv6":      {64, 1, 1, 10, flows},
		"mirror-share-0":   {short, 1, 1, 10, 1000},
		"mirror-share-10":  {short, 1, 1, 10, 1000},
		"mirror-share-50":  {short, 1, 1, 10, 1000},
		"mirror-share-100": {short, 1, 1, 10, 1000},
		"flows-1M":         {short, 1, 1, 10, 1000000},
	}
	for _, w := range workloads() {
		t.Run(w.name, func(t *testing.T) {
			want, ok := sizes[w.name]
			if !ok {
				t.Fatal("the test does not know this workload")
			}
			s, port := snapshot(t, w)
			if len(s.Sources) != want.sources || len(s.Sessions) != want.sessions || ruleCount(s) != want.ruleCount {
				t.Errorf("%d sources, %d sessions, %d rules; want %+v", len(s.Sources), len(s.Sessions), ruleCount(s), want)
			}
			frames := w.frames()
			if len(frames) != want.frames {
				t.Errorf("%d frames, want %d", len(frames), want.frames)
			}
			for i, frame := range frames {
				if want.length != 0 && len(frame) != want.length {
					t.Fatalf("frame %d has %d bytes, want %d", i, len(frame), want.length)
				}
			}
			checkVerdicts(t, s, port, w, every(frames, 17+len(frames)/10000))
		})
	}
}

func ruleCount(s *rules.Snapshot) (n int) {
	for _, f := range s.Filters {
		n += f.Len()
	}
	return n
}

// number is that of the rule that decided.
func number(s *rules.Snapshot, v rules.Verdict) int {
	return s.RulesOf(v.Session, v.Direction)[v.Rule].Number
}

// every returns each n-th frame: the reference takes its time with 10,000 sources.
func every(frames [][]byte, n int) (some [][]byte) {
	for i := 0; i < len(frames); i += n {
		some = append(some, frames[i])
	}
	return some
}

// checkVerdicts asks the reference: each frame is mirrored by the decider, once, or as many as should be.
func checkVerdicts(t *testing.T, s *rules.Snapshot, port int, w workload, frames [][]byte) {
	t.Helper()
	if w.missed != 0 {
		checkShare(t, s, port, w)
		return
	}
	for i, frame := range frames {
		verdicts := rules.Evaluate(s, port, frame, nil)
		if w.decider == 0 {
			if len(verdicts) != 0 {
				t.Fatalf("frame %d: verdicts %+v, want none", i, verdicts)
			}
			continue
		}
		if len(verdicts) != 1 || verdicts[0].Outcome != rules.Matched || verdicts[0].Direction != rules.Egress {
			t.Fatalf("frame %d: verdicts %+v, want one egress match", i, verdicts)
		}
		if number := s.Sessions[verdicts[0].Session].Number; number != w.decider {
			t.Fatalf("frame %d: session number %d, want %d", i, number, w.decider)
		}
	}
}

// checkShare counts what is mirrored of each hundred frames.
func checkShare(t *testing.T, s *rules.Snapshot, port int, w workload) {
	t.Helper()
	frames := w.frames()
	for from := 0; from < len(frames); from += 100 {
		matched := 0
		for _, frame := range frames[from : from+100] {
			for _, v := range rules.Evaluate(s, port, frame, nil) {
				if v.Outcome == rules.Matched {
					matched++
				}
			}
		}
		if want := int(math.Round(100 * (1 - w.missed))); matched != want {
			t.Fatalf("%d of the 100 frames from %d on are mirrored, want %d", matched, from, want)
		}
	}
}

func TestTheLastOfTenRulesAccepts(t *testing.T) {
	w := workloads()[1]
	s, port := snapshot(t, w)
	for i, frame := range w.frames() {
		if v := rules.Evaluate(s, port, frame, nil); number(s, v[0]) != 100 {
			t.Fatalf("frame %d: rule %d, want 100", i, number(s, v[0]))
		}
	}
}

func TestRuleFramesHitTheWholeList(t *testing.T) {
	w := manyRules("rules-10000", 10000)
	s, port := snapshot(t, w)
	var tenths [10]int
	for _, frame := range every(w.frames(), 4) {
		tenths[(number(s, rules.Evaluate(s, port, frame, nil)[0])-1)/1000]++
	}
	t.Logf("decided by rules of each tenth of the list: %v", tenths)
	if slices.Min(tenths[:]) < 15 { // 25 on average
		t.Errorf("decided by rules of each tenth of the list: %v, want all near 25", tenths)
	}
}

func TestEachFlowIsOneConversation(t *testing.T) {
	for _, w := range workloads() {
		if w.name == "flows-1M" {
			w.frames = manyFlows(70000) // all of them take seconds; two of the sixteen ports say enough
		}
		seen := map[string]bool{}
		for i, frame := range w.frames() {
			packet := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
			if packet.NetworkLayer() == nil || packet.TransportLayer() == nil {
				t.Fatalf("%s frame %d: gopacket does not read it: %v", w.name, i, packet)
			}
			seen[packet.NetworkLayer().NetworkFlow().String()+" "+packet.TransportLayer().TransportFlow().String()] = true
		}
		if len(seen) != len(w.frames()) {
			t.Errorf("%s: %d flows in %d frames", w.name, len(seen), len(w.frames()))
		}
	}
}

func TestPrepareWritesTheSameFilesEveryTime(t *testing.T) {
	w := manyRules("rules-1000", 1000)
	first, second := t.TempDir(), t.TempDir()
	for _, dir := range []string{first, second} {
		if _, err := prepare(dir, w); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{captureFile, gatewayFile, resourcesFile} {
		a, errA := os.ReadFile(filepath.Join(first, name))
		b, errB := os.ReadFile(filepath.Join(second, name))
		if errA != nil || errB != nil || !slices.Equal(a, b) {
			t.Errorf("%s differs (%v, %v)", name, errA, errB)
		}
	}
	frames, err := traffic.Read(filepath.Join(first, captureFile))
	if err != nil || len(frames) != flows {
		t.Errorf("%d frames in the capture, %v", len(frames), err)
	}
}

func TestChoose(t *testing.T) {
	all := workloads()
	got, err := choose(all, "sources-10000, forward-64", false)
	if err != nil || len(got) != 2 || got[0].name != "forward-64" || got[1].name != "sources-10000" {
		t.Errorf("chosen %v, %v", got, err)
	}
	if got, err := choose(all, "", false); err != nil || len(got) != len(all) {
		t.Errorf("all: %d, %v", len(got), err)
	}
	if _, err := choose(all, "mirror-65", false); err == nil {
		t.Error("an unknown name is not refused")
	}
}
