package testbed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"

	"mirrorgw/ctl/api"
	"mirrorgw/ctl/client"
)

const (
	killSources = 3 // of each client
	killNames   = 3 // filters, and sessions of each source
)

// killClient changes resources of its own, one change after the other, and knows what they must be:
// acknowledged, or with the one change whose answer has not come as well.
type killClient struct {
	number       int
	random       *rand.Rand
	acknowledged facts
	asked        facts    // nil: no change is under way
	revisions    []uint64 // of the acknowledged changes
}

// change is one request and what it makes of the facts.
type change struct {
	request func(context.Context, *client.Client) (revision uint64, err error)
	after   facts
}

// acknowledged is the revision of a change.
func acknowledged[T any](answer *api.Changed[T], err error) (uint64, error) {
	if err != nil {
		return 0, err
	}
	return answer.Revision, nil
}

func (k *killClient) prefix() string          { return fmt.Sprintf("c%d-", k.number) }
func (k *killClient) source(i int) string     { return fmt.Sprintf("c%d-i%d", k.number, i) }
func (k *killClient) filter(i int) string     { return fmt.Sprintf("c%d-f%d", k.number, i) }
func (k *killClient) session(s, i int) string { return fmt.Sprintf("c%d-s%d%d", k.number, s, i) }

// sourceMAC is that of an interface of a client.
func sourceMAC(number, i int) string { return fmt.Sprintf("02:00:00:00:c%x:%02x", number, i) }

// run makes changes until the daemon is gone. Any other error is the test's to judge.
func (k *killClient) run(ctx context.Context, socket string) error {
	c := client.New(socket)
	defer c.Close()
	for {
		next := k.draw()
		k.asked = next.after
		revision, err := next.request(ctx, c)
		var refused *api.Error
		switch {
		case errors.As(err, &refused):
			return fmt.Errorf("client %d: %w", k.number, err)
		case err != nil: // no answer: the daemon has been killed
			return nil
		}
		k.acknowledged, k.asked = k.asked, nil
		k.revisions = append(k.revisions, revision)
	}
}

// settle takes what is there after a restart for what was acknowledged, if it is one of the two
// things that it may be.
func (k *killClient) settle(present facts) error {
	own := present.of(k.prefix())
	asked := k.asked
	k.asked = nil
	if maps.Equal(own, k.acknowledged) || asked != nil && maps.Equal(own, asked) {
		k.acknowledged = own
		return nil
	}
	text := fmt.Sprintf("client %d: the resources are not those that were acknowledged:\n%s", k.number, own.difference(k.acknowledged))
	if asked != nil {
		text += "\nnor those with the change that was under way:\n" + own.difference(asked)
	}
	k.acknowledged = own
	return errors.New(text)
}

// draw draws a change that the daemon must accept.
func (k *killClient) draw() change {
	source := k.random.IntN(killSources)
	if _, there := k.acknowledged["interface "+k.source(source)]; !there {
		return k.createInterface(source)
	}
	filter := k.random.IntN(killNames)
	if _, there := k.acknowledged["filter "+k.filter(filter)]; !there {
		return k.createFilter(filter)
	}
	i := k.random.IntN(killNames)
	_, there := k.acknowledged["session "+k.session(source, i)]
	switch draw := k.random.IntN(20); {
	case draw == 0:
		return k.deleteInterface(source)
	case draw == 1:
		return k.replaceAll(source)
	case draw < 6 && !k.inUse(k.filter(filter)):
		return k.deleteFilter(filter)
	case draw < 9:
		return k.modifyFilter(filter)
	case !there:
		return k.createSession(source, i, filter)
	case draw < 14:
		return k.deleteSession(source, i)
	}
	return k.modifySession(source, i, filter)
}

// with returns the acknowledged facts with one more, or another one.
func (k *killClient) with(key, text string) facts {
	after := maps.Clone(k.acknowledged)
	after.add(key, text)
	return after
}

// without returns the acknowledged facts without those that are not kept.
func (k *killClient) without(gone func(key, text string) bool) facts {
	after := maps.Clone(k.acknowledged)
	maps.DeleteFunc(after, gone)
	return after
}

func (k *killClient) inUse(filter string) bool {
	for key, text := range k.acknowledged {
		if strings.HasPrefix(key, "session ") && strings.Contains(text, " by "+filter+",") {
			return true
		}
	}
	return false
}

func (k *killClient) newInterface(i int) api.NetworkInterface {
	return api.NetworkInterface{Common: api.Common{Name: k.source(i)}, Port: "wire0", MACAddress: sourceMAC(k.number, i), MTU: 1400}
}

func (k *killClient) createInterface(i int) change {
	body := k.newInterface(i)
	return change{func(ctx context.Context, c *client.Client) (uint64, error) {
		return acknowledged(c.Interfaces().Create(ctx, body))
	}, k.with(interfaceFact(&body))}
}

// deleteInterface takes the sessions of the interface along.
func (k *killClient) deleteInterface(i int) change {
	name := k.source(i)
	return change{func(ctx context.Context, c *client.Client) (uint64, error) {
		return acknowledged(c.Interfaces().Delete(ctx, name))
	},
		k.without(func(key, text string) bool {
			return key == "interface "+name || strings.HasPrefix(key, "session ") && strings.HasPrefix(text, name+" >")
		})}
}

// newFilter has several rules, which are there together or not at all.
func (k *killClient) newFilter(i int) api.TrafficMirrorFilter {
	f := api.TrafficMirrorFilter{Common: api.Common{Name: k.filter(i), Description: fmt.Sprint("version ", k.random.IntN(1000))}}
	for n := range 1 + k.random.IntN(4) {
		r := api.TrafficMirrorFilterRule{TrafficDirection: "egress", RuleNumber: 10 * (n + 1), RuleAction: []string{"accept", "accept", "reject"}[k.random.IntN(3)],
			Protocol: api.ProtocolNumber([]int{6, 17}[k.random.IntN(2)])}
		if first := k.random.IntN(3); first > 0 {
			r.DestinationPortRange = &api.PortRange{FromPort: 80 * first, ToPort: 80*first + 100}
		}
		f.EgressFilterRules = append(f.EgressFilterRules, r)
	}
	return f
}

func (k *killClient) createFilter(i int) change {
	body := k.newFilter(i)
	return change{func(ctx context.Context, c *client.Client) (uint64, error) {
		return acknowledged(c.Filters().Create(ctx, body))
	}, k.with(filterFact(&body))}
}

func (k *killClient) modifyFilter(i int) change {
	body := k.newFilter(i)
	patch := map[string]any{"description": body.Description, "egressFilterRules": body.EgressFilterRules}
	return change{func(ctx context.Context, c *client.Client) (uint64, error) {
		return acknowledged(c.Filters().Modify(ctx, body.Name, patch))
	}, k.with(filterFact(&body))}
}

func (k *killClient) deleteFilter(i int) change {
	name := k.filter(i)
	return change{func(ctx context.Context, c *client.Client) (uint64, error) {
		return acknowledged(c.Filters().Delete(ctx, name))
	},
		k.without(func(key, _ string) bool { return key == "filter "+name })}
}

func (k *killClient) newSession(source, i, filter int) api.TrafficMirrorSession {
	vni := 1 + 100*k.number + 10*source + i
	return api.TrafficMirrorSession{Common: api.Common{Name: k.session(source, i)}, NetworkInterfaceID: k.source(source),
		TrafficMirrorTargetID: "monitor", TrafficMirrorFilterID: k.filter(filter), SessionNumber: 1 + i + killNames*k.random.IntN(50),
		VirtualNetworkID: vni, PacketLength: []int{0, 80, 200}[k.random.IntN(3)]}
}

func (k *killClient) createSession(source, i, filter int) change {
	body := k.newSession(source, i, filter)
	return change{func(ctx context.Context, c *client.Client) (uint64, error) {
		return acknowledged(c.Sessions().Create(ctx, body))
	}, k.with(sessionFact(&body))}
}

func (k *killClient) modifySession(source, i, filter int) change {
	body := k.newSession(source, i, filter)
	patch := map[string]any{"trafficMirrorFilterId": body.TrafficMirrorFilterID, "sessionNumber": body.SessionNumber, "packetLength": nil}
	if body.PacketLength > 0 {
		patch["packetLength"] = body.PacketLength
	}
	return change{func(ctx context.Context, c *client.Client) (uint64, error) {
		return acknowledged(c.Sessions().Modify(ctx, body.Name, patch))
	}, k.with(sessionFact(&body))}
}

func (k *killClient) deleteSession(source, i int) change {
	name := k.session(source, i)
	return change{func(ctx context.Context, c *client.Client) (uint64, error) {
		return acknowledged(c.Sessions().Delete(ctx, name))
	},
		k.without(func(key, _ string) bool { return key == "session "+name })}
}

// replaceAll makes the filters anew and gives an interface all the sessions that it can have, by a
// document: one change of several resources.
func (k *killClient) replaceAll(source int) change {
	after := maps.Clone(k.acknowledged)
	doc := api.Document{Interfaces: []api.NetworkInterface{k.newInterface(source)}}
	numbers := k.random.Perm(killNames)
	for i := range killNames {
		doc.Filters = append(doc.Filters, k.newFilter(i))
		s := k.newSession(source, i, numbers[i])
		doc.Sessions = append(doc.Sessions, s)
		after.add(filterFact(&doc.Filters[i]))
		after.add(sessionFact(&doc.Sessions[i]))
	}
	after.add(interfaceFact(&doc.Interfaces[0]))
	return change{func(ctx context.Context, c *client.Client) (uint64, error) { return apply(ctx, c, doc) }, after}
}
