package store

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
	"mirrorgw/rules"
)

// The types of this file are the records as they are saved: schema 2. Their JSON must not change
// but together with the schema version and a migration (ctl/store/bolt).

type savedCommon struct {
	Sequence    uint64            `json:"seq"` // order of creation
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	Account     string            `json:"account"`
	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
}

type savedInterface struct {
	savedCommon
	Port             string       `json:"port,omitempty"`
	MAC              string       `json:"mac,omitempty"`
	VLAN             int          `json:"vlan,omitempty"`
	Addresses        []netip.Addr `json:"addresses,omitempty"`
	MTU              int          `json:"mtu,omitempty"`
	Zone             string       `json:"zone,omitempty"`
	Instance         string       `json:"instance,omitempty"`
	Image            string       `json:"image,omitempty"`
	InstanceType     string       `json:"instance_type,omitempty"`
	AutoscalingGroup string       `json:"autoscaling_group,omitempty"`
	Monitoring       string       `json:"monitoring,omitempty"`
}

type savedTarget struct {
	savedCommon
	Address      *netip.Addr `json:"address,omitempty"`
	Interface    string      `json:"interface,omitempty"`
	LoadBalancer string      `json:"load_balancer,omitempty"`
	MTU          int         `json:"mtu,omitempty"`
	savedLimit
}

type savedFilter struct {
	savedCommon
	Services []string `json:"services,omitempty"`
}

type savedRule struct {
	Filter      string            `json:"filter"`
	ID          string            `json:"id"`
	Egress      bool              `json:"egress,omitempty"`
	Number      int               `json:"number"`
	Accept      bool              `json:"accept,omitempty"`
	Protocol    *int              `json:"protocol,omitempty"`
	SrcPorts    *[2]uint16        `json:"source_ports,omitempty"`
	DstPorts    *[2]uint16        `json:"destination_ports,omitempty"`
	Source      string            `json:"source,omitempty"`
	Destination string            `json:"destination,omitempty"`
	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
}

type savedSession struct {
	savedCommon
	Source       string `json:"source"`
	Target       string `json:"target"`
	Filter       string `json:"filter"`
	Number       int    `json:"number"`
	VNI          int    `json:"vni"`
	PacketLength int    `json:"packet_length,omitempty"`
	SampleOneIn  int    `json:"sample_one_in,omitempty"`
	savedLimit
	Inactive string `json:"inactive,omitempty"`
}

// savedLimit is absent from what was saved before there were limits: none.
type savedLimit struct {
	PPS int `json:"rate_limit_pps,omitempty"`
	BPS int `json:"rate_limit_bps,omitempty"`
}

type savedBalancer struct {
	savedCommon
	CrossZone bool            `json:"cross_zone,omitempty"`
	Listeners []savedListener `json:"listeners,omitempty"`
	Health    *savedHealth    `json:"health,omitempty"`
	Members   []savedMember   `json:"members,omitempty"`
}

func saveCommon(sequence uint64, c *ctl.Common) savedCommon {
	return savedCommon{sequence, c.ID, c.Name, c.Account, c.Description, c.Tags}
}

func (s *savedCommon) common() ctl.Common {
	return ctl.Common{ID: s.ID, Name: s.Name, Account: s.Account, Description: s.Description, Tags: s.Tags}
}

// encodeRecord writes a record (one of those of Event) as it is saved.
func encodeRecord(sequence uint64, record any) []byte {
	data, err := json.Marshal(savedForm(sequence, record))
	if err != nil {
		panic(fmt.Sprintf("a record cannot be written as JSON (%v)", err)) // strings and numbers always can
	}
	return data
}

func savedForm(sequence uint64, record any) any {
	switch r := record.(type) {
	case *ctl.Interface:
		s := savedInterface{saveCommon(sequence, &r.Common), r.Port, "", max(r.VLAN, 0), r.Addresses, r.MTU, r.Zone, r.Instance,
			r.Image, r.InstanceType, r.AutoscalingGroup, r.Monitoring}
		if r.HasMAC {
			s.MAC = config.FormatMAC(r.MAC)
		}
		return &s
	case *ctl.Target:
		s := savedTarget{saveCommon(sequence, &r.Common), nil, r.Interface, r.LoadBalancer, r.MTU, savedLimit(r.Limit)}
		if r.Address.IsValid() {
			s.Address = &r.Address
		}
		return &s
	case *ctl.Filter:
		return &savedFilter{saveCommon(sequence, &r.Common), r.Services}
	case *RuleRecord:
		return saveRule(r)
	case *ctl.Session:
		return &savedSession{saveCommon(sequence, &r.Common), r.Source, r.Target, r.Filter, r.Number, r.VNI, r.PacketLength,
			r.SampleOneIn, savedLimit(r.Limit), r.Inactive}
	case *ctl.LoadBalancer:
		return saveBalancer(sequence, r)
	case *ctl.Share:
		return saveShare(sequence, r)
	}
	panic(fmt.Sprintf("a %T is no record", record))
}

func saveRule(record *RuleRecord) *savedRule {
	r := record.Rule
	s := &savedRule{Filter: record.FilterID, ID: r.ID, Egress: r.Direction == rules.Egress, Number: r.Number, Accept: r.Action == rules.Accept,
		SrcPorts: savePorts(r.SrcPorts), DstPorts: savePorts(r.DstPorts), Description: r.Description, Tags: r.Tags}
	if r.Protocol != rules.ProtocolAny {
		s.Protocol = &r.Protocol
	}
	if r.Source.IsValid() {
		s.Source = r.Source.String()
	}
	if r.Destination.IsValid() {
		s.Destination = r.Destination.String()
	}
	return s
}

func savePorts(p *rules.PortRange) *[2]uint16 {
	if p == nil {
		return nil
	}
	return &[2]uint16{p.First, p.Last}
}

// decodeRecord reads what encodeRecord wrote.
func decodeRecord(kind Kind, data []byte) (sequence uint64, record any, err error) {
	switch kind {
	case KindInterface:
		var s savedInterface
		err = json.Unmarshal(data, &s)
		r := &ctl.Interface{Common: s.common(), Port: s.Port, VLAN: s.VLAN, Addresses: s.Addresses, MTU: s.MTU, Zone: s.Zone, Instance: s.Instance,
			Image: s.Image, InstanceType: s.InstanceType, AutoscalingGroup: s.AutoscalingGroup, Monitoring: s.Monitoring}
		if err == nil && s.MAC != "" {
			r.HasMAC = true
			r.MAC, err = config.ParseMAC(s.MAC)
		}
		return s.Sequence, r, err
	case KindTarget:
		var s savedTarget
		err = json.Unmarshal(data, &s)
		r := &ctl.Target{Common: s.common(), Interface: s.Interface, LoadBalancer: s.LoadBalancer, MTU: s.MTU, Limit: rules.Limit(s.savedLimit)}
		if s.Address != nil {
			r.Address = *s.Address
		}
		return s.Sequence, r, err
	case KindFilter:
		var s savedFilter
		err = json.Unmarshal(data, &s)
		return s.Sequence, &ctl.Filter{Common: s.common(), Services: s.Services}, err
	case KindRule:
		record, err = decodeRule(data)
		return 0, record, err
	case KindSession:
		var s savedSession
		err = json.Unmarshal(data, &s)
		return s.Sequence, &ctl.Session{Common: s.common(), Source: s.Source, Target: s.Target, Filter: s.Filter,
			Number: s.Number, VNI: s.VNI, PacketLength: s.PacketLength,
			SampleOneIn: s.SampleOneIn, Limit: rules.Limit(s.savedLimit), Inactive: s.Inactive}, err
	case KindLoadBalancer:
		var s savedBalancer
		err = json.Unmarshal(data, &s)
		return s.Sequence, s.balancer(), err
	case KindShare:
		var s savedShare
		err = json.Unmarshal(data, &s)
		return s.Sequence, s.share(), err
	}
	return 0, nil, fmt.Errorf("%q is no kind of record", kind)
}

func decodeRule(data []byte) (*RuleRecord, error) {
	var s savedRule
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, err
	}
	r := &ctl.Rule{Rule: rules.Rule{ID: s.ID, Number: s.Number, Protocol: rules.ProtocolAny, SrcPorts: loadPorts(s.SrcPorts), DstPorts: loadPorts(s.DstPorts),
		Description: s.Description}, Tags: s.Tags}
	if s.Egress {
		r.Direction = rules.Egress
	}
	if s.Accept {
		r.Action = rules.Accept
	}
	if s.Protocol != nil {
		r.Protocol = *s.Protocol
	}
	var err error
	if s.Source != "" {
		if r.Source, err = ctl.ParseCIDR(s.Source); err != nil {
			return nil, err
		}
	}
	if s.Destination != "" {
		if r.Destination, err = ctl.ParseCIDR(s.Destination); err != nil {
			return nil, err
		}
	}
	return &RuleRecord{s.Filter, r}, nil
}

func loadPorts(p *[2]uint16) *rules.PortRange {
	if p == nil {
		return nil
	}
	return &rules.PortRange{First: p[0], Last: p[1]}
}

// savedEvent is an event as it is saved.
type savedEvent struct {
	Revision uint64          `json:"revision"`
	Time     time.Time       `json:"time"`
	Action   string          `json:"action"`
	Kind     Kind            `json:"kind"`
	ID       string          `json:"id"`
	Name     string          `json:"name,omitempty"`
	Account  string          `json:"account"`
	By       *savedActor     `json:"by,omitempty"`
	Before   json.RawMessage `json:"before,omitempty"`
	After    json.RawMessage `json:"after,omitempty"`
}

// savedActor is absent from events that were saved before it was kept.
type savedActor struct {
	Type    string `json:"type"`
	Account string `json:"account,omitempty"`
	User    string `json:"user,omitempty"`
	UID     int    `json:"uid,omitempty"`
	Door    string `json:"door,omitempty"`
}

func encodeEvent(e *Event) ([]byte, error) {
	s := savedEvent{Revision: e.Revision, Time: e.Time, Action: e.Action, Kind: e.Kind, ID: e.ID, Name: e.Name, Account: e.Account}
	if e.By != (ctl.Actor{}) {
		by := savedActor(e.By)
		s.By = &by
	}
	if e.Before != nil {
		s.Before = encodeRecord(0, e.Before)
	}
	if e.After != nil {
		s.After = encodeRecord(0, e.After)
	}
	return json.Marshal(&s)
}

func decodeEvent(data []byte) (Event, error) {
	var s savedEvent
	if err := json.Unmarshal(data, &s); err != nil {
		return Event{}, err
	}
	e := Event{Revision: s.Revision, Time: s.Time, Action: s.Action, Kind: s.Kind, ID: s.ID, Name: s.Name, Account: s.Account}
	if s.By != nil {
		e.By = ctl.Actor(*s.By)
	}
	var err error
	if s.Before != nil {
		if _, e.Before, err = decodeRecord(s.Kind, s.Before); err != nil {
			return e, err
		}
	}
	if s.After != nil {
		if _, e.After, err = decodeRecord(s.Kind, s.After); err != nil {
			return e, err
		}
	}
	normalizeRecord(e.Before)
	normalizeRecord(e.After)
	return e, nil
}

func normalizeRecord(record any) {
	switch r := record.(type) {
	case *RuleRecord:
		r.Rule.Normalize()
	case interface{ Normalize() }:
		r.Normalize()
	}
}
