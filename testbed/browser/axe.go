package browser

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// axeVersion of axe-core, in the npm registry; scripts/console-test-deps.sh fetches it.
const (
	axeVersion = "4.14.1"
	axeDigest  = "5j5ln5gG165b1AiZBDsIcaUGLFRCsBs/Gj7fXq9Qv1w6cQSnJGMpO0rRt3xmGg1OQOhQ3sid6dbs5wqME6mvFw=="
)

// axeScript reads axe-core from a directory, and makes sure that it is the one that is meant.
func axeScript(t testing.TB, directory string) string {
	t.Helper()
	path := filepath.Join(directory, "axe.min.js")
	script, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("axe-core is missing (%v): make test-console fetches it", err)
	}
	sum := sha512.Sum512(script)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != axeDigest {
		t.Fatalf("%s is not that of axe-core %s: its SHA-512 is %s", path, axeVersion, got)
	}
	return string(script)
}

// Axe runs axe-core, of a directory, over the page and tells what is serious or critical. It runs beside the
// page's own script, in a world of its own, so that the page's content-security policy stays in force.
func (p *Page) Axe(directory string) (faults []string) {
	p.person.t.Helper()
	script := axeScript(p.person.t, directory)
	p.mu.Lock()
	frame := p.frame
	p.mu.Unlock()
	var world struct {
		ID int `json:"executionContextId"`
	}
	p.must("Page.createIsolatedWorld", arguments{"frameId": frame, "worldName": "axe"}, &world)
	var told struct {
		Result struct {
			Value string `json:"value"`
		} `json:"result"`
		ExceptionDetails *exception `json:"exceptionDetails"`
	}
	run := script + `;axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify({rules: r.passes.length + r.violations.length, violations: r.violations.map(
		v => ({id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map(n => n.html.slice(0, 160) + ' ' + (n.failureSummary || '').replace(/\s+/g, ' '))}))}))`
	p.must("Runtime.evaluate", arguments{"expression": run, "contextId": world.ID, "awaitPromise": true, "returnByValue": true}, &told)
	if told.ExceptionDetails != nil {
		p.person.t.Fatalf("axe-core: %s", told.ExceptionDetails)
	}
	var result struct {
		Rules      int
		Violations []struct {
			ID, Impact, Help string
			Nodes            []string
		}
	}
	if err := json.Unmarshal([]byte(told.Result.Value), &result); err != nil || result.Rules == 0 {
		p.person.t.Fatalf("axe-core has judged nothing: %v, %.200s", err, told.Result.Value)
	}
	for _, v := range result.Violations {
		if v.Impact == "serious" || v.Impact == "critical" {
			faults = append(faults, fmt.Sprintf("axe-core: %s (%s, %s), %d times: %s", v.Help, v.ID, v.Impact, len(v.Nodes), strings.Join(v.Nodes[:min(3, len(v.Nodes))], " | ")))
		}
	}
	return faults
}
