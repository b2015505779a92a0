package testbed

import (
	"encoding/json"
	"strings"
	"testing"
)

// shown are panels of the dashboard that have something to show of a gateway at full work, by title.
var shown = []string{
	"Forwarding", "Laws", "Received", "Sent", "Links", "Matched and mirrored", "Heartbeats", "Mempools in use",
	"Busy share", "Cycles a packet", "Cycles a packet, by stage", "Time between two polls", "Packets a poll", "Full bursts", "Housekeeping",
	"Congestion", "Given up for production",
}

// dashboardPanel is what of a panel is asked of Prometheus.
type dashboardPanel struct {
	Title   string
	Targets []struct{ Expr string }
}

func dashboardPanels(t *testing.T) []dashboardPanel {
	t.Helper()
	var dashboard struct{ Panels []dashboardPanel }
	if err := json.Unmarshal([]byte(readText(t, "../monitoring", "dashboard.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	return dashboard.Panels
}

// checkDashboard has Prometheus evaluate every expression: series that do not fit together are an
// error only where there are some.
func (p *prometheus) checkDashboard() {
	p.t.Helper()
	variables := strings.NewReplacer("$__rate_interval", "10s", "[1m]", "[10s]", "[1h]", "[10s]", "$instance", ".*")
	seen := map[string]bool{}
	for _, panel := range dashboardPanels(p.t) {
		for _, target := range panel.Targets {
			values, err := p.query(variables.Replace(target.Expr))
			if err != nil {
				p.t.Errorf("panel %s: %s: %v", panel.Title, target.Expr, err)
			}
			seen[panel.Title] = seen[panel.Title] || len(values) > 0
		}
	}
	for _, title := range shown {
		if there, known := seen[title]; !known || !there {
			p.t.Errorf("panel %s shows nothing (it is there: %v)", title, known)
		}
	}
}
