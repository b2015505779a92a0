package testbed

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/gopacket/pcapgo"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
	"mirrorgw/testbed/control"
	"mirrorgw/testbed/daemon"
	"mirrorgw/vxlan"
)

// mirrorctl prepares a command of the tool, about a running gateway.
func (s *steered) mirrorctl(args ...string) *exec.Cmd {
	return exec.Command(daemon.BuildControl(s.t), append([]string{"--socket", s.Socket()}, args...)...)
}

// readPcapng reads the frames of a capture.
func readPcapng(t *testing.T, text []byte) (frames [][]byte) {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(text), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, _, err := r.ReadPacketData()
		if err == io.EOF {
			return frames
		}
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, data)
	}
}

// TestCaptureTool has mirrorctl capture at each point, tcpdump read the pipe, and Ctrl-C end it.
func TestCaptureTool(t *testing.T) {
	g := newSteered(t)
	s := g.start()
	s.mirrorAll()
	sent := read(t, g.dir, "in.pcap")
	for point, port := range map[string]string{"ingress": "wire0", "egress": "wire1", "copies": "tun0"} {
		var errs strings.Builder
		cmd := s.mirrorctl("capture", "--port", port, "--point", point, "--count", "300")
		cmd.Stderr = &errs
		text, err := cmd.Output()
		if err != nil || !strings.HasPrefix(errs.String(), "300 frames captured of ") {
			t.Fatalf("%s: %v, %s", point, err, errs.String())
		}
		frames := readPcapng(t, text)
		if point == "copies" {
			for i, f := range frames {
				outer, err := vxlan.Decode(f)
				if err != nil || outer.VNI != 7 {
					t.Fatalf("copy %d: %v, %+v", i, err, outer)
				}
				frames[i] = outer.Inner
			}
		}
		checkCycle(t, point, frames, sent)
	}
	checkPipe(t, s)
	checkInterrupted(t, s, filepath.Join(g.dir, "x.pcapng"))
	s.Signal(syscall.SIGTERM)
	if r := s.Wait(); r.ExitCode != 0 {
		t.Errorf("exit code %d: %s", r.ExitCode, r.Stderr)
	}
}

// checkCycle compares with frames that come again and again, from any on. Copies leave some out.
func checkCycle(t *testing.T, point string, got, cycle [][]byte) {
	t.Helper()
	if len(got) != 300 {
		t.Fatalf("%s: %d frames, want 300", point, len(got))
	}
	at := 0
	for i, f := range got {
		next := slices.IndexFunc(slices.Concat(cycle[at:], cycle[:at]), func(c []byte) bool { return bytes.Equal(c, f) })
		if next < 0 || next > 0 && i > 0 && point != "copies" {
			t.Fatalf("%s: frame %d is %x, which was not sent next (%d)", point, i, f, next)
		}
		at = (at + next + 1) % len(cycle)
	}
}

// checkPipe has tcpdump read live, and go when it has enough.
func checkPipe(t *testing.T, s *steered) {
	t.Helper()
	tool, tcpdump := s.mirrorctl("capture", "--port", "wire0"), exec.Command("tcpdump", "-n", "-c", "20", "-r", "-")
	var err error
	if tcpdump.Stdin, err = tool.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	var errs strings.Builder
	tool.Stderr = &errs
	if err := tool.Start(); err != nil {
		t.Fatal(err)
	}
	out, err := tcpdump.Output()
	if lines := strings.Count(string(out), "\n"); err != nil || lines < 20 {
		t.Errorf("tcpdump: %v, %d lines", err, lines)
	}
	tcpdump.Stdin.(io.Closer).Close()
	if err := tool.Wait(); err != nil || errs.Len() > 0 {
		t.Errorf("mirrorctl, when tcpdump had enough: %v, %s", err, errs.String())
	}
}

// checkInterrupted ends a capture by Ctrl-C: the file is whole.
func checkInterrupted(t *testing.T, s *steered, file string) {
	t.Helper()
	tool := s.mirrorctl("capture", "--point", "ingress", "--snap-length", "64", "-w", file, "ip or ip6 or arp")
	var errs strings.Builder
	tool.Stderr = &errs
	if err := tool.Start(); err != nil {
		t.Fatal(err)
	}
	s.await("the capture", func() bool { // the one before may be there still
		return slices.ContainsFunc(s.captures(), func(c api.Capture) bool { return c.Request.SnapLength == 64 && c.Captured > 100 })
	})
	if err := tool.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := tool.Wait(); err != nil || !strings.Contains(errs.String(), "(it was ended)") {
		t.Errorf("mirrorctl, interrupted: %v, %s", err, errs.String())
	}
	out, err := exec.Command("capinfos", "-c", "-k", file).CombinedOutput()
	if err != nil || strings.Contains(string(out), "cut short") {
		t.Errorf("capinfos: %v: %s", err, out)
	}
	if len(s.captures()) != 0 {
		t.Error("the capture is listed still")
	}
}

func (s *steered) captures() []api.Capture {
	s.t.Helper()
	all, err := s.Captures(s.context())
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// await asks again and again.
func (s *steered) await(what string, holds func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !holds(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// TestCaptureReadersStopped: two readers stop reading while resources change. Production and copies go on,
// the laws hold, drops are counted, and memory does not grow; when the clients go nothing stays.
func TestCaptureReadersStopped(t *testing.T) {
	g := newSteered(t)
	s := g.start()
	s.mirrorAll()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 2 {
		stream, err := s.Capture(ctx, api.CaptureRequest{})
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
	}
	full := func(n uint64) bool {
		all := s.captures()
		return len(all) == 2 && all[0].Dropped[api.DroppedFull] > n && all[1].Dropped[api.DroppedFull] > n
	}
	s.await("both are behind", func() bool { return full(1000) })
	before := control.MemoryOf(t, s.PID()).Total()
	for n := range 20 {
		if err := s.createTarget(fmt.Sprintf("t%d", n)); err != nil {
			t.Fatal(err)
		}
		s.awaitFrames()
	}
	s.await("they are still", func() bool { return full(20_000) })
	if grown := control.MemoryOf(t, s.PID()).Total() - before; grown > 64<<20 {
		t.Errorf("the daemon has grown by %d bytes", grown)
	}
	r, err := s.Stats(s.context(), client.StatsQuery{})
	if err != nil || r.Laws.Production != 0 || r.Laws.Mirror != 0 {
		t.Errorf("the laws: %v, %+v", err, r)
	}
	cancel()
	s.await("no capture is left", func() bool { return len(s.captures()) == 0 })
	s.Signal(syscall.SIGTERM)
	if r := s.Wait(); r.ExitCode != 0 || r.Report.Dropped() != 0 {
		t.Errorf("exit code %d, report %+v: %s", r.ExitCode, r.Report, r.Stderr)
	}
}
