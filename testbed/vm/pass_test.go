package vm

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"mirrorgw/testbed/daemon"
)

// Outer headers of a copy inside its IP packet, RFC 7348 section 5: UDP and VXLAN behind IPv4 or IPv6.
const (
	outer4 = 20 + 8 + 8
	outer6 = 40 + 8 + 8
)

// way is a direction through the gateway: what enters one side of the wire leaves by the other.
type way struct {
	in, out *cable
	sent    [][]byte
}

// pass starts the gateway with an MTU on all ports, has frames of all kinds pass and be mirrored, and holds frames, copies and counters against
// each other.
func (r *rig) pass(t *testing.T, mtu int) {
	r.machine.t, r.wire[0].t, r.wire[1].t, r.tun.t = t, t, t, t
	r.atTool = nil
	r.start(mtu)
	ways := []*way{{in: r.wire[0], out: r.wire[1]}, {in: r.wire[1], out: r.wire[0]}}
	for i, list := range [][]sample{samples(ann, bob, mtu), samples(bob, ann, mtu)} {
		for _, s := range list {
			r.through(ways[i], s.name, s.frame)
		}
		t.Logf("%s to %s: %d frames of all kinds, untouched", ways[i].in.name, ways[i].out.name, len(list))
	}
	if r.judge(ways, mtu) > 0 {
		t.Error("copies were skipped of frames that came one by one")
	}
	began, n := time.Now(), 0
	for range 40 {
		for _, w := range ways {
			burst := stream(n, mtu)
			r.through(w, "stream", burst...)
			n += len(burst)
		}
	}
	t.Logf("%d frames in bursts in %v, untouched", n, time.Since(began).Round(time.Millisecond))
	t.Logf("%d copies were skipped in congestion; lcores:\n%s", r.judge(ways, mtu), r.run("mirrorctl lcores | sed -n 1,2p"))
}

// start has the gateway run with three ports of an MTU and both sides of the wire mirrored, and waits until its targets are reached.
func (r *rig) start(mtu int) {
	r.machine.t.Helper()
	r.write(configPath, gatewayConfig(r.t, mtu))
	r.write("/root/resources.toml", resources)
	r.run(`mirrorgw --config ` + configPath + ` --check-config >/dev/null
		journalctl --rotate -q; journalctl --vacuum-time=1s -q
		systemctl restart mirrorgw
		mirrorctl apply -f /root/resources.toml`)
	r.machine.t.Logf("what the gateway says of the ports:\n%s",
		r.run("journalctl --no-pager -q -o cat -u mirrorgw | grep -e msg=port -e 'EAL started' -e level=WARN -e level=ERROR"))
	if log := r.run("journalctl --no-pager -q -o cat -u mirrorgw"); !strings.Contains(log, `hugepages="used: `) {
		r.machine.t.Errorf("the gateway uses no hugepages, which were reserved:\n%s", log)
	}
	r.run(`for n in $(seq 100); do [ "$(mirrorctl target list -o json | grep -c '"state": "reachable"')" = 2 ] && exit; sleep 0.2; done; mirrorctl target list -o json; exit 1`)
}

const resources = `
[[interface]]
name = "left"
port = "wire0"

[[interface]]
name = "right"
port = "wire1"

[[target]]
name = "tool4"
address = "192.0.2.10"

[[target]]
name = "tool6"
address = "2001:db8::10"

[[filter]]
name = "everything"
[[filter.rule]]
direction = "ingress"
number = 1
action = "accept"
[[filter.rule]]
direction = "egress"
number = 1
action = "accept"

[[session]]
name = "by4"
source = "left"
target = "tool4"
filter = "everything"
number = 1
vni = 7

[[session]]
name = "by6"
source = "right"
target = "tool6"
filter = "everything"
number = 1
vni = 8
`

// through sends frames and holds them against what leaves on the other side.
func (r *rig) through(w *way, what string, frames ...[]byte) {
	r.machine.t.Helper()
	w.in.send(frames...)
	got := w.out.take(len(frames), 30*time.Second)
	for i := range min(len(got), len(frames)) {
		if !bytes.Equal(got[i], frames[i]) {
			r.machine.t.Errorf("%s: frame %d from %s came out as\n%x, not\n%x", what, i, w.in.name, got[i], frames[i])
		}
	}
	if len(got) != len(frames) {
		r.machine.t.Fatalf("%s: %d frames into %s, %d out of %s; ports:\n%s", what, len(frames), w.in.name, len(got), w.out.name, r.run("mirrorctl stats --kind ports -o json"))
	}
	w.sent = append(w.sent, frames...)
}

// judge holds what was sent against what the gateway counted, and what it counted against the copies at the tool. It returns how many copies
// were skipped, which is right in congestion only.
func (r *rig) judge(ways []*way, mtu int) (skipped uint64) {
	t := r.machine.t
	t.Helper()
	stats := r.stats()
	for name, value := range stats.Laws {
		if value != 0 {
			t.Errorf("law %s is %d", name, value)
		}
	}
	if len(stats.Laws) != 2 || stats.Dropped() != 0 {
		t.Errorf("laws %v, %d frames dropped", stats.Laws, stats.Dropped())
	}
	for i, w := range ways {
		in, out := stats.Ports[w.in.name], stats.Ports[w.out.name]
		n, size := total(w.sent)
		if in.RxPackets != n || in.RxBytes != size || out.TxPackets != n || out.TxBytes != size {
			t.Errorf("way %d: %d frames of %d bytes; counted: in %+v, out %+v", i, n, size, in, out)
		}
	}
	by4, by6 := stats.Sessions["by4"], stats.Sessions["by6"]
	checkDirection(t, "by4 egress", by4.Egress, ways[0].sent)
	checkDirection(t, "by4 ingress", by4.Ingress, ways[1].sent)
	checkDirection(t, "by6 egress", by6.Egress, ways[1].sent)
	checkDirection(t, "by6 ingress", by6.Ingress, ways[0].sent)
	r.copies(ways, mtu, map[uint32]daemon.Session{vni4: by4, vni6: by6})
	return by4.Egress.Skipped["congestion"] + by4.Ingress.Skipped["congestion"] + by6.Egress.Skipped["congestion"] + by6.Ingress.Skipped["congestion"]
}

// checkDirection: all were matched, and what is not mirrored was skipped in congestion, for no other reason.
func checkDirection(t testing.TB, name string, d daemon.Direction, sent [][]byte) {
	t.Helper()
	n, size := total(sent)
	if d.MatchedPackets != n || d.MatchedBytes != size || d.MirroredPackets+d.Skipped["congestion"] != n {
		t.Errorf("%s: %d frames of %d bytes; counted: %+v", name, n, size, d)
	}
}

// copies takes what arrived at the tool since the sessions began: as many copies as were counted, each of a frame that was sent, none twice.
func (r *rig) copies(ways []*way, mtu int, counted map[uint32]daemon.Session) {
	t := r.machine.t
	t.Helper()
	want := map[uint32]map[string]int{vni4: {}, vni6: {}}
	for _, w := range ways {
		for _, frame := range w.sent {
			want[vni4][string(frame[:min(len(frame), mtu-outer4)])]++
			want[vni6][string(frame[:min(len(frame), mtu-outer6)])]++
		}
	}
	all := 0
	for _, s := range counted {
		all += int(s.Ingress.MirroredPackets + s.Egress.MirroredPackets)
	}
	r.atTool = append(r.atTool, r.tun.take(all-len(r.atTool), 30*time.Second)...)
	here := map[uint32]uint64{}
	for _, frame := range r.atTool {
		vni, inner, err := unwrap(frame)
		if err == nil && want[vni][string(inner)] == 0 {
			err = fmt.Errorf("nobody sent what is in a copy of VNI %d, or it came twice: %.100x", vni, inner)
		}
		if err != nil {
			t.Error(err)
			continue
		}
		want[vni][string(inner)]--
		here[vni]++
	}
	for vni, s := range counted {
		mirrored, truncated := s.Ingress.MirroredPackets+s.Egress.MirroredPackets, s.Ingress.TruncatedPackets+s.Egress.TruncatedPackets
		if here[vni] != mirrored {
			t.Errorf("VNI %d: %d copies arrived, %d were counted, %d of them cut", vni, here[vni], mirrored, truncated)
		}
		t.Logf("VNI %d: %d copies arrived, as counted; %d of them cut", vni, here[vni], truncated)
	}
}

func total(frames [][]byte) (n, size uint64) {
	for _, frame := range frames {
		size += uint64(len(frame))
	}
	return uint64(len(frames)), size
}
