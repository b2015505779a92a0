package monitoring_test

import (
	"encoding/json"
	"os"
	"testing"
)

// dashboard is what of Grafana's model the tests look at.
type dashboard struct {
	Title         string  `json:"title"`
	UID           string  `json:"uid"`
	SchemaVersion int     `json:"schemaVersion"`
	Panels        []panel `json:"panels"`
	Annotations   struct {
		List []query `json:"list"`
	} `json:"annotations"`
	Templating struct {
		List []struct {
			Name string `json:"name"`
		} `json:"list"`
	} `json:"templating"`
}

type panel struct {
	ID          int     `json:"id"`
	Type        string  `json:"type"`
	Title       string  `json:"title"`
	Description string  `json:"description"`
	Targets     []query `json:"targets"`
	GridPos     struct {
		H, W, X, Y int
	} `json:"gridPos"`
}

type query struct {
	RefID      string `json:"refId"`
	Expr       string `json:"expr"`
	Datasource struct {
		UID string `json:"uid"`
	} `json:"datasource"`
}

func loadDashboard(t *testing.T) *dashboard {
	t.Helper()
	text, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	d := &dashboard{}
	if err := json.Unmarshal(text, d); err != nil {
		t.Fatal(err)
	}
	if d.Title == "" || d.UID == "" || d.SchemaVersion == 0 || len(d.Panels) == 0 || len(d.Templating.List) == 0 {
		t.Fatalf("this is no dashboard: %+v", d)
	}
	return d
}

func (d *dashboard) expressions() (all []string) {
	for _, a := range d.Annotations.List {
		all = append(all, a.Expr)
	}
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			all = append(all, q.Expr)
		}
	}
	return all
}

func TestDashboardIsOfDocumentedMetrics(t *testing.T) {
	known := documented(t)
	for _, e := range loadDashboard(t).expressions() {
		checkExpression(t, e, e, known)
	}
}

// TestPanels: each can be told apart, has its own place, says what it shows, and asks whatever
// Prometheus the person who imported it has chosen.
func TestPanels(t *testing.T) {
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range loadDashboard(t).Panels {
		if ids[p.ID] || p.ID == 0 {
			t.Errorf("%s: id %d is 0 or there twice", p.Title, p.ID)
		}
		ids[p.ID] = true
		if p.Title == "" || p.Type != "row" && (p.Description == "" || len(p.Targets) == 0) {
			t.Errorf("panel %d (%q) lacks a title, a description or targets", p.ID, p.Title)
		}
		if p.GridPos.X < 0 || p.GridPos.W < 1 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s: does not fit the 24 columns: %+v", p.Title, p.GridPos)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" {
					t.Fatalf("%s lies on %s", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
		refs := map[string]bool{}
		for _, q := range p.Targets {
			if refs[q.RefID] || q.Expr == "" || q.Datasource.UID != "${datasource}" {
				t.Errorf("%s: target %+v", p.Title, q)
			}
			refs[q.RefID] = true
		}
	}
}
