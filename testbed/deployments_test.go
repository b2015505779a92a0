package testbed

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mirrorgw/testbed/daemon"
)

var (
	exampleNamed = regexp.MustCompile("(?m)^`([a-z-]+\\.toml)`\\. ")
	tomlBlock    = regexp.MustCompile("(?ms)^```toml\n(.*?)^```$")
)

// TestDeployments: each chapter of docs/deployments.md names an example configuration and shows resources; --check-config takes
// them together.
func TestDeployments(t *testing.T) {
	page, err := os.ReadFile("../docs/deployments.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, chapter := range strings.Split(string(page), "\n## ")[1:] {
		title, _, _ := strings.Cut(chapter, "\n")
		t.Run(title, func(t *testing.T) {
			example, resources := exampleNamed.FindStringSubmatch(chapter), tomlBlock.FindStringSubmatch(chapter)
			if example == nil || resources == nil {
				t.Fatalf("names the example %v and shows the resources %v", example, resources)
			}
			config, err := os.ReadFile("../packaging/examples/" + example[1])
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			gateway, document := filepath.Join(dir, "gateway.toml"), filepath.Join(dir, "resources.toml")
			writeFile(t, gateway, onThisMachine(t, string(config)))
			writeFile(t, document, resources[1])
			said, err := exec.Command(daemon.Build(t), "--config", gateway, "--apply", document, "--check-config").CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, said)
			}
			seen++
		})
	}
	if seen != 4 {
		t.Errorf("%d deployments, want 4", seen)
	}
}
