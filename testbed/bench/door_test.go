package main

import (
	"testing"
	"time"

	"mirrorgw/ctl"
	"mirrorgw/ctl/config"
)

// TestDoorFiles: the gateway of the doors takes as many sessions as are made, and does not throttle.
func TestDoorFiles(t *testing.T) {
	dir := t.TempDir()
	if err := prepareDoor(dir); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(dir + "/" + gatewayFile)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Quotas.SessionsPerAccount < doorSessions || cfg.AWS.Rates.PerSecond != 0 || !cfg.AWS.Listen.IsValid() || cfg.State.Path == "" {
		t.Errorf("%+v %+v %+v", cfg.Quotas, cfg.AWS, cfg.State)
	}
	document, err := ctl.ParseDocument("resources.toml", []byte(doorTOML(20)))
	if err != nil || len(document.Interfaces) != 20 || len(document.Filters) != 1 || len(document.Sessions) != 0 {
		t.Errorf("%+v %v", document, err)
	}
}

// TestDoorRows: rows have one figure for each life, and one bad life makes all of them worthless.
func TestDoorRows(t *testing.T) {
	rows := newDoorRows()
	at := time.Now()
	figures := func(seconds int) doorFigures {
		var a answers
		for i := range 11 {
			a.add(at, at.Add(time.Duration(i*seconds)*time.Second))
		}
		return doorFigures{created: a, pages: []float64{1, 2, 3}}
	}
	rows.note("socket", figures(1), "")
	rows.note("aws", figures(2), "")
	rows.note("aws", figures(2), "")
	rows.note("socket", figures(1), "")
	list := rows.list()
	if r := list[0]; r.Value != 0.5 || r.PeerValue != 1 || r.Runs != 2 || r.Ratio != 0.5 || r.Invalid != "" {
		t.Errorf("%+v", r)
	}
	if r := list[2]; r.Value != 20000 || r.PeerValue != 10000 {
		t.Errorf("%+v", r)
	}
	rows.note("aws", figures(2), "laws are not 0")
	for _, r := range rows.all() {
		if r.Invalid != "aws: laws are not 0" {
			t.Errorf("%+v", r)
		}
	}
}
