package wirelink

import "time"

// Times that are not the operator's to choose.
const (
	// SettleTime is how long a link may take to come up after its port was started or let go. Copper
	// at 1 and 10 Gbit/s takes 2 to 5 s, with spanning forward error correction a little more.
	SettleTime = 10 * time.Second
	// RetryTime lies between two attempts to switch a link that could not be switched.
	RetryTime = time.Second
)

// NoPeer is the Peer of a port that is no side of a wire.
const NoPeer = -1

// Port is one port, as configured. Its index is its identity.
type Port struct {
	Peer      int           // index of the other side of the wire, or NoPeer
	Propagate bool          // when this port's link is down, the peer's is taken down
	HoldDown  time.Duration // how long this port's link must be the same before it counts
}

// Reading is what is known of a link at one moment.
type Reading struct{ Known, Up bool }

// Level is what a link counts as.
type Level int

// The values of Level.
const (
	Unknown Level = iota // not known, or not yet: nothing follows from it
	Down
	Up
)

// State is what has become of one port.
type State struct {
	Level     Level     // what its link counts as
	Since     time.Time // of Level; zero: never changed
	TakenDown bool      // because the peer's link is down
	TakenAt   time.Time // when; zero: never
	Changes   uint64    // of the link as it was read, flaps included; those that we made are none
	Taken     uint64    // times that it was taken down
	Refused   bool      // the driver cannot take it down
}

// Switch is what is to be done to a port's link. Whoever could not calls Failed.
type Switch struct {
	Port int
	Up   bool
}

// Wires are all ports of a gateway. One goroutine at a time uses it.
type Wires struct {
	ports []port
}

type port struct {
	Port
	State
	read    Level     // the last reading
	reading time.Time // since when it is the same
	settled bool      // else a link that is down is only not up yet,
	settle  time.Time // until then
	retry   time.Time // before which nothing is switched
	before  State     // the last switch, should it fail
}

// New begins at a moment; nothing is known yet, and no link has been taken down.
func New(now time.Time, ports []Port) *Wires {
	w := &Wires{ports: make([]port, len(ports))}
	for i := range ports {
		w.ports[i] = port{Port: ports[i], reading: now, settle: now.Add(SettleTime)}
	}
	return w
}

// State returns what has become of a port.
func (w *Wires) State(index int) State { return w.ports[index].State }

// Look takes the readings of all ports at a moment. It returns the ports whose level has changed,
// and what is to be switched now.
func (w *Wires) Look(now time.Time, readings []Reading) (changed []int, switches []Switch) {
	for i := range w.ports {
		if w.ports[i].note(now, readings[i]) {
			changed = append(changed, i)
		}
	}
	for i := range w.ports {
		if s, due := w.decide(now, i); due {
			switches = append(switches, s)
		}
	}
	return changed, switches
}

// note takes one reading, and says whether the level has changed.
func (p *port) note(now time.Time, r Reading) bool {
	level := p.levelOf(now, r)
	if level != p.read {
		if p.read != Unknown && level != Unknown {
			p.Changes++
		}
		p.read, p.reading = level, now
	}
	if p.Level == p.read || p.read != Unknown && now.Sub(p.reading) < p.HoldDown {
		return false
	}
	p.Level, p.Since = p.read, now
	return true
}

// levelOf is what a reading means.
func (p *port) levelOf(now time.Time, r Reading) Level {
	switch {
	case p.TakenDown || !r.Known:
		return Unknown
	case r.Up:
		p.settled = true
		return Up
	case !p.settled && now.Before(p.settle):
		return Unknown
	}
	p.settled = true
	return Down
}

// decide says what is to be done to a port now, and takes it as done.
func (w *Wires) decide(now time.Time, index int) (s Switch, due bool) {
	p := &w.ports[index]
	if p.Peer == NoPeer || now.Before(p.retry) {
		return s, false
	}
	peer := &w.ports[p.Peer]
	down := peer.Propagate && peer.Level == Down && !peer.TakenDown && !p.Refused
	if down == p.TakenDown {
		return s, false
	}
	p.before = p.State
	if p.TakenDown = down; down {
		p.TakenAt, p.Level, p.Since, p.read = now, Unknown, now, Unknown
		p.Taken++
	} else {
		p.settled, p.settle = false, now.Add(SettleTime)
	}
	return Switch{Port: index, Up: !down}, true
}

// Failed says that a switch that Look asked for could not be done; never: and never can be.
func (w *Wires) Failed(now time.Time, s Switch, never bool) {
	p := &w.ports[s.Port]
	p.State, p.read, p.retry = p.before, p.before.Level, now.Add(RetryTime)
	p.Refused = never && !s.Up
}

// TakenDown lists the ports that are taken down.
func (w *Wires) TakenDown() (ports []int) {
	for i := range w.ports {
		if w.ports[i].TakenDown {
			ports = append(ports, i)
		}
	}
	return ports
}
