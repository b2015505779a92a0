package live

import "slices"

// isFault tells what is wrong now, and hurts production or keeps changes from being made; not what was
// lost a while ago.
func (p *problem) isFault() bool {
	return p.severity == critical && p.alert != "MirrorgwProductionDropped" && p.alert != "MirrorgwDriverLoss"
}

// healthWord sums up what is wrong.
func healthWord(problems []problem) string {
	if slices.ContainsFunc(problems, func(p problem) bool { return p.isFault() }) {
		return "failing"
	}
	return "working"
}

// health writes whether the gateway works as it should, and if not, why. Ports are named to those only who
// see the gateway.
func (h *Hub) health(g *group, p *picture, out *Sample) {
	problems := append(h.gatewayProblems(p), lcoreProblems(p)...)
	if g.scope.Gateway {
		problems = append(problems, h.portProblems(p)...)
	}
	problems = slices.DeleteFunc(problems, func(p problem) bool { return !p.isFault() })
	out.put("gateway.health", healthWord(problems))
	out.list("faults", problemRows(problems))
}
