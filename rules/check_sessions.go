package rules

import "fmt"

func (r *Parts) sessionLabel(i int) string {
	return label("session", r.Sessions[i].Name, r.Sessions[i].ID, i)
}

// checkSessions checks what one session says by itself; numbers are compared when the sessions of
// a source stand side by side.
func checkSessions(r *Parts) error {
	if len(r.Sessions) > MaxSessions {
		return fmt.Errorf("there are %d sessions; the engine takes at most %d", len(r.Sessions), MaxSessions)
	}
	perSource := make([]uint16, len(r.Interfaces))
	for i := range r.Sessions {
		s := &r.Sessions[i]
		if err := checkSession(r, s); err != nil {
			return fmt.Errorf("%s %w", r.sessionLabel(i), err)
		}
		if perSource[s.Source]++; perSource[s.Source] > MaxSessionsSource {
			return fmt.Errorf("%s has more than %d sessions; the engine takes at most that many of one source",
				r.interfaceLabel(s.Source), MaxSessionsSource)
		}
	}
	return nil
}

// checkReference's error continues a sentence that began with the session.
func checkReference(kind string, index, count int) error {
	if index < 0 || index >= count {
		return fmt.Errorf("refers to %s index %d; there are %d", kind, index, count)
	}
	return nil
}

// checkSession's error continues a sentence that began with the session.
func checkSession(r *Parts, s *Session) error {
	if err := checkReference("source interface", s.Source, len(r.Interfaces)); err != nil {
		return err
	}
	if err := checkReference("target", s.Target, len(r.Targets)); err != nil {
		return err
	}
	if err := checkReference("filter", s.Filter, len(r.Filters)); err != nil {
		return err
	}
	if s.Number < SessionNumberMin || s.Number > SessionNumberMax {
		return fmt.Errorf("has number %d; it must be %d to %d", s.Number, SessionNumberMin, SessionNumberMax)
	}
	if s.VNI < VNIMin || s.VNI > VNIMax {
		return fmt.Errorf("has VNI %d; it must be %d to %d", s.VNI, VNIMin, VNIMax)
	}
	if s.PacketLength < PacketLengthEntire {
		return fmt.Errorf("has packet length %d; it must be positive, or %d for whole frames", s.PacketLength, PacketLengthEntire)
	}
	if err := checkSample(s.SampleOneIn); err != nil {
		return err
	}
	if err := s.Limit.check(); err != nil {
		return err
	}
	return checkOuterSource(r, s)
}

// checkOuterSource's error continues a sentence that began with the session. Nothing is sent to a
// load balancer without members, whatever the address.
func checkOuterSource(r *Parts, s *Session) error {
	target := &r.Targets[s.Target]
	if target.Balancer != nil && len(target.Balancer.Members) == 0 {
		return nil
	}
	if !plainAddress(s.OuterSource) || s.OuterSource.Is6() != target.IPv6() {
		to := target.Address
		if target.Balancer != nil {
			to = target.Balancer.Members[0].Address
		}
		return fmt.Errorf("has outer source address %s and %s has address %s; both must be IPv4 or both IPv6",
			s.OuterSource, r.targetLabel(s.Target), to)
	}
	return nil
}
