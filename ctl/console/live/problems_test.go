package live

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/history"
	"mirrorgw/ctl/report"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
)

// problemsAfter is what an overview lists after a second in which something changes.
func problemsAfter(t *testing.T, scope *Scope, change func(*Options), happen func(*world)) (list []problem) {
	t.Helper()
	w := newWorld(t, change)
	m := newMeter(&w.hub.Options)
	m.look(w.wantedByOverview())
	w.count(1000, 1000, time.Second)
	happen(w)
	p := m.look(w.wantedByOverview())
	g := &group{scope: scope, topic: Overview}
	w.store.Read(func(v *store.View) { list = w.hub.problems(g, v, p, server.MomentOf(p.status)) })
	return list
}

func (w *world) wantedByOverview() (kinds report.Kinds) {
	w.store.Read(func(v *store.View) { kinds = wantedFor(v, Overview) })
	return kinds
}

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		alert, text string
		severity    string
		happen      func(*world)
	}{
		{"MirrorgwNotForwarding", "does not forward", critical, func(w *world) { w.status.Forwarding = false }},
		{"MirrorgwChangesPending", "2 changes", critical, func(w *world) { w.status.Pending = 2 }},
		{"MirrorgwLawBroken", "-3 packets are unaccounted for (mirror)", critical, func(w *world) { w.laws.Mirror = -3 }},
		{"MirrorgwPortDown", "Port wire1 has no link", critical, func(w *world) { w.status.Ports[1].LinkUp = false }},
		{"MirrorgwLinkTakenDown", "wire1 is kept down, because that of its peer wire0", warning, func(w *world) { w.status.Ports[1].Wire = &ctl.WireLink{TakenDown: true} }},
		{"MirrorgwProductionDropped", "1 production frame was lost within the last hour that port wire0 received: tx_full", critical, func(w *world) { w.dropped["tx_full"]++ }},
		{"MirrorgwLcoreStalled", "Lcore 1 on CPU 1 stands still", critical, func(w *world) { w.status.Lcores[0].Heartbeat-- }},
		{"MirrorgwLcoreDisturbed", "took CPU 1 away from lcore 1 for 7ms", warning, func(w *world) { w.status.Lcores[0].Gaps = []time.Duration{7 * time.Millisecond, 0} }},
		{"MirrorgwLcoreBusy", "busy for 96 %", warning, func(w *world) { w.status.Lcores[0].Past = []ctl.Loop{{}, {Busy: 96, Idle: 4}} }},
		{"MirrorgwCongested", "Lcore 1 is congested (limited)", warning, func(w *world) { w.status.Lcores[0].Congestion.State = "limited" }},
		{"MirrorgwNotMatching", "Lcore 1 is congested (blind)", warning, func(w *world) { w.status.Lcores[0].Congestion.State = "blind" }},
		{"MirrorgwAddressNotValid", "duplicate", warning, func(w *world) { w.status.Underlay.Addresses = []ctl.AddressState{{Port: "tun0", State: "duplicate"}} }},
		{"MirrorgwAddressDisputed", "Another host claimed", warning, func(w *world) {
			w.status.Underlay.Addresses = []ctl.AddressState{{Port: "tun0", State: "valid", Disputed: noon}}
		}},
		{"MirrorgwTargetDown", "Copies to target ids do not leave (unresolved)", warning, func(w *world) {
			w.store.Read(func(v *store.View) {
				way, _ := v.TargetWay("tmt-00000000000000001")
				w.status.Underlay.Destinations = []ctl.DestinationState{{Address: way.Address, Port: "tun0"}}
			})
		}},
		{"MirrorgwCopiesSkippedByCongestion", "Session one skips copies: congestion", warning, func(w *world) { w.skipped["congestion"] = 1 }},
		{"MirrorgwMirrorPoolEmpty", "Session one skips copies: mempool", warning, func(w *world) { w.skipped["mempool"] = 1 }},
		{"MirrorgwCopiesSkipped", "Session one skips copies: unresolved", warning, func(w *world) { w.skipped["unresolved"] = 100 }},
	} {
		list := problemsAfter(t, Everything(), nil, c.happen)
		if len(list) == 0 || list[0].alert != c.alert || !strings.Contains(list[0].text, c.text) || list[0].severity != c.severity || list[0].advice == "" {
			t.Errorf("%s: %+v", c.alert, list)
		}
	}
	for name, happen := range map[string]func(*world){
		"nothing":        func(*world) {},
		"sampled copies": func(w *world) { w.skipped["sampled"], w.skipped["rate-limit"] = 500, 400 },
		"few skips":      func(w *world) { w.skipped["unresolved"] = 10 },
		"a short gap":    func(w *world) { w.status.Lcores[0].Gaps = []time.Duration{time.Millisecond} },
	} {
		if list := problemsAfter(t, Everything(), nil, happen); len(list) > 0 {
			t.Errorf("%s: %+v", name, list)
		}
	}
	if list := problemsAfter(t, theirScope(), nil, func(w *world) { w.status.Forwarding, w.skipped["congestion"] = false, 1 }); len(list) != 1 || list[0].path != "/sessions/"+sessionTwo {
		t.Errorf("who sees one account is told %+v", list)
	}
	if list := problemsAfter(t, Everything(), func(o *Options) { o.Fault = errors.New("bad page") }, func(*world) {}); len(list) != 1 || list[0].alert != "MirrorgwStateNotInUse" {
		t.Errorf("without a state: %+v", list)
	}
}

// TestEarlierLosses: what was lost before anybody watched is told too, from the history.
func TestEarlierLosses(t *testing.T) {
	past, err := history.Open(history.Options{Dir: t.TempDir(), Days: 15})
	if err != nil {
		t.Fatal(err)
	}
	defer past.Close()
	key := history.Key{Kind: history.Drops, Step: 1, Name: "tx_full"}
	for _, minute := range []time.Duration{-2 * time.Hour, -30 * time.Minute, -20 * time.Minute, -10 * time.Minute} {
		frames := int64(4)
		if minute == -10*time.Minute {
			frames = 0
		}
		if err := past.Add(history.Minute{Time: noon.Add(minute), Rows: []history.Row{{Key: key, Values: []int64{frames}}}}); err != nil {
			t.Fatal(err)
		}
	}
	list := problemsAfter(t, Everything(), func(o *Options) { o.History = past }, func(*world) {})
	if len(list) != 1 || !strings.Contains(list[0].text, "8 production frames were lost within the last hour: tx_full") || !list[0].since.Equal(noon.Add(-20*time.Minute)) {
		t.Errorf("%+v", list)
	}
}

// notHere are alerts that a page of the console cannot tell: of the machine around it, of long times, or
// of Prometheus itself.
var notHere = []string{"MirrorgwDown", "MirrorgwMempoolLow", "MirrorgwChangesSlow", "MirrorgwRestarted", "MirrorgwSeriesOmitted",
	"MirrorgwReloadFailed", "MirrorgwBypassed", "MirrorgwBypassFailing"}

// TestAlerts: what the overview calls a problem is an alert of monitoring/, as bad as there, and the other
// way round.
func TestAlerts(t *testing.T) {
	rules, err := os.ReadFile("../../../monitoring/mirrorgw.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	severities := map[string]string{}
	for _, m := range regexp.MustCompile(`(?s)- alert: (\w+)\n.*?severity: (\w+)`).FindAllStringSubmatch(string(rules), -1) {
		severities[m[1]] = m[2]
	}
	told := map[string]bool{}
	for _, name := range []string{"problems.go", "problems_copies.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`alert: "(Mirrorgw\w+)", severity: (\w+)|"(Mirrorgw\w+)"`).FindAllStringSubmatch(string(text), -1) {
			alert := m[1] + m[3]
			told[alert] = true
			if severities[alert] == "" || m[2] != "" && m[2] != severities[alert] {
				t.Errorf("%s: %s is %q here and %q in monitoring", name, alert, m[2], severities[alert])
			}
		}
	}
	for alert := range severities {
		if !told[alert] && !slices.Contains(notHere, alert) {
			t.Errorf("the overview does not tell of %s: add it to problems.go, or to notHere", alert)
		}
	}
}
