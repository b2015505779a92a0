package live

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/server"
	"mirrorgw/ctl/store"
)

// Severities, the worst first; the words are those of the alerts in monitoring/.
const (
	critical = "critical"
	warning  = "warning"
)

// problem is what somebody should look at.
type problem struct {
	alert    string // of monitoring/mirrorgw.rules.yml, which would tell of it too; empty: none would
	severity string
	about    string // what it is about, which tells problems of one alert apart
	text     string // what is wrong, a sentence
	advice   string // what to do about it
	path     string // of the page about the resource; empty: it is of none
	since    time.Time
}

// maxProblems is how many problems one overview lists of each alert.
const maxProblems = 20

// problems lists what a group should look at first, the worst first.
func (h *Hub) problems(g *group, v *store.View, p *picture, m *server.Moment) (all []problem) {
	if g.scope.Gateway {
		all = append(all, h.gatewayProblems(p)...)
		all = append(all, h.portProblems(p)...)
		all = append(all, lossProblems(p)...)
		all = append(all, lcoreProblems(p)...)
		all = append(all, addressProblems(p)...)
	}
	all = append(all, targetProblems(g, v, m)...)
	all = append(all, balancerProblems(g, v, p)...)
	all = append(all, sessionProblems(g, v, p)...)
	slices.SortStableFunc(all, func(a, b problem) int { return cmp.Compare(a.severity, b.severity) }) // critical, warning
	return all
}

func problemRows(problems []problem) (rows []Row) {
	listed := map[string]int{}
	for _, p := range problems {
		if listed[p.alert]++; listed[p.alert] > maxProblems {
			continue
		}
		row := Row{"key": p.alert + " " + p.about, "severity": p.severity, "alert": p.alert, "text": p.text, "advice": p.advice}
		if p.path != "" {
			row["path"] = p.path
		}
		if !p.since.IsZero() {
			row["since"] = p.since.UnixMilli()
		}
		rows = append(rows, row)
	}
	return rows
}

func (h *Hub) gatewayProblems(p *picture) (all []problem) {
	if !p.status.Forwarding {
		all = append(all, problem{alert: "MirrorgwNotForwarding", severity: critical, text: "The gateway does not forward production.",
			advice: "See its log; a start that waits for its state is cut short by [state] forward_after."})
	}
	if h.Fault != nil {
		all = append(all, problem{alert: "MirrorgwStateNotInUse", severity: critical, text: "The state is not in use, so nothing is mirrored and changes are refused: " + h.Fault.Error() + ".",
			advice: "docs/troubleshooting.md says what to do."})
	}
	if h.Store.Took().Unsaved() {
		all = append(all, problem{alert: "MirrorgwStateNotWritable", severity: critical, text: "The last change could not be written to disk, and was refused.",
			advice: "Make room on the disk of [state] path; the log says what failed. The next change tries again."})
	}
	if p.status.Pending > 0 {
		all = append(all, problem{alert: "MirrorgwChangesPending", severity: critical, text: fmt.Sprintf("%d changes are not in force on every lcore.", p.status.Pending),
			advice: "An lcore does not report: see what keeps its CPU, or restart the gateway."})
	}
	for _, law := range []struct {
		name string
		n    int64
	}{{"production", p.laws.Production}, {"mirror", p.laws.Mirror}} {
		if law.n != 0 {
			all = append(all, problem{alert: "MirrorgwLawBroken", severity: critical, about: law.name, text: fmt.Sprintf("%d packets are unaccounted for (%s).", law.n, law.name),
				advice: "This is a defect of mirrorgw: please report it with the output of mirrorctl stats -o json."})
		}
	}
	return all
}

func (h *Hub) portProblems(p *picture) (all []problem) {
	for i, name := range h.portNames(p) {
		if i >= len(p.status.Ports) {
			break
		}
		switch linkWord(&p.status.Ports[i]) {
		case linkTakenDown:
			peer := p.ports[name].Peer
			all = append(all, problem{alert: "MirrorgwLinkTakenDown", severity: warning, about: name, since: p.status.Ports[i].Wire.TakenAt,
				text: fmt.Sprintf("The link of port %s is kept down, because that of its peer %s is down.", name, peer), advice: fmt.Sprintf("See the cable of %s: both links come back with it.", peer)})
		case linkDown:
			all = append(all, problem{alert: "MirrorgwPortDown", severity: critical, about: name, text: fmt.Sprintf("Port %s has no link.", name),
				advice: "See the cable, the module and the other side."})
		}
	}
	return all
}

func lossProblems(p *picture) (all []problem) {
	for _, l := range p.losses {
		frames := fmt.Sprintf("%d production frames were", l.frames)
		if l.frames == 1 {
			frames = "1 production frame was"
		}
		where := ""
		if l.port != "" {
			where = " that port " + l.port + " received"
		}
		one := problem{alert: "MirrorgwProductionDropped", severity: critical, about: l.port + " " + l.reason, since: l.last,
			text:   fmt.Sprintf("%s lost within the last hour%s: %s.", frames, where, l.reason),
			advice: "docs/counters.md says for each reason what to do."}
		if l.driver {
			one.alert, one.text = "MirrorgwDriverLoss", fmt.Sprintf("The driver of port %s lost frames within the last hour: %s %d.", l.port, l.reason, l.frames)
			one.advice = "imissed: the worker was too slow or away, give it its CPU alone or add queues; ierrors and oerrors: see the cable; rx_nombuf: see the mempools."
		}
		all = append(all, one)
	}
	return all
}

// What is worth a look about an lcore.
const (
	disturbed = 5 * time.Millisecond // between two polls, within the last minute
	nearLimit = 0.95                 // of its time, within the last minute
)

func lcoreProblems(p *picture) (all []problem) {
	for i := range p.status.Lcores {
		l := &p.status.Lcores[i]
		about, minute := fmt.Sprint(l.Lcore), l.RecentLoop(ctl.GapSeconds)
		name := fmt.Sprintf("lcore %d on CPU %d", l.Lcore, l.CPU)
		if p.still[l.Lcore] {
			all = append(all, problem{alert: "MirrorgwLcoreStalled", severity: critical, about: about, text: fmt.Sprintf("%s stands still: what its queues receive is lost.", capital(name)),
				advice: "See what keeps that CPU (top -H, /proc/interrupts), or restart the gateway."})
		}
		if gap := l.LongestGap(ctl.GapSeconds); gap > disturbed {
			all = append(all, problem{alert: "MirrorgwLcoreDisturbed", severity: warning, about: about, text: fmt.Sprintf("Something took CPU %d away from lcore %d for %v within the last minute.", l.CPU, l.Lcore, shortly(gap)),
				advice: "Isolate the CPU (isolcpus, nohz_full, IRQ affinity); on a virtual machine, pin its CPUs."})
		}
		if minute.BusyShare() > nearLimit {
			all = append(all, problem{alert: "MirrorgwLcoreBusy", severity: warning, about: about, text: fmt.Sprintf("%s was busy for %.0f %% of the last minute: it is near its limit.", capital(name), 100*minute.BusyShare()),
				advice: "Add lcores and queues, or mirror less."})
		}
		all = append(all, congestionProblem(l, about)...)
	}
	return all
}

// shortly leaves out what nobody reads.
func shortly(d time.Duration) time.Duration {
	if d >= 10*time.Millisecond {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}

func congestionProblem(l *ctl.LcoreStatus, about string) []problem {
	c := &l.Congestion
	if c.State == "" || c.State == ctl.Calm {
		return nil
	}
	one := problem{alert: "MirrorgwCongested", severity: warning, about: about, text: fmt.Sprintf("Lcore %d is congested (%s): production goes first, and copies are skipped.", l.Lcore, c.State),
		advice: "docs/congestion.md says what to do about each sign."}
	if c.State != "limited" {
		one.alert, one.text = "MirrorgwNotMatching", fmt.Sprintf("Lcore %d is congested (%s): it asks no session about some of its frames.", l.Lcore, c.State)
		one.advice = "More is received than it can forward and mirror: add lcores and queues, or mirror fewer sources."
	}
	return []problem{one}
}

func capital(s string) string { return string(s[0]-'a'+'A') + s[1:] }

func addressProblems(p *picture) (all []problem) {
	for i := range p.status.Underlay.Addresses {
		a := &p.status.Underlay.Addresses[i]
		if a.State != "valid" {
			all = append(all, problem{alert: "MirrorgwAddressNotValid", severity: warning, about: a.Prefix.String(), text: fmt.Sprintf("Address %s on port %s is not in use: it is %s.", a.Prefix.Addr(), a.Port, a.State),
				advice: "If another host has it, take it away from one of the two."})
		}
		if !a.Disputed.IsZero() && p.at.Sub(a.Disputed) < lossTime {
			all = append(all, problem{alert: "MirrorgwAddressDisputed", severity: warning, about: a.Prefix.String(), since: a.Disputed,
				text: fmt.Sprintf("Another host claimed address %s of port %s within the last hour: copies and answers may go astray.", a.Prefix.Addr(), a.Port), advice: "Give one of the two another address."})
		}
	}
	return all
}
