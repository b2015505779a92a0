package pipeline

import (
	"sync"

	"mirrorgw/rules"
)

// Tunnel is a tunnel port as copies see it.
type Tunnel struct {
	Port                int     // index in Snapshot.Ports
	MAC                 [6]byte // source of the outer Ethernet header
	IPChecksumOffload   bool    // the port completes outer IPv4 header checksums
	UDPChecksumOffload  bool    // the port completes outer UDP checksums over IPv6
	OwnCopies           bool    // the port's peer receives our very mbufs, so they refer to nothing
	MaxSegments         int     // mbufs of one copy that the port sends, 0: no limit
	SingleSegmentCopies bool    // the port cannot send a chain of mbufs
}

// Layout is what every Program of one gateway has in common, and the rte_acl contexts that they
// share. It must outlive its programs.
type Layout struct {
	Tunnels   []Tunnel // at most MaxTunnels; an index here is an outbox of a pipe
	OwnCopies []bool   // by port index: its peer receives our very mbufs, so nothing may be held
	Engine    Engine   // EngineAuto unless a test wants one engine

	mu   sync.Mutex
	acls map[string]*aclContext // guarded by mu
}

func (l *Layout) wantsACL(n int) bool {
	return l.Engine == EngineACL || l.Engine == EngineAuto && n > LinearMax
}

// acquireACL returns the context of a rule list, building it if no program has it yet.
func (l *Layout) acquireACL(family int, list []rules.Rule, classes *[256]uint8) (*aclContext, error) {
	key := contextKey(family, list)
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.acls[key]; known != nil {
		known.users++
		return known, nil
	}
	built, err := buildACL(family, list, classes)
	if err != nil {
		return nil, err
	}
	if l.acls == nil {
		l.acls = map[string]*aclContext{}
	}
	built.users = 1
	l.acls[key] = built
	return built, nil
}

// releaseACL lets go of a context; the last user frees it.
func (l *Layout) releaseACL(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	context := l.acls[key]
	if context.users--; context.users == 0 {
		context.free()
		delete(l.acls, key)
	}
}
