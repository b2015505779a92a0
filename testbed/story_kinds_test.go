package testbed

import (
	"mirrorgw/testbed/traffic"
)

// The network of the story: web-1 is the mirrored host behind wire0; a neighbour of its VPC and the
// rest of the world are behind wire1.
var (
	storyWeb1   = traffic.NewHost("web-1", macA, "10.0.0.5")
	storyApp1   = traffic.NewHost("app-1", macB, "10.0.1.7")
	storyClient = traffic.NewHost("client", macB, "198.51.100.20")
)

// storyKind is one kind of frame of the story.
type storyKind struct {
	name     string
	outbound bool // from web-1
	packet   traffic.Packet
}

var (
	fromClient = traffic.From(storyClient).To(storyWeb1)
	toClient   = traffic.From(storyWeb1).To(storyClient)
	fromApp    = traffic.From(storyApp1).To(storyWeb1)
	toApp      = traffic.From(storyWeb1).To(storyApp1)
)

// storyKinds come in turn: frame n is of kind n modulo their number.
var storyKinds = []storyKind{
	{"TCP in", false, fromClient.TCP(40000, 80)},
	{"UDP in", false, fromClient.UDP(40000, 6000)},
	{"ICMP in", false, fromClient.Ping(1)},
	{"TCP in, local", false, fromApp.TCP(40001, 80)},
	{"UDP in, local", false, fromApp.UDP(40001, 6000)},
	{"TCP out", true, toClient.TCP(80, 40000)},
	{"UDP out", true, toClient.UDP(6000, 40000)},
	{"TCP out, local", true, toApp.TCP(80, 40001)},
	{"UDP out, local", true, toApp.UDP(6000, 40001)},
}

func storyKindOf(n uint64) *storyKind { return &storyKinds[n%uint64(len(storyKinds))] }

// storyFrame is frame n; lengths vary.
func storyFrame(n uint64) (fromA bool, frame []byte) {
	kind := storyKindOf(n)
	return kind.outbound, kind.frame(n, int(n*37%1200))
}

func (k *storyKind) frame(n uint64, payload int) []byte {
	return k.packet.Payload(numbered(n, payload)).Frame()
}

func (k *storyKind) direction() string {
	if k.outbound {
		return "egress"
	}
	return "ingress"
}

// fate is what becomes of the frames of one kind; the zero value: no copy.
type fate struct {
	session string
	dst     string
	vni     uint32
	cut     int // bytes of the copy; 0: the whole frame
}

// policy says what becomes of frames, by the name of their kind.
type policy map[string]fate

// mirrored is a policy for some kinds that share their fate.
func mirrored(f fate, kinds ...string) policy {
	p := policy{}
	for _, kind := range kinds {
		p[kind] = f
	}
	return p
}

// and adds another policy, for other kinds.
func (p policy) and(others policy) policy {
	sum := policy{}
	for _, some := range []policy{p, others} {
		for kind, f := range some {
			sum[kind] = f
		}
	}
	return sum
}

// keeps reports whether the copies of a frame are what the policy says.
func (p policy) keeps(n uint64, frame int, copies []copyFact) bool {
	f := p[storyKindOf(n).name]
	if f.vni == 0 {
		return len(copies) == 0
	}
	return len(copies) == 1 && copies[0] == copyFact{f.dst, f.vni, f.length(frame)}
}

// length is how long the copy of a frame is.
func (f fate) length(frame int) int {
	if f.cut == 0 {
		return frame
	}
	return min(frame, f.cut)
}
