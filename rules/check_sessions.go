package rules

import "fmt"

func (r *Resources) sessionLabel(i int) string {
	return label("session", r.Sessions[i].Name, r.Sessions[i].ID, i)
}

func checkSessions(r *Resources) error {
	if len(r.Sessions) > MaxSessions {
		return fmt.Errorf("there are %d sessions; the engine takes at most %d", len(r.Sessions), MaxSessions)
	}
	type numbered struct{ source, number int }
	seen := make(map[numbered]int, len(r.Sessions))
	perSource := make([]int, len(r.Interfaces))
	for i := range r.Sessions {
		s := &r.Sessions[i]
		if err := checkSession(r, s); err != nil {
			return fmt.Errorf("%s %w", r.sessionLabel(i), err)
		}
		key := numbered{s.Source, s.Number}
		if other, twice := seen[key]; twice {
			return fmt.Errorf("%s has number %d, which %s has on the same source; numbers must be unique per source",
				r.sessionLabel(i), s.Number, r.sessionLabel(other))
		}
		seen[key] = i
		if perSource[s.Source]++; perSource[s.Source] > MaxSessionsSource {
			return fmt.Errorf("%s has more than %d sessions; the engine takes at most that many of one source",
				r.interfaceLabel(s.Source), MaxSessionsSource)
		}
	}
	return nil
}

// checkSession's error continues a sentence that began with the session.
func checkSession(r *Resources, s *Session) error {
	for _, ref := range []struct {
		kind         string
		index, count int
	}{
		{"source interface", s.Source, len(r.Interfaces)},
		{"target", s.Target, len(r.Targets)},
		{"filter", s.Filter, len(r.Filters)},
	} {
		if ref.index < 0 || ref.index >= ref.count {
			return fmt.Errorf("refers to %s index %d; there are %d", ref.kind, ref.index, ref.count)
		}
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
	if target := r.Targets[s.Target]; !plainAddress(s.OuterSource) || s.OuterSource.Is4() != target.Address.Is4() {
		return fmt.Errorf("has outer source address %s and %s has address %s; both must be IPv4 or both IPv6",
			s.OuterSource, r.targetLabel(s.Target), target.Address)
	}
	return nil
}
