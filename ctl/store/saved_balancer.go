package store

import (
	"net/netip"

	"mirrorgw/ctl"
)

type savedListener struct {
	Protocol string `json:"protocol"`
	Port     int    `json:"port"`
}

type savedHealth struct {
	Protocol           string `json:"protocol"`
	Port               int    `json:"port,omitempty"`
	Path               string `json:"path,omitempty"`
	IntervalSeconds    int    `json:"interval,omitempty"`
	TimeoutSeconds     int    `json:"timeout,omitempty"`
	HealthyThreshold   int    `json:"healthy_threshold,omitempty"`
	UnhealthyThreshold int    `json:"unhealthy_threshold,omitempty"`
}

type savedMember struct {
	Address  netip.Addr `json:"address"`
	Zone     string     `json:"zone,omitempty"`
	Weight   int        `json:"weight"`
	Draining bool       `json:"draining,omitempty"` // absent from what earlier versions saved
}

func saveBalancer(sequence uint64, r *ctl.LoadBalancer) *savedBalancer {
	s := &savedBalancer{savedCommon: saveCommon(sequence, &r.Common), CrossZone: r.CrossZone}
	for _, l := range r.Listeners {
		s.Listeners = append(s.Listeners, savedListener(l))
	}
	if r.Health != nil {
		health := savedHealth(*r.Health)
		s.Health = &health
	}
	for _, m := range r.Members {
		s.Members = append(s.Members, savedMember(m))
	}
	return s
}

func (s *savedBalancer) balancer() *ctl.LoadBalancer {
	r := &ctl.LoadBalancer{Common: s.common(), CrossZone: s.CrossZone}
	for _, l := range s.Listeners {
		r.Listeners = append(r.Listeners, ctl.Listener(l))
	}
	if s.Health != nil {
		health := ctl.HealthCheck(*s.Health)
		r.Health = &health
	}
	for _, m := range s.Members {
		r.Members = append(r.Members, ctl.Member(m))
	}
	return r
}
